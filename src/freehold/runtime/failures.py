"""What can go wrong in a call, as a caller may see it. Nothing internal is ever put in one.

    Failure
    ├── Unauthenticated  401   no token, or not one of ours
    ├── Forbidden        403   yours to see, not yours to do
    ├── NotFound         404   absent, or on another tenant's ground: the answer is the same
    ├── Conflict         409   somebody was faster, or the state does not allow it
    ├── Precondition     412   If-Match names another version
    ├── Invalid          422   the input is wrong; `details` say where
    ├── BadRequest       400   the request itself cannot be read
    ├── MethodNotAllowed 405   the address exists, with other methods
    ├── TooLarge         413   more than the limit
    ├── UnsupportedMedia 415   not JSON
    ├── Limited          429   too many; `retry_after` says when
    ├── Overloaded       503   no room now; `retry_after` says when
    └── StorageFull      507   the disk is full; reading still works

`TenantScopeMissing` is not among them: it is a mistake in code, answered with a plain 500.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

Detail = Mapping[str, object]


class Failure(Exception):
    """A call that was refused, with a code for machines and a sentence for people."""

    status: int = 500
    default_code: ClassVar[str] = "INTERNAL"
    default_message: ClassVar[str] = "Something went wrong on our side."

    def __init__(
        self,
        code: str | None = None,
        message: str | None = None,
        *,
        details: Sequence[Detail] = (),
        retry_after: float | None = None,
        keeps: bool = False,
    ) -> None:
        """Say what was refused. `retry_after` is in seconds. With `keeps`, what the call wrote is kept all the same."""
        self.code = code or self.default_code
        self.message = message or self.default_message
        self.details = details
        self.retry_after = retry_after
        self.keeps = keeps
        self.is_race = False
        self.replayed = False
        super().__init__(f"{self.code}: {self.message}")


class BadRequest(Failure):
    """The request cannot be read."""

    status = 400
    default_code = "BAD_REQUEST"
    default_message = "The request could not be read."


class Unauthenticated(Failure):
    """No token, or not one that counts here. Which of the two is never said."""

    status = 401
    default_code = "UNAUTHENTICATED"
    default_message = "Sign in first: a valid bearer token is required."


class Forbidden(Failure):
    """The caller may know of it, and may not do it."""

    status = 403
    default_code = "FORBIDDEN"
    default_message = "Your role does not allow this."


class NotFound(Failure):
    """Absent on this tenant's ground. Whether it exists elsewhere is never said."""

    status = 404
    default_code = "NOT_FOUND"
    default_message = "There is no such thing here."
    id: str = ""
    """Which id was asked for, so that one sent in a body is answered as wrong input."""


class MethodNotAllowed(Failure):
    """The path exists, with other methods."""

    status = 405
    default_code = "METHOD_NOT_ALLOWED"
    default_message = "This address does not answer that method."


class Conflict(Failure):
    """Somebody was faster, a unique value is taken, or the state does not allow it."""

    status = 409
    default_code = "CONFLICT"
    default_message = "It changed in the meantime: read it again and retry."


class Precondition(Failure):
    """`If-Match` names a version that is not the present one."""

    status = 412
    default_code = "VERSION_MISMATCH"
    default_message = "If-Match names another version than the present one."


class TooLarge(Failure):
    """The body, or a header, is larger than the limit."""

    status = 413
    default_code = "TOO_LARGE"
    default_message = "The request is larger than the limit."


class UnsupportedMedia(Failure):
    """The body is of a type that is not read here."""

    status = 415
    default_code = "UNSUPPORTED_MEDIA_TYPE"
    default_message = "Send the body as application/json."


class Invalid(Failure):
    """The input is wrong. Each detail names the place (`loc`) and the matter (`msg`)."""

    status = 422
    default_code = "INVALID"
    default_message = "The input is not valid."


class Limited(Failure):
    """Too many calls in too short a time."""

    status = 429
    default_code = "RATE_LIMITED"
    default_message = "Too many calls: wait and retry."


class Overloaded(Failure):
    """There is no room for this call now. Nothing was done."""

    status = 503
    default_code = "OVERLOADED"
    default_message = "The service is busy: wait and retry."


class StorageFull(Failure):
    """The disk is full. Nothing was written; reading still works."""

    status = 507
    default_code = "STORAGE_FULL"
    default_message = "There is no room left to write."


class TenantScopeMissing(RuntimeError):
    """Something reached for data without a tenant, or with a scope whose call is over. Always a bug in code."""

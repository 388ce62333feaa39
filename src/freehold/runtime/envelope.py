"""The shape of an answer: `{"success", "data", "error", "meta"}`, whoever asks and whichever way they came in."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic_core import to_json

from freehold.runtime.failures import Failure


@dataclass(slots=True)
class Answer:
    """What a call gives: the value for Python callers, its JSON for all others."""

    status: int = 200
    data: bytes = b"null"
    value: object = None
    next: str | None = None
    """The sealed cursor to the next page of a list."""
    paged: bool = False
    version: int | None = None
    """The version of the entity in `data`, for the ETag."""
    replayed: bool = False
    emitted: bool = False
    """Whether something was put into the outbox, for somebody to deliver."""
    failure: Failure | None = None
    """Set when the call failed and yet keeps what it wrote."""

    def body(self, request_id: str) -> bytes:
        """The envelope of a success, as JSON."""
        cursor = b"".join((b',"next":', to_json(self.next))) if self.paged else b""
        meta = b"".join((b',"error":null,"meta":{"request_id":', to_json(request_id), cursor, b"}}"))
        return b"".join((b'{"success":true,"data":', self.data, meta))


def told(failure: Failure) -> dict[str, object]:
    """What a caller is told of a failure."""
    return {"code": failure.code, "message": failure.message, "details": list(failure.details)}


def problem(failure: Failure, request_id: str) -> bytes:
    """The envelope of a failure, as JSON. Nothing internal is in it."""
    return to_json({"success": False, "data": None, "error": told(failure), "meta": {"request_id": request_id}})

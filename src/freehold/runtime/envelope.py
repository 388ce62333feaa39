"""The shape of an answer: `{"success", "data", "error", "meta"}`, whoever asks and whichever way they came in."""

from __future__ import annotations

from collections.abc import Mapping
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
    failure: Failure | None = None
    """Set when the call failed and yet keeps what it wrote."""

    def body(self, request_id: str) -> bytes:
        """The envelope of a success, as JSON."""
        meta: dict[str, object] = {"request_id": request_id}
        if self.paged:
            meta["next"] = self.next
        return b"".join((b'{"success":true,"data":', self.data, b',"error":null,"meta":', to_json(meta), b"}"))


def problem(failure: Failure, request_id: str) -> bytes:
    """The envelope of a failure, as JSON. Nothing internal is in it."""
    error: Mapping[str, object] = {"code": failure.code, "message": failure.message, "details": list(failure.details)}
    body = {"success": False, "data": None, "error": error, "meta": {"request_id": request_id}}
    return to_json(body)

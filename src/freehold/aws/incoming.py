"""What comes in over a socket, read by http.client, within one time limit for all of it."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPResponse, IncompleteRead
from typing import cast

LARGEST = 16 << 20
"""Bytes of an answer. A page of DynamoDB has 1 MB, and a transaction 4, before JSON and base64 are added."""


class AnswerTooLarge(Exception):
    """More than `LARGEST`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of HTTP, whole. The names in `headers` are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    reusable: bool
    """Whether the connection can carry another request: it stays open, and nothing is left in it."""


class Incoming(io.RawIOBase):
    """The receiving side of a socket, for one answer."""

    def __init__(self, raw: socket.socket, until: float, monotonic: Callable[[], float]) -> None:
        """Read from `raw` until the clock says `until`, in seconds."""
        self._raw, self._until, self._monotonic = raw, until, monotonic
        self._over = False
        self.begun = False
        """Whether a byte has come."""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what io gives is a memoryview
        """Wait for bytes for as long as there is time. Raises `TimeoutError` after that."""
        if self._over:
            return 0
        left = self._until - self._monotonic()
        if left <= 0:
            raise TimeoutError
        self._raw.settimeout(left)
        count = self._raw.recv_into(buffer)
        self.begun = self.begun or count > 0
        return count

    def end(self) -> None:
        """Read nothing more from the socket."""
        self._over = True

    def read_answer(self) -> Answer:
        """Read one answer. Raises `OSError`, `HTTPException` or `AnswerTooLarge`; the connection is then of no use."""
        doors = _Doors(self)
        response = HTTPResponse(cast("socket.socket", doors), method="POST")  # it asks for `makefile` only
        try:
            response.begin()
            length = response.length
            if length is None and not response.chunked:
                # It would end where the connection does, and so would one that was cut short among its headers.
                raise IncompleteRead(b"")
            if length is not None and length > LARGEST:
                raise AnswerTooLarge
            body = response.read(LARGEST + 1)
            if len(body) > LARGEST:
                raise AnswerTooLarge
            if length is not None and len(body) != length:
                raise IncompleteRead(b"", length - len(body))
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, body, not response.will_close and doors.reader.is_done)
        finally:
            response.close()


class _Doors:
    """What http.client takes for a socket."""

    def __init__(self, incoming: Incoming) -> None:
        self.reader = _Reader(incoming)

    def makefile(self, _mode: str) -> _Reader:
        return self.reader


class _Reader(io.BufferedReader):
    """A buffer that looks, when http.client closes it at the end of an answer, whether something is left.

    What is left would be read as the answer to the next request, which may be another tenant's.
    """

    is_done = False

    def close(self) -> None:
        if not self.closed:
            cast("Incoming", self.raw).end()
            self.is_done = not self.peek()
        super().close()

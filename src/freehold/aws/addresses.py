"""The addresses of a host: asked for with a time limit, and the last ones known are used while nobody answers.

`getaddrinfo` takes no time limit, and waits for a dead name server for as long as it likes. In October 2025 the name of
a whole region's DynamoDB resolved to nothing for hours.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence

Address = tuple[socket.AddressFamily, tuple[str, int]]
"""What a socket is made for, and what it is connected to."""

Resolve = Callable[[str, int], Sequence[Address]]
"""The addresses of a host and port. Raises `OSError`, and may take its time."""

_PATIENCE = 1.0  # seconds to wait for new addresses while there are old ones


class Addresses:
    """The addresses of one host and port."""

    def __init__(self, host: str, port: int, resolve: Resolve) -> None:
        """Ask for nothing yet."""
        self._host, self._port, self._resolve = host, port, resolve
        self._lock = threading.Lock()
        self._question: _Question | None = None
        self._known: Sequence[Address] = ()

    def find(self, seconds: float) -> Sequence[Address]:
        """At least one address, within `seconds`. Raises `OSError` when none is known and none comes."""
        with self._lock:
            question = self._question
            if question is None:
                question = self._question = _Question()
                # A thread of its own, since nothing else stops waiting; a daemon, since it may never end.
                threading.Thread(target=self._ask, args=(question,), name="freehold-resolve", daemon=True).start()
        answered = question.answered.wait(self._patience(question, seconds))
        question.late = not answered
        if found := (question.found if answered else ()) or self._known:
            return found
        raise question.error or TimeoutError("the name server did not answer in time")

    def _patience(self, question: _Question, seconds: float) -> float:
        """How long to wait: while there are addresses, only the first waits for a name server that says nothing."""
        if not self._known:
            return seconds
        return 0.0 if question.late else min(seconds, _PATIENCE)

    def _ask(self, question: _Question) -> None:
        try:
            question.found = self._resolve(self._host, self._port)
            if question.found:
                self._known = question.found
            else:
                question.error = OSError("the name has no address")
        except (OSError, UnicodeError) as error:
            question.error = error if isinstance(error, OSError) else OSError("that is no name of a host")
        finally:
            with self._lock:
                self._question = None
            question.answered.set()


class _Question:
    """One lookup, which all who want to know wait for."""

    __slots__ = ("answered", "error", "found", "late")

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.found: Sequence[Address] = ()
        self.error: OSError | None = None
        self.late = False


def resolve(host: str, port: int) -> list[Address]:
    """Ask the system."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, (str(address[0]), port)) for family, _, _, _, address in found]

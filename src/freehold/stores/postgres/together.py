"""Calls of one tenant that commit at the same time do so in one transaction.

Each appends to the tenant's audit chain, so only one at a time could: the lock is held until the disk has it all. Those
who come meanwhile are committed together by the next of them, as if one after the other. When the server refuses
anything of that, nothing of it was done, and each of them tries by itself. They share one deadline, so there are no
more of them than will meet it, going by how long the last ones took. When the store did not answer one of them in time,
all who stand in line behind it are told the same: they have waited as long.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto

from freehold.runtime.failures import Overloaded
from freehold.runtime.ports import Changes
from freehold.stores.unavailable import lost

MOST_CALLS = 32
MOST_WRITES = 500

Commit = Callable[[Sequence[Changes]], None]


class _Turn(Enum):
    LEADS = auto()
    ALONE = auto()
    DONE = auto()


class _Waiting:
    """A call that waits for what becomes of it."""

    __slots__ = ("ended", "failure", "parts", "turn")

    def __init__(self, parts: Sequence[Changes]) -> None:
        self.parts, self.turn = parts, _Turn.LEADS
        self.failure: Overloaded | None = None
        self.ended = threading.Event()

    def end(self, turn: _Turn, failure: Overloaded | None = None) -> None:
        self.turn, self.failure = turn, failure
        self.ended.set()


class _Line:
    """Those of one tenant who wait while another one commits."""

    __slots__ = ("each", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[_Waiting] = deque()
        self.each = 0.0
        """The seconds that each of the last ones took."""


class Together:
    """A line for each tenant in whose name somebody commits at this moment."""

    def __init__(self, commit: Commit, deadline: float) -> None:
        """`commit` makes all it is given durable, or nothing, and gives up after `deadline` seconds.

        For several calls it is to take a quarter of that.
        """
        self._commit, self._deadline, self._seconds = commit, deadline, deadline / 4
        self._lines: dict[str, _Line] = {}
        self._lock = threading.Lock()

    def commit(self, tenant: str, parts: Sequence[Changes]) -> None:
        """Commit the parts of one call, perhaps with those of others. Raises what `Database.commit` raises."""
        waiting = None
        with self._lock:
            if (line := self._lines.get(tenant)) is None:
                line = self._lines[tenant] = _Line()
            else:
                waiting = _Waiting(parts)
                line.waiting.append(waiting)
        if waiting is not None:
            waiting.ended.wait()
            if waiting.failure is not None:
                failure = waiting.failure
                raise Overloaded(failure.code, failure.message, retry_after=failure.retry_after) from failure
            if waiting.turn is _Turn.DONE:
                return
            if waiting.turn is _Turn.ALONE:
                self._commit(parts)
                return
        others, began = self._others(line), time.monotonic()
        try:
            self._lead(line, parts, others, began + self._deadline)
        finally:
            line.each = (time.monotonic() - began) / (1 + len(others))
            self._hand_over(tenant)

    def _lead(self, line: _Line, parts: Sequence[Changes], others: Sequence[_Waiting], until: float) -> None:
        """Commit for oneself and for others."""
        try:
            self._commit([*parts, *(part for other in others for part in other.parts)])
        except Overloaded as failure:  # perhaps it was done, perhaps not
            late = self._rest(line) if time.monotonic() >= until else []
            _end([*others, *late], _Turn.DONE, failure)
            raise
        except Exception:  # what was wrong with one of them, that one will be told
            if not others:
                raise
            _end(others, _Turn.ALONE)
            self._commit(parts)
        except BaseException:
            _end(others, _Turn.DONE, lost())
            raise
        else:
            _end(others, _Turn.DONE)

    def _others(self, line: _Line) -> list[_Waiting]:
        """Who else is committed with the one whose turn it is."""
        taken: list[_Waiting] = []
        most, writes = min(MOST_CALLS, self._seconds // line.each - 1 if line.each else MOST_CALLS), 0
        with self._lock:
            while line.waiting and len(taken) < most and writes < MOST_WRITES:
                taken.append(line.waiting.popleft())
                writes += sum(len(part.writes) for part in taken[-1].parts)
        return taken

    def _rest(self, line: _Line) -> list[_Waiting]:
        """All who stand in line."""
        with self._lock:
            rest = list(line.waiting)
            line.waiting.clear()
        return rest

    def _hand_over(self, tenant: str) -> None:
        with self._lock:
            waiting = self._lines[tenant].waiting
            if waiting:
                waiting.popleft().end(_Turn.LEADS)
            else:
                del self._lines[tenant]


def _end(calls: Sequence[_Waiting], turn: _Turn, failure: Overloaded | None = None) -> None:
    for call in calls:
        call.end(turn, failure)

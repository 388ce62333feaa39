"""What must never be: anything of B's in what leaves a context of A, and any change on B's ground."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from freehold.model.names import PLATFORM
from freehold.testing.isolation.http import Reply, Request
from freehold.testing.isolation.inputs import DIGITS
from freehold.testing.isolation.report import Sort
from freehold.testing.isolation.witness import Rows, Witness
from freehold.testing.isolation.world import Side, World

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NUMBER = re.compile(r"(?<![0-9A-Za-z_.-])73\d{7}(?![0-9A-Za-z_-])")
SHOWN = 5
HEARD = ("freehold", "uvicorn", "asyncio")

Finding = tuple[Sort, str]


class Logs(logging.Handler):
    """Keeps what is logged, for as long as it is entered."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._before: list[tuple[logging.Logger, int, bool]] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, with everything that was attached to it."""
        extra = {key: value for key, value in record.__dict__.items() if isinstance(value, str)}
        self.lines.append(f"{self.format(record)} {extra}")

    def taken(self) -> str:
        """What was logged since this was last asked."""
        lines, self.lines = self.lines, []
        return "\n".join(lines)

    def __enter__(self) -> Self:
        """Begin to listen, down to the lowest level. Nobody else hears more than before."""
        for name in HEARD:
            logger = logging.getLogger(name)
            self._before.append((logger, logger.level, logger.propagate))
            logger.addHandler(self)
            logger.setLevel(logging.DEBUG)
            logger.propagate = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more."""
        for logger, level, propagate in self._before:
            logger.removeHandler(self)
            logger.setLevel(level)
            logger.propagate = propagate


class Oracle:
    """Knows B's canaries and B's state."""

    def __init__(self, world: World, witness: Witness, logs: Logs) -> None:
        """Look at B as it is now."""
        self._world, self._witness, self.logs = world, witness, logs
        self._marks = {side.name: re.compile(f"{side.fill.mark}\\d{{{DIGITS}}}") for side in (world.a, world.b)}
        self._ids: dict[str, frozenset[str]] = {}
        self._state: Rows = {}
        self.rebase()

    def rebase(self) -> None:
        """Take B's state, and whose ids are whose, as they are now: after something that B itself did."""
        self._witness.changed()
        a, b = self._world.a, self._world.b
        self._state = self._of(b)
        mine, theirs = self._named(self._witness.rows(a.tenant)), self._named(self._state)
        shared = self._world.shared
        self._ids = {"A": (mine - theirs - shared) | {a.tenant}, "B": (theirs - mine - shared) | {b.tenant}}
        self.logs.taken()

    def moved(self) -> Iterator[Finding]:
        """What has changed on B's ground."""
        if not self._witness.changed():
            return
        now = self._of(self._world.b)
        if now == self._state:
            return
        for key in sorted(self._state.keys() | now.keys()):
            before, after = self._state.get(key), now.get(key)
            if before != after:
                what = "removed" if after is None else "added" if before is None else "changed"
                yield Sort.STATE, f"{what} on B's ground: {key[0]} {key[1]}"
        self._state = now

    def seen(self, text: str, *, sent: str = "", of: str = "B") -> Iterator[Finding]:
        """What of a side is in a text, but for what the caller sent."""
        lowered = text.lower()
        found = set(self._marks[of].findall(lowered)) - set(self._marks[of].findall(sent.lower()))
        if of == "B":
            found |= set(_NUMBER.findall(text)) - set(_NUMBER.findall(sent))
        found |= self._ids[of].intersection(_ID.findall(lowered)).difference(_ID.findall(sent.lower()))
        for one in sorted(found)[:SHOWN]:
            yield Sort.DATA, f"{one} is {of}'s"

    def reply(self, request: Request, reply: Reply, told: str = "") -> Iterator[Finding]:
        """What is wrong with what left a context of A: in the reply, in the logs, and on B's ground.

        `told` is what the caller knows besides what is in the request.
        """
        sent = request.sent() + told
        yield from self.seen(reply.text(), sent=sent)
        if self.logs.lines:
            yield from ((sort, f"in the logs: {what}") for sort, what in self.seen(self.logs.taken(), sent=sent))
        yield from self.moved()

    def taken_over(self, of: str = "B") -> Iterator[Finding]:
        """What of B's lies on A's ground; with `of="A"`, what of A's lies on B's."""
        here = self._world.a if of == "B" else self._world.b
        rows = self._witness.rows(here.tenant)
        if next(self.seen(repr(rows), of=of), None) is None:
            return
        for (table, id), row in rows.items():
            for sort, what in self.seen(repr(row), of=of):
                yield sort, f"on {here.name}'s ground, in {table} {id}: {what}"

    def _of(self, side: Side) -> Rows:
        """A ground, and what the platform knows of it."""
        people = {actor.subject for label, actor in side.actors.items() if label != "both" and actor.is_person}
        own = {side.tenant, *people}
        return {**self._witness.rows(side.tenant), **self._witness.rows(PLATFORM, own)}

    def _named(self, rows: Rows) -> frozenset[str]:
        return frozenset(id for table, id in rows if table not in ("freehold_audit", "freehold_receipt"))

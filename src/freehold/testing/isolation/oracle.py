"""What must never be: anything of B's in what leaves a context of A, and any change on B's ground."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from freehold.model.names import ID_FORM
from freehold.testing.isolation.http import Reply, Request
from freehold.testing.isolation.inputs import DIGITS
from freehold.testing.isolation.report import Sort
from freehold.testing.isolation.witness import Change, Ground, Watched
from freehold.testing.isolation.world import Side, World

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

    def __init__(self, world: World, database: Watched, logs: Logs) -> None:
        """Look at both grounds as they are now."""
        self._world, self.logs = world, logs
        self._marks = {side.name: re.compile(f"{side.fill.mark}\\d{{{DIGITS}}}") for side in (world.a, world.b)}
        self._a, self._b = (Ground(database, world.model, side.tenant, _beside(side)) for side in (world.a, world.b))
        self._ids: dict[str, frozenset[str]] = {}
        self._untold: list[Change] = []
        self.rebase()

    def rebase(self) -> None:
        """Take B's state, and whose ids are whose, as they are now: after something that B itself did."""
        self._a.look()
        self._b.look()
        self._untold.clear()
        world, mine, theirs = self._world, self._a.ids, self._b.ids
        self._ids = {
            "A": frozenset({world.a.tenant, *mine} - theirs - world.shared),
            "B": frozenset({world.b.tenant, *theirs} - mine - world.shared),
        }
        self.logs.taken()

    def moved(self, *, whole: bool = False) -> Iterator[Finding]:
        """What has changed on B's ground, of all that was written to anywhere; with `whole`, of all there is."""
        changes = [*self._untold, *(self._b.sweep() if whole else self._b.look())]
        self._untold.clear()
        for change in changes:
            yield Sort.STATE, f"{change.what} on B's ground: {' '.join(change.key)}"

    def seen(self, text: str, *, sent: str = "", of: str = "B", marks_only: bool = False) -> Iterator[Finding]:
        """What of a side is in a text, but for what was sent. With `marks_only`, ids and numbers may be in it."""
        lowered = text.lower()
        found = set(self._marks[of].findall(lowered)) - set(self._marks[of].findall(sent.lower()))
        if of == "B" and not marks_only:
            found |= set(_NUMBER.findall(text)) - set(_NUMBER.findall(sent))
        if not marks_only:
            found |= self._ids[of] & (set(ID_FORM.findall(lowered)) - set(ID_FORM.findall(sent.lower())))
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

    def taken_over(self, of: str = "B", *, marks_only: bool = False) -> Iterator[Finding]:
        """What of B's lies on A's ground; with `of="A"`, what of A's lies on B's."""
        here, ground = ("A", self._a) if of == "B" else ("B", self._b)
        changes = ground.look()
        self._untold += changes if ground is self._b else []
        rows = list(ground.texts())
        if next(self.seen("\n".join(text for _, text in rows), of=of, marks_only=marks_only), None) is None:
            return
        for (table, id), text in rows:
            for sort, what in self.seen(text, of=of, marks_only=marks_only):
                yield sort, f"on {here}'s ground, in {table} {id}: {what}"


def _beside(side: Side) -> set[str]:
    """What the platform knows of a side: the organisation, and those of its people who are in no other."""
    people = {actor.subject for actor in side.actors.values() if actor.is_person and not actor.also}
    return {side.tenant, *people}

"""A ground made like another one that lies in another store, while that one is in use.

Round by round: what differs is found by the marks of both, brought over, read back and compared. A round sees a ground
that changes under it, so that a child may come before its parent, or a value before who had it has given it up: what
cannot be put in one round is put in the next. Once nobody writes any more, a round that finds nothing is the proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from freehold.accounts.records import Member
from freehold.lifecycle.content import written
from freehold.lifecycle.deployment import BATCH, Deployment, Portions, Progress, Tip
from freehold.lifecycle.lines import Lines
from freehold.lifecycle.people import Guests
from freehold.model.data import Entity
from freehold.model.finding import Finding, ModelError, Place
from freehold.runtime.failures import TooLarge
from freehold.runtime.ports import Changes, Dangling, Stale, Taken, Verb, Write
from freehold.runtime.scope import Scope
from freehold.stores.estate import Estate, Mark

T = TypeVar("T")
MARKS = 5000
"""Marks that are in memory at a time."""


@dataclass(frozen=True, slots=True)
class _Difference:
    """A row that is not the same on both sides."""

    id: str
    """By which it goes, or is to go, in the copy."""
    version: int
    """The one that the copy has; 0 when it has none."""
    origin: str
    """Its id where it comes from; empty when it is there no more."""


class Follower:
    """Brings a ground to another store, and follows what happens to it."""

    def __init__(self, source: Deployment, to: Deployment, scope: Scope, guests: Guests, progress: Progress) -> None:
        """Nothing is brought yet, and nothing lies at `to`. `guests` says who has another id there."""
        self._source, self._to, self._scope = source, to, scope
        self.guests, self._progress = guests, progress
        self._lines = written(to).values()
        self.tip = Tip()
        """Where the chain of the copy ends."""

    def round(self) -> int:
        """Bring over whatever differs. Returns how much that was. Raises `ModelError` (FH323)."""
        return sum(map(self._bring, self._lines)) + self._chain()

    def _bring(self, lines: Lines) -> int:
        count, differences, portions = 0, self._differences(lines.kind), Portions()
        while batch := list(islice(differences, portions.size)):
            portions.note(len(batch), self._reconcile(lines, batch))
            count += len(batch)
            self._progress(f"bringing {lines.kind.__name__}", count)
        return count

    def _differences(self, kind: type[Entity]) -> Iterator[_Difference]:
        """What differs, in the order of ids. What is put for it meanwhile has been passed already."""
        there, here = self._origins(kind), _marks(self._to.estate, self._scope, kind)
        one, other = next(there, None), next(here, None)
        while one is not None or other is not None:
            if one is None or (other is not None and other.id < one[0].id):
                if other is not None:
                    yield _Difference(other.id, other.version, "")
                other = next(here, None)
                continue
            mark, origin = one
            is_new = other is None or mark.id < other.id
            if is_new or mark != other:
                yield _Difference(mark.id, 0 if is_new or other is None else other.version, origin)
            one, other = next(there, None), other if is_new else next(here, None)

    def _origins(self, kind: type[Entity]) -> Iterator[tuple[Mark, str]]:
        """The marks of the source under their ids in the copy, in the order of those; each with its own id."""
        there = _marks(self._source.estate, self._scope, kind)
        if kind is not Member or not self.guests.are_others:
            return ((mark, mark.id) for mark in there)
        return iter(sorted((mark._replace(id=self.guests.id_of(mark.id)), mark.id) for mark in there))

    def _reconcile(self, lines: Lines, differences: Sequence[_Difference]) -> int:
        """Do away with some differences, as far as it goes. Returns how many bytes were brought."""
        kind = lines.kind
        bare = [kind.model_construct(id=row.id, version=row.version) for row in differences if not row.origin]
        _halving(self._commit, [Write(Verb.REMOVE, kind, one, one.version) for one in bare])
        found = self._read(lines, [row for row in differences if row.origin])
        _halving(lambda some: self._to.estate.put(self._scope, some), [one for row, one in found if not row.version])
        saves = [Write(Verb.SAVE, kind, one, row.version) for row, one in found if row.version]
        for save in _halving(self._commit, saves):  # somebody has its place who may want that of another
            _halving(self._commit, [Write(Verb.REMOVE, kind, save.entity, save.version)])
        return self._compare(lines, {str(one.id): one for _, one in found})

    def _read(self, lines: Lines, differences: Sequence[_Difference]) -> list[tuple[_Difference, Entity]]:
        """What lies where it comes from, as far as it is still there, with the ids that people have in the copy."""
        those = self._source.estate.those(self._scope, lines.kind, [row.origin for row in differences])
        found = {str(one.id): one for one in those}
        return [(row, self._named(lines, found[row.origin])) for row in differences if row.origin in found]

    def _named(self, lines: Lines, entity: Entity) -> Entity:
        """An entity with the ids that people have in the copy."""
        return lines.read(self.guests.renamed(lines.write(entity))) if self.guests.are_others else entity

    def _commit(self, writes: Sequence[Write]) -> None:
        self._to.database.commit([Changes(self._scope, list(writes), [])])

    def _compare(self, lines: Lines, sent: Mapping[str, Entity]) -> int:
        """Read back what was sent, and hold it against that. Returns how many bytes it is. Raises `ModelError`."""
        weight = 0
        for one in self._to.estate.those(self._scope, lines.kind, list(sent)):
            line, other = lines.write(one), sent[one.id]
            if _mark(one) == _mark(other) and line != lines.write(other):
                raise self._unlike(f"{lines.kind.__name__} {one.id}")
            weight += len(line)
        return weight

    def _chain(self) -> int:
        count = 0
        while batch := self._source.estate.chain(self._scope, self.tip.number, BATCH):
            self._to.estate.link(self._scope, batch)
            if self._to.estate.chain(self._scope, self.tip.number, len(batch)) != batch:
                raise self._unlike("the audit chain")
            self.tip = Tip(batch[-1].number, batch[-1].hash)
            count += len(batch)
        return count

    def _unlike(self, what: str) -> ModelError:
        message, fix = f"{what} is not what was sent", "move it again: it is where it was"
        return ModelError([Finding("FH323", Place(self._scope.tenant, 0), message, fix)])


def _marks(estate: Estate, scope: Scope, kind: type[Entity]) -> Iterator[Mark]:
    after = ""
    while batch := estate.marks(scope, kind, after, MARKS):
        yield from batch
        after = batch[-1].id


def _mark(entity: Entity) -> tuple[object, ...]:
    return entity.id, entity.version, entity.updated_at


def _halving(do: Callable[[Sequence[T]], object], items: Sequence[T]) -> list[T]:
    """Do something with all of them, or else with as many as can be. Returns those whose place is taken."""
    if not items:
        return []
    try:
        do(items)
    except (Dangling, Stale, Taken, TooLarge) as error:
        if len(items) == 1:
            return list(items) if isinstance(error, Taken) else []
        half = len(items) // 2
        return [*_halving(do, items[:half]), *_halving(do, items[half:])]
    return []

"""The unit of work: everything one call reads and writes on one tenant's ground.

Reads come from a snapshot, with the call's own writes laid over it; writes are gathered and committed together when
the use case has returned. So a use case works the same on a store with transactions, and on one that only takes a
list of conditional writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from pydantic_core import to_json

from freehold.model.data import Entity, Event, Page, Paging, Range
from freehold.model.lookup import Lookup
from freehold.model.names import shout, words
from freehold.model.ports import User
from freehold.runtime.cursor import Cursors
from freehold.runtime.failures import Conflict, Invalid, NotFound, Precondition, TenantScopeMissing
from freehold.runtime.ports import Changes, Clock, Found, Ids, Snapshot, Span, Verb, Write
from freehold.runtime.scope import Scope

NOBODY = User()


@dataclass(frozen=True, slots=True)
class Shared:
    """What all units have in common: nothing of any tenant's."""

    cursors: Cursors
    ids: Ids
    clock: Clock
    references: Mapping[type[Entity], tuple[tuple[str, type[Entity]], ...]]
    """For each kind of entity: the fields that name others, and what they name."""
    people: type[Entity] | None = None
    """What an `Id[User]` names."""


class Unit:
    """One tenant's ground, for one call."""

    __slots__ = (
        "_known",
        "_now",
        "_pending",
        "_shared",
        "_snapshot",
        "caller",
        "entered",
        "events",
        "expected",
        "scope",
    )

    def __init__(self, scope: Scope, snapshot: Snapshot, shared: Shared) -> None:
        """Begin. `expected` is (id, version) for If-Match; `entered` has the units on other grounds."""
        self.scope = scope
        self._now: datetime | None = None
        self.events: list[Event] = []
        self.expected: tuple[str, int] | None = None
        self.caller = NOBODY
        self.entered: dict[str, Unit] = {}
        self._snapshot, self._shared = snapshot, shared
        self._pending: dict[tuple[type[Entity], str], Write] = {}
        self._known: dict[tuple[type[Entity], str], tuple[str | None, ...]] = {}

    @property
    def now(self) -> datetime:
        """The time of this call: that at which it was first asked for."""
        if self._now is None:
            self._now = self._shared.clock.now()
        return self._now

    def get(self, kind: type[Entity], id: str) -> Entity:
        """The entity. Raises `NotFound` when it is not on this ground."""
        entity = self.find(kind, id)
        if entity is None:
            raise absent(kind, id)
        return entity

    def find(self, kind: type[Entity], id: str) -> Entity | None:
        """The entity, or None when it is not on this ground."""
        if self._pending and (write := self._pending.get((kind, id))) is not None:
            self.scope.tenant  # noqa: B018  # refuses when the call is over; what is below asks the snapshot, which does
            return None if write.verb is Verb.REMOVE else copied(write.entity)
        found = self._snapshot.get(kind, id)
        return None if found is None else self._own(found)

    def one(self, lookup: Lookup, values: Sequence[object]) -> Entity | None:
        """The one entity a unique lookup finds, or None."""
        return next(iter(self._merged(lookup, values, Span(1))), None)

    def page(self, lookup: Lookup, values: Sequence[object], bounds: Range[object], paging: Paging) -> Page[Entity]:
        """One page, with a sealed cursor to the next. Raises `BadRequest` for a cursor that is not this list's."""
        question = (self.scope.tenant, lookup.store, lookup.name, to_json([values, bounds]).decode())
        after = self._shared.cursors.open(paging.cursor, lookup, question, self.now) if paging.cursor else None
        span = Span(paging.limit + 1, bounds.start, bounds.stop, after)
        items = self._merged(lookup, values, span)
        if len(items) <= paging.limit:
            return Page(items)
        items = items[: paging.limit]
        place = (getattr(items[-1], lookup.order), items[-1].id)
        return Page(items, self._shared.cursors.seal(place, question, self.now))

    def add(self, entity: Entity) -> Entity:
        """Keep a new entity from the commit on. Gives it its version, its times, and an id unless it has one."""
        self.scope.tenant  # noqa: B018  # refuses when the call is over
        fresh = {
            "id": entity.id or self._shared.ids.new(),
            "version": 1,
            "created_at": self.now,
            "updated_at": self.now,
        }
        vars(entity).update(fresh)
        kept = checked(entity)
        self._pending[type(entity), entity.id] = Write(Verb.ADD, type(entity), kept, 0)
        return entity

    def save(self, entity: Entity) -> Entity:
        """Keep a changed entity from the commit on, as the version after the one it was read at."""
        self.scope.tenant  # noqa: B018  # refuses when the call is over
        kind, key = type(entity), (type(entity), entity.id)
        earlier = self._pending.get(key)
        if earlier is not None and (earlier.verb is Verb.REMOVE or earlier.entity.version != entity.version):
            raise stale(kind)
        verb, base = (earlier.verb, earlier.version) if earlier is not None else (Verb.SAVE, entity.version)
        self._expect(entity)
        vars(entity).update(version=entity.version + (earlier is None), updated_at=self.now)
        self._pending[key] = Write(verb, kind, checked(entity), base)
        return entity

    def remove(self, kind: type[Entity], id: str) -> None:
        """Throw an entity away at the commit. Raises `NotFound` when it is not on this ground."""
        entity = self.get(kind, id)
        earlier = self._pending.get((kind, id))
        if earlier is not None and earlier.verb is Verb.ADD:
            del self._pending[kind, id]
        else:
            self._pending[kind, id] = Write(Verb.REMOVE, kind, entity, earlier.version if earlier else entity.version)

    def emit(self, event: Event) -> None:
        """Put an event into the outbox at the commit."""
        self.scope.tenant  # noqa: B018  # refuses when the call is over
        self.events.append(event)

    def new_id(self) -> str:
        """An id for something new."""
        return self._shared.ids.new()

    def changes(self) -> Changes:
        """What to commit."""
        writes = list(self._pending.values())
        return Changes(self.scope, writes, list(self._references(writes)))

    @property
    def view(self) -> Snapshot:
        """What it reads from, for a unit beside this one."""
        return self._snapshot

    def read_no_more(self) -> None:
        """Give back what it reads from, before the commit: a call holds one connection at a time."""
        self._snapshot.close()
        for other in self.entered.values():
            other.read_no_more()

    def close(self) -> None:
        """The call is over: the scope and everything bound to it refuse from now on."""
        self._snapshot.close()
        self.scope.close()
        for other in self.entered.values():
            other.close()

    def _vouched(self, target: type[Entity], id: str) -> bool:
        """Whether a person need not be looked up: the caller, who may be an API key, or anybody the system names.

        What the system writes, it has from events, and people come and go between an event and its handler.
        """
        return target is self._shared.people and id == (self.caller.id or id)

    def _own(self, found: Found) -> Entity:
        """Layer 2: what the store gave back must have lain on this ground, whatever the store thinks."""
        tenant, entity = found
        if tenant != self.scope.tenant:
            message = "the store answered with what lies on another ground"
            raise TenantScopeMissing(message)
        if self.expected is not None:
            self._expect(entity)
        if fields := self._shared.references.get(type(entity)):
            self._known[type(entity), entity.id] = tuple(getattr(entity, field) for field, _ in fields)
        return entity

    def _expect(self, entity: Entity) -> None:
        if self.expected is not None and self.expected[0] == entity.id and self.expected[1] != entity.version:
            raise Precondition

    def _merged(self, lookup: Lookup, values: Sequence[object], span: Span) -> list[Entity]:
        """What the snapshot finds, with this call's own writes laid over it."""
        mine = [write for (kind, _), write in self._pending.items() if kind is lookup.entity]
        if not mine:
            return [self._own(found) for found in self._snapshot.page(lookup, values, span)]
        wider = Span(span.limit + len(mine), span.start, span.stop, span.after)
        changed = {write.entity.id for write in mine}
        found = [self._own(row) for row in self._snapshot.page(lookup, values, wider)]
        entities = [entity for entity in found if entity.id not in changed]
        for write in mine:
            wanted = [getattr(write.entity, key) for key in lookup.keys]
            if write.verb is not Verb.REMOVE and wanted == list(values) and _within(write.entity, lookup, span):
                entities.append(copied(write.entity))
        entities.sort(key=lambda entity: rank(entity, lookup.order), reverse=lookup.descending)
        return entities[: span.limit]

    def _references(self, writes: list[Write]) -> Iterator[tuple[type[Entity], str, str]]:
        """What must exist: every id that a write brings in, unless this call adds it itself."""
        for write in writes:
            if write.verb is Verb.REMOVE:
                continue
            known = self._known.get((write.kind, write.entity.id), ())
            for position, (field, target) in enumerate(self._shared.references.get(write.kind, ())):
                id = getattr(write.entity, field)
                if id is None or (known and known[position] == id) or self._vouched(target, id):
                    continue
                pending = self._pending.get((target, id))
                if pending is None or pending.verb is Verb.REMOVE:
                    yield target, id, field


def _within(entity: Entity, lookup: Lookup, span: Span) -> bool:
    value = getattr(entity, lookup.order)
    bounded = span.start is not None or span.stop is not None
    if bounded and value is None:
        return False
    if span.start is not None and value < span.start:
        return False
    if span.stop is not None and value >= span.stop:
        return False
    if span.after is None:
        return True
    here, there = rank(entity, lookup.order), ranked(*span.after)
    return here < there if lookup.descending else here > there


def rank(entity: Entity, order: str) -> tuple[bool, object, str]:
    """Where an entity stands in an order: nulls first, equal values by id."""
    return ranked(getattr(entity, order), entity.id)


def ranked(value: object, id: str) -> tuple[bool, object, str]:
    """Where a value stands: nulls first, equal values by id."""
    return (value is not None, value if value is not None else "", id)


def checked(entity: Entity) -> Entity:
    """A validated copy, so that what is changed afterwards is not kept by accident. Raises `Invalid`."""
    try:
        kept: Entity = type(entity).__pydantic_validator__.validate_python(dict(entity.__dict__))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        details = [{"loc": list(problem["loc"]), "msg": problem["msg"]} for problem in problems]
        raise Invalid(details=details) from None
    return kept


def copied(entity: Entity) -> Entity:
    """A copy to hand out, so that changing it changes nothing until it is saved."""
    return entity.model_copy(deep=True)


def absent(kind: type[Entity], id: str) -> NotFound:
    """The answer for what is not on this ground, wherever else it may be."""
    failure = NotFound(f"{shout(kind.__name__)}_NOT_FOUND", f"There is no such {words(kind.__name__)} here.")
    failure.id = id
    return failure


def stale(kind: type[Entity]) -> Conflict:
    """The answer when somebody was faster."""
    name = shout(kind.__name__)
    conflict = Conflict(f"{name}_CHANGED", f"The {words(kind.__name__)} changed in the meantime: read it again.")
    conflict.is_race = True
    return conflict

"""Where a promise is tried: a store, tenants of its own, and short ways to write and read as a call would."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Never, TypeVar

from freehold.edges.keys import KeyRing
from freehold.edges.sealing import SivSeal
from freehold.model.data import ALL, Entity, Id, Paging, Range
from freehold.model.lookup import Lookup
from freehold.model.model import Model
from freehold.runtime.audit import verify
from freehold.runtime.cursor import Cursors
from freehold.runtime.ids import TimeIds
from freehold.runtime.ports import Changes, Database, Snapshot, Span, Verb, Write
from freehold.runtime.scope import Scope
from freehold.runtime.system import SystemRandom
from freehold.runtime.unit import Shared, Unit, checked
from freehold.testing.clock import HandClock
from freehold.testing.contract.subjects import SUBJECTS, pattern

E = TypeVar("E", bound=Entity)
X = TypeVar("X", bound=BaseException)
R = TypeVar("R")
Make = Callable[[Model], Database]
"""Opens a store for a model, migrated to it. Called again after a close, it must open the same one."""

THREADS = 8
WHOLE = Span(1000)
"""More than any promise puts into one list."""


class Stage:
    """A store under test. Its tenants are new, so one store may serve many stages."""

    def __init__(self, make: Make) -> None:
        """Open the store."""
        self._make = make
        self.database = make(SUBJECTS)
        self.clock, random = HandClock(), SystemRandom()
        self.ids = TimeIds(self.clock, random)
        references = {kind: SUBJECTS.references(kind) for kind in SUBJECTS.entities.values()}
        seal = SivSeal(KeyRing.create(random), self.clock)
        self._shared = Shared(Cursors(seal, SUBJECTS.lookups), self.ids, self.clock, references)
        self.acme, self.globex = self.tenant(), self.tenant()

    def tenant(self) -> str:
        """A tenant of one's own."""
        return self.ids.new()

    def new_id(self) -> Id[Never]:
        """An id for whatever is to have one."""
        return Id(self.ids.new())

    def reopen(self) -> None:
        """Close the store and open it again, as a new process would."""
        self.database.close()
        self.database = self._make(SUBJECTS)

    @contextmanager
    def snapshot(self, tenant: str) -> Iterator[Snapshot]:
        """A view of a tenant's ground, as it is now."""
        with Scope(tenant) as scope:
            snapshot = self.database.snapshot(scope)
            try:
                yield snapshot
            finally:
                snapshot.close()

    @contextmanager
    def unit(self, tenant: str) -> Iterator[Unit]:
        """A unit of work, which commits nothing by itself."""
        scope = Scope(tenant)
        unit = Unit(scope, self.database.snapshot(scope), self._shared)
        try:
            yield unit
        finally:
            unit.close()

    @contextmanager
    def call(self, tenant: str) -> Iterator[Unit]:
        """A unit of work that is committed at the end, as that of a command."""
        with self.unit(tenant) as unit:
            yield unit
            self.database.commit([unit.changes()])

    def alone(self, tenant: str, work: Callable[[Unit], object]) -> None:
        """Do `work` in a unit of work while nobody else writes on this ground, as a call that has lost a race."""
        with Scope(tenant) as scope:

            def changes(snapshot: Snapshot) -> Sequence[Changes]:
                unit = Unit(scope, snapshot, self._shared)
                work(unit)
                return [unit.changes()]

            self.database.exclusively(scope, changes)

    def add(self, tenant: str, entity: E) -> E:
        """Add one entity, committed."""
        with self.call(tenant) as unit:
            unit.add(entity)
        return entity

    def add_all(self, tenant: str, entities: Iterable[E]) -> list[E]:
        """Add entities, all in one commit."""
        added = list(entities)
        with self.call(tenant) as unit:
            for entity in added:
                unit.add(entity)
        return added

    def save(self, tenant: str, entity: E, **changed: object) -> E:
        """Change an entity as it was read, committed. Raises `Stale`."""
        with self.call(tenant) as unit:
            copy = entity.model_copy(update=changed)
            unit.save(copy)
        return copy

    def remove(self, tenant: str, entity: Entity) -> None:
        """Remove an entity in the version it has here. Raises `Stale`."""
        self.write(tenant, Verb.REMOVE, entity)

    def write(self, tenant: str, verb: Verb, *entities: Entity, entry: Mapping[str, object] | None = None) -> None:
        """Commit writes just as they are, without a unit of work."""
        with Scope(tenant) as scope:
            self.database.commit([changes(scope, verb, *entities, entry=entry)])

    def find(self, tenant: str, kind: type[E], id: str) -> E | None:
        """An entity as the store keeps it, or None."""
        with self.snapshot(tenant) as snapshot:
            found = snapshot.get(kind, id)
        return None if found is None else _on(tenant, kind, found)

    def get(self, tenant: str, entity: E) -> E:
        """The same entity as the store keeps it now."""
        found = self.find(tenant, type(entity), entity.id)
        assert found is not None, f"{type(entity).__name__} {entity.id} is gone"
        return found

    def has(self, tenant: str, entity: Entity) -> bool:
        """Whether the store keeps something under this id."""
        return self.find(tenant, type(entity), entity.id) is not None

    def page(self, tenant: str, lookup: Lookup | str, values: Sequence[object], span: Span = WHOLE) -> list[Entity]:
        """What a lookup finds, straight from the store."""
        wanted = pattern(lookup) if isinstance(lookup, str) else lookup
        with self.snapshot(tenant) as snapshot:
            return [_on(tenant, wanted.entity, found) for found in snapshot.page(wanted, values, span)]

    def walk(
        self, tenant: str, lookup: Lookup, values: Sequence[object], limit: int, bounds: Range[object] = ALL
    ) -> Iterator[Entity]:
        """What a lookup finds, page after page by its sealed cursors, each page in a call of its own."""
        cursor: str | None = None
        while True:
            with self.unit(tenant) as unit:
                page = unit.page(lookup, values, bounds, Paging(limit, cursor))
            yield from page.items
            if (cursor := page.next) is None:
                return

    def audit(self, tenant: str) -> list[str]:
        """The texts of a tenant's audit chain, which must hold."""
        with Scope(tenant) as scope:
            broken = list(verify(self.database, scope))
            assert not broken, broken
            return [entry.text for entry in self.database.audit(scope, 0, 10_000)]

    def together(self, work: Callable[[int], R], count: int = THREADS) -> list[R]:
        """Run `work(0)`, `work(1)`, ... at the same time, each in a thread of its own."""
        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(work, range(count)))


def changes(scope: Scope, verb: Verb, *entities: Entity, entry: Mapping[str, object] | None = None) -> Changes:
    """Writes as a unit of work would hand them over: added in version 1, saved in the one after `version`."""
    writes = []
    for entity in entities:
        if verb is Verb.ADD:
            entity.version = 1
            writes.append(Write(verb, type(entity), checked(entity), 0))
        else:
            after = entity.model_copy(update={"version": entity.version + (verb is Verb.SAVE)})
            writes.append(Write(verb, type(entity), checked(after), entity.version))
    return Changes(scope, writes, [], entry)


def raised(
    kind: type[X] | tuple[type[X], ...], work: Callable[..., object], /, *arguments: object, **named: object
) -> X:
    """What `work` raises when it is called with these arguments; it must be of this kind."""
    try:
        outcome = work(*arguments, **named)
    except kind as error:
        return error
    raise AssertionError(f"{kind} was not raised; it gave {outcome!r}")


def same(one: Sequence[Entity], other: Sequence[Entity]) -> bool:
    """Whether two lists have the same entities in the same order."""
    return [entity.id for entity in one] == [entity.id for entity in other]


def _on(tenant: str, kind: type[E], found: tuple[str, Entity]) -> E:
    ground, entity = found
    assert ground == tenant, f"asked on the ground of {tenant}, answered from {ground}"
    assert type(entity) is kind, f"asked for a {kind.__name__}, answered with a {type(entity).__name__}"
    return entity

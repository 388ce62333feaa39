"""What a use case is handed: refused once its call is over, however it ended and whoever still holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from freehold.edges.identity import Identity
from freehold.model.data import ALL, FIRST, Entity
from freehold.model.lookup import Lookup
from freehold.model.usecase import Capability, events_in
from freehold.runtime.failures import Conflict, Failure
from freehold.runtime.handles import Emitter, Handle, Reach
from freehold.runtime.invoke import Call, Ready
from freehold.runtime.ports import Stale
from freehold.runtime.prepared import Sent
from freehold.testing.isolation.actors import Actor
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.matrix import Operation, Values
from freehold.testing.isolation.oracle import Finding
from freehold.testing.isolation.report import Case, Sort

Uses = Iterator[tuple[str, Callable[..., object], tuple[object, ...]]]
"""What can be done, and with what."""

HANDED = {
    "Handle": frozenset({"get", "find", "add", "save", "remove"}),
    "Emitter": frozenset({"__call__"}),
    "Reach": frozenset({"__call__"}),
}
"""What can be done with what a use case is handed; the lookups of each store come on top."""


@dataclass
class Keeper:
    """A use case that keeps what it is handed, as a closure, a thread or a cache of an app's would."""

    function: Callable[..., object]
    ground: str
    held: list[tuple[str, object]] = field(default_factory=list)

    def succeeds(self, **given: object) -> object:
        """Do what the use case does."""
        self._hold(given)
        return self.function(**given)

    def raises(self, **given: object) -> object:
        """Break down."""
        self._hold(given)
        raise LookupError("planted")

    def refuses(self, **given: object) -> object:
        """Refuse."""
        self._hold(given)
        raise Conflict

    def races(self, **given: object) -> object:
        """Lose a race at first, and so be done again, alone."""
        first = not self.held
        self._hold(given)
        if first:
            raise Stale(Entity)
        return self.function(**given)

    def _hold(self, given: Mapping[str, object]) -> None:
        for name, value in given.items():
            if isinstance(value, (Handle, Emitter, Reach)):
                self.held.append((name, value))
            if isinstance(value, Reach):
                self.held.append((name, value(self.ground)))


def kept_handles(arena: Arena) -> None:
    """T58: handles that were kept after a call that went well."""
    _each(arena, "T58", ("succeeds",))


def broken_calls(arena: Arena) -> None:
    """T61: handles that were kept after a call that broke down, was refused, or had to be done again."""
    _each(arena, "T61", ("raises", "refuses", "races"))


def _each(arena: Arena, attack: str, endings: tuple[str, ...]) -> None:
    for operation in arena.operations:
        if operation.costly or operation.bulk:
            continue
        actor = arena.able(operation)
        for ending in endings:
            _one(arena, Case(attack, operation.name, actor.name, ending), operation, actor)


def _one(arena: Arena, case: Case, operation: Operation, actor: Actor) -> None:
    keeper = Keeper(operation.case.function, arena.world.a.tenant)
    ready = arena.backend.runtime.cases[operation.name]
    kept = ready._replace(case=replace(ready.case, function=getattr(keeper, case.variant)))
    _call(arena, kept, arena.values(operation, actor, spend=True), actor)
    given = {capability.parameter: capability for capability in operation.case.capabilities}
    found: list[Finding] = []
    for parameter, handle in keeper.held:
        for name, action, about in _uses(arena, handle, given[parameter]):
            try:
                answer = action(*about)
            except Exception:  # noqa: BLE001, S112  # however it refuses
                continue
            found.append((Sort.CONTRACT, f"{parameter}.{name} did not refuse, and gave {answer!r:.80}"))
            if isinstance(answer, Handle):  # it was entered after the end: nobody else gives its connection back
                answer._unit.close()  # noqa: SLF001
            if not operation.everyone:  # whose handles may be of any ground
                found += arena.oracle.seen(repr(answer), sent=repr(about))
    arena.note(case, [*found, *arena.oracle.moved()])


def _call(arena: Arena, ready: Ready, values: Values, actor: Actor) -> None:
    token = arena.world.crowd.token(actor)
    principal = Identity(arena.backend.tokens).principal(token) if token else None
    key = arena.world.neutral.text() if ready.case.idempotent else None
    try:
        arena.backend.runtime(Call(ready, Sent(dict(values)), principal, id="suite", key=key))
    except (Failure, LookupError):
        return


def _uses(arena: Arena, handle: object, given: Capability) -> Uses:
    """Everything that can be done with a handle."""
    match handle:
        case Emitter():
            yield "__call__", handle, (events_in(given.target)[0].model_construct(),)
        case Reach():
            yield "__call__", handle, (arena.world.b.tenant,)
        case Handle():
            sides = (arena.world.b, arena.world.a)
            there = [side.kept[given.entity][0] for side in sides if given.entity and side.kept.get(given.entity)]
            for entity in there:
                yield from _of_store(arena, handle, entity)


def _of_store(arena: Arena, handle: Handle, entity: Entity) -> Uses:
    yield from ((action.__name__, action, (entity.id,)) for action in (handle.get, handle.find, handle.remove))
    yield from ((action.__name__, action, (entity.model_copy(),)) for action in (handle.add, handle.save))
    for pattern in arena.backend.model.lookups_of(type(entity)):
        if pattern.store == type(handle).__name__:
            yield pattern.name, _asked, (handle, pattern, [getattr(entity, key) for key in pattern.keys])


def _asked(handle: Handle, pattern: Lookup, keys: Sequence[object]) -> object:
    given = dict(zip(pattern.keys, keys, strict=True))
    given |= {pattern.page: FIRST} if pattern.page else {}
    given |= {pattern.span: ALL} if pattern.span else {}
    return getattr(handle, pattern.name)(**given)


ATTACKS = (
    Attack("T58", "handles kept after their call", kept_handles),
    Attack("T61", "handles kept after a call that failed", broken_calls),
)

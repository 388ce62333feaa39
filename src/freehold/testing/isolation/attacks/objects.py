"""Objects over HTTP: read, change, remove and refer to what is B's, by its id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from freehold.model.data import Entity
from freehold.model.usecase import Source
from freehold.runtime.ports import Changes, Verb, Write
from freehold.runtime.scope import Scope
from freehold.testing.isolation.actors import Actor
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.matrix import IdPlace, Operation, Values
from freehold.testing.isolation.report import Case, Sort

_ADDRESS = (Source.PATH, Source.QUERY)


def _places(operation: Operation, sources: Iterable[Source]) -> list[IdPlace]:
    wanted = tuple(sources)
    return [place for place in operation.ids if place.source in wanted]


def _by_id(arena: Arena, attack: str, methods: tuple[str, ...]) -> None:
    """B's object by its id, against an id of nothing, as everybody of A; and the twin, whose id is on both grounds."""
    for operation, actor in arena.pairs(lambda o: o.case.method in methods and bool(_places(o, _ADDRESS))):
        for place in _places(operation, _ADDRESS):
            values = arena.values(operation, actor)
            for number in range(2):
                foreign = arena.swapped(operation, values, place, arena.foreign(place.target, number))
                absent = arena.swapped(operation, values, place, arena.world.absent())
                case = Case(attack, operation.name, actor.name, f"B's {place} {number + 1}")
                arena.alike(case, actor, foreign, absent)
            _twin(arena, attack, operation, actor, place)


def _twin(arena: Arena, attack: str, operation: Operation, actor: Actor, place: IdPlace) -> None:
    twin = _twin_of(arena, operation, place.target)
    if twin is not None:
        request, _ = arena.swapped(operation, arena.values(operation, actor), place, twin)
        arena.attempt(Case(attack, operation.name, actor.name, f"{place} that is on both grounds"), request, actor)


def _twin_of(arena: Arena, operation: Operation, kind: type[Entity]) -> str | None:
    twins = arena.world.twins.get(kind, [])
    if not twins:
        return None
    if operation.reads:
        return twins[0]
    fresh = arena.world.pair(kind)
    arena.oracle.rebase()
    return fresh


def read_by_id(arena: Arena) -> None:
    """T01: each query with an id in its address."""
    _by_id(arena, "T01", ("GET",))


def change_by_id(arena: Arena) -> None:
    """T03: each command with an id in its address, with a valid body."""
    _by_id(arena, "T03", ("POST", "PUT", "PATCH"))


def remove_by_id(arena: Arena) -> None:
    """T04: each DELETE."""
    _by_id(arena, "T04", ("DELETE",))


def mix_parents(arena: Arena) -> None:
    """T05: own parent and foreign child, foreign parent and own child, in every pair of places."""
    for operation, actor in arena.pairs(lambda o: len(o.ids) > 1):
        for kept, swapped in _ordered_pairs(operation.ids):
            values = arena.values(operation, actor)
            foreign = arena.swapped(operation, values, swapped, arena.foreign(swapped.target))
            absent = arena.swapped(operation, values, swapped, arena.world.absent())
            case = Case("T05", operation.name, actor.name, f"own {kept}, B's {swapped}")
            arena.alike(case, actor, foreign, absent)


def _ordered_pairs(places: tuple[IdPlace, ...]) -> Iterator[tuple[IdPlace, IdPlace]]:
    return ((one, other) for one in places for other in places if one is not other)


def refer_to(arena: Arena) -> None:
    """T06: B's id as a reference in a body. And afterwards: nothing on A's ground names what is B's."""
    for operation, actor in arena.pairs(lambda o: bool(o.ids_from(Source.BODY)) and not o.bulk):
        for place in operation.ids_from(Source.BODY):
            for number in range(2):
                values = arena.values(operation, actor, spend=True)
                foreign = values, arena.foreign(place.target, number)
                absent = _again(operation, values, arena.values(operation, actor, spend=True)), arena.world.absent()
                case = Case("T06", operation.name, actor.name, f"B's {place} {number + 1}")
                arena.alike(
                    case, actor,
                    arena.swapped(operation, foreign[0], place, foreign[1]),
                    arena.swapped(operation, absent[0], place, absent[1]),
                )  # fmt: skip
    arena.note(Case("T06", "everything", "A", "what lies on A's ground"), arena.oracle.taken_over())


def _again(operation: Operation, values: Values, fresh: Values) -> Values:
    """The same input once more, about something else and with texts of its own: what a check compares is the same."""
    other = {*operation.texts(), *(place.input for place in operation.ids_from(Source.PATH))}
    return {**values, **{name: value for name, value in fresh.items() if name in other}}


def planted(arena: Arena) -> None:
    """T09: a reference to what is B's that lies on A's ground, as if a check had failed once: it leads nowhere."""
    world, database = arena.world, arena.backend.database
    for kind in world.kinds:
        for name, target in arena.backend.model.references(kind):
            if target is kind.facts.within or not world.b.ids(target) or not world.a.ids(kind):
                continue
            entity, theirs = world.fresh(world.a, kind), world.fresh(world.b, target).id
            world.shared.add(theirs)  # from now on A has it as well: a receipt keeps what was answered about it
            arena.oracle.rebase()
            wrong = entity.model_copy(update={name: theirs, "version": entity.version + 1})
            with Scope(world.a.tenant) as scope:
                database.commit([Changes(scope, [Write(Verb.SAVE, kind, wrong, entity.version)], [])])
            _follow(arena, kind, entity.id, f"{kind.__name__}.{name}", theirs)
            with world.at(world.a) as unit:
                unit.remove(kind, entity.id)
                database.commit([unit.changes()])


def _follow(arena: Arena, kind: type[Entity], id: str, planted: str, theirs: str) -> None:
    for operation in arena.operations:
        places = [place for place in operation.ids_from(*_ADDRESS) if place.target is kind]
        if not places or operation.case.method == "DELETE":
            continue
        actor = arena.able(operation)
        request, _ = arena.swapped(operation, arena.values(operation, actor), places[0], id)
        arena.attempt(Case("T09", operation.name, actor.name, f"B's id in {planted}"), request, actor, known=theirs)


def match_versions(arena: Arena) -> None:
    """T13: B's ETag in If-None-Match and If-Match: 404 as for what is nowhere, never 304 or 412."""
    for operation, actor in arena.pairs(lambda o: bool(o.ids_from(Source.PATH)), most=60):
        place, values = operation.ids_from(Source.PATH)[-1], arena.values(operation, actor)
        name = "if-none-match" if operation.reads else "if-match"
        for tag in ('"1"', "*", '"2"'):
            foreign, theirs = arena.swapped(operation, values, place, arena.foreign(place.target))
            absent, nothing = arena.swapped(operation, values, place, arena.world.absent())
            case = Case("T13", operation.name, actor.name, f"{name}: {tag}")
            reply = arena.alike(
                case, actor, (foreign.having((name, tag)), theirs), (absent.having((name, tag)), nothing)
            )
            if reply.status in (304, 412):
                arena.note(case, [(Sort.ORACLE, f"{reply.status} for what is B's")])


def tell_apart(arena: Arena) -> None:
    """T17: the error is the same for B's object and for none, byte for byte, also with input that is wrong."""
    for operation, actor in arena.pairs(lambda o: bool(o.ids), most=60):
        for place in operation.ids:
            values = dict(arena.values(operation, actor))
            for name in operation.texts()[:1]:
                values[name] = ""
            foreign = arena.swapped(operation, values, place, arena.foreign(place.target, 2))
            absent = arena.swapped(operation, values, place, arena.world.absent())
            arena.alike(Case("T17", operation.name, actor.name, f"{place}, with empty texts"), actor, foreign, absent)


def read_removed(arena: Arena) -> None:
    """T49: what was removed is as if it had never been."""
    runtime, world = arena.backend.runtime, arena.world
    for operation, actor in arena.pairs(lambda o: bool(o.ids_from(Source.PATH)), most=60):
        place = operation.ids_from(Source.PATH)[-1]
        removed = world.fresh(world.a, place.target)
        with world.at(world.a) as unit:
            unit.remove(place.target, removed.id)
            runtime.database.commit([unit.changes()])
        values = arena.values(operation, actor)
        gone = arena.swapped(operation, values, place, removed.id)
        absent = arena.swapped(operation, values, place, world.absent())
        arena.alike(Case("T49", operation.name, actor.name, f"a removed {place}"), actor, gone, absent)


ATTACKS = (
    Attack("T01", "read B's object by its id", read_by_id),
    Attack("T03", "change B's object", change_by_id),
    Attack("T04", "remove B's object", remove_by_id),
    Attack("T05", "own parent with foreign child, and the other way round", mix_parents, "no operation takes two ids"),
    Attack("T06", "B's id as a reference in a body", refer_to, "no operation takes an id in its body"),
    Attack("T09", "a reference to B's that was planted", planted, "nothing refers to anything"),
    Attack("T13", "B's ETag in If-Match and If-None-Match", match_versions),
    Attack("T17", "tell B's object from none by the error", tell_apart),
    Attack("T49", "reach what was removed", read_removed),
)

"""Lists over HTTP: pages, filters and counts, and cursors from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from urllib.parse import urlencode

from freehold.model.data import Paging
from freehold.model.usecase import Source
from freehold.testing.isolation.actors import Actor
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.http import Reply, Request
from freehold.testing.isolation.matrix import Operation, Values
from freehold.testing.isolation.rehearsal import VARIANTS
from freehold.testing.isolation.report import Case, Sort

PAGES = 6
BAD_CURSOR = 400
WILD = ("*", "%", "_", "", "null", "' OR '1'='1", "[]", "0 OR 1=1", "-1", "true", "\x00", "%25", "!=", "><")
UNDECLARED = ("ids", "filter", "or", "where", "q", "sort", "fields", "include", "expand", "tenant", "tenant_id", "all")


def _lists(operation: Operation) -> bool:
    return operation.reads and operation.lists


def _paged(operation: Operation) -> bool:
    return any(given.hint is Paging for given in operation.case.inputs)


def list_everything(arena: Arena) -> None:
    """T02: every list, in pages of several sizes: nothing of B's, and nothing twice."""
    for operation, actor in arena.pairs(_lists):
        for variant, limit in ((0, 200), (0, 1), (0, 2), (1, 200), (2, 200)):
            values = arena.rehearsal.values(arena.world.a, operation, actor, variant=variant)
            case = Case("T02", operation.name, actor.name, f"variant {variant}, pages of {limit}")
            ids = list(_all_pages(arena, case, operation, actor, values, limit))
            twice = {id for id in ids if ids.count(id) > 1}
            if twice:
                arena.note(case, [(Sort.DATA, f"listed twice, so one is B's: {sorted(twice)[:3]}")])


def _all_pages(
    arena: Arena, case: Case, operation: Operation, actor: Actor, values: Values, limit: int
) -> Iterator[str]:
    paging: dict[str, object] = {"limit": limit} if _paged(operation) else {}
    for _ in range(PAGES):
        reply = arena.attempt(case, operation.request({**values, **paging}), actor)
        yield from _ids(reply)
        if reply.next is None:
            return
        paging["cursor"] = reply.next


def _ids(reply: Reply) -> list[str]:
    data = reply.data
    return (
        [str(item["id"]) for item in data if isinstance(item, dict) and "id" in item] if isinstance(data, list) else []
    )


def filter_freely(arena: Arena) -> None:
    """T08: every query with wildcards, lists, operators, B's own values, and parameters that nobody declared."""
    for operation, actor in arena.pairs(lambda o: o.reads):
        values = arena.values(operation, actor)
        for name, value in arena.some(_filters(arena, operation), 8):
            request = operation.request(values)
            query = "&".join(filter(None, (request.query, urlencode({name: value}))))
            sent = Request(request.method, request.path, query)
            arena.attempt(Case("T08", operation.name, actor.name, f"{name}={value}"), sent, actor)


def _filters(arena: Arena, operation: Operation) -> Iterator[tuple[str, object]]:
    declared = [given.name for given in operation.case.inputs if given.source is Source.QUERY]
    for name in declared:
        names = ("limit", "cursor") if name == "page" else (name, f"{name}_start", f"{name}_stop", f"{name}[]")
        yield from ((one, value) for one in names for value in WILD)
    kinds = [c.entity for c in operation.case.capabilities if c.entity is not None]
    for kind in kinds:
        for entity in arena.world.b.kept.get(kind, [])[:1]:
            yield from ((name, getattr(entity, name)) for name in type(entity).model_fields)
    theirs = arena.world.b.tenant
    yield from ((name, theirs) for name in UNDECLARED)


def grow_elsewhere(arena: Arena) -> None:
    """T10: what A is told, counts and sums and all, stays the same when B's ground fills and empties."""
    asked = [
        (operation, actor, operation.request(arena.rehearsal.values(arena.world.a, operation, actor, variant=variant)))
        for operation, actor in arena.pairs(lambda o: o.reads)
        for variant in range(2)
    ]
    before = [arena.send(request, actor) for _, actor, request in asked]
    _stir(arena)
    for (operation, actor, request), earlier in zip(asked, before, strict=True):
        case = Case("T10", operation.name, actor.name, "before and after B has changed")
        reply = arena.attempt(case, request, actor)
        if reply.without() != earlier.without():
            arena.note(case, [(Sort.ORACLE, "the answer changed because B has changed")], request.curl(actor.name))


def _stir(arena: Arena) -> None:
    """Let B's ground fill, change and empty."""
    world = arena.world
    for kind in world.kinds:
        if kind in world.b.kept:
            added = [world.fresh(world.b, kind, world.b.actors[world.roles[0]].subject, number) for number in range(3)]
            with world.at(world.b) as unit:
                unit.remove(kind, added[0].id)
                arena.backend.database.commit([unit.changes()])
    arena.oracle.rebase()


def go_on_elsewhere(arena: Arena) -> None:
    """T74: B's cursor, one that was altered or cut, one of another list or another question, and one that is old."""
    world, listing = arena.world, [o for o in arena.operations if _lists(o) and _paged(o)]
    number = count()
    cursors = {o.name: cursor for o in listing if (cursor := _cursor(arena, o, world.a.actors[world.roles[-1]]))}
    for operation in listing:
        actor = arena.able(operation)
        theirs = _cursor(arena, operation, world.b.actors[world.roles[-1]])
        wrong = {"B's": theirs} if theirs else {}
        own = cursors.get(operation.name)
        if own:
            wrong |= {f"altered at {place}": _altered(own, place) for place in _spots(arena, own)}
            wrong |= {
                "cut": own[:-3],
                "longer": own + "AA",
                "doubled": own + own,
                "without its key": own.partition(".")[2],
            }
        wrong |= {f"of {name}": cursor for name, cursor in cursors.items() if name != operation.name}
        values = arena.values(operation, actor)
        for what, cursor in wrong.items():
            _refused(arena, operation, actor, f"{next(number)} a cursor {what}", {**values, "cursor": cursor})
        _of_another_question(arena, operation, actor)
        if own:
            arena.world.clock.turn(timedelta(days=1, seconds=1))
            _refused(arena, operation, actor, "a cursor that is too old", {**values, "cursor": own})


def _of_another_question(arena: Arena, operation: Operation, actor: Actor) -> None:
    """A cursor of the same list that was asked for something else: of another parent, or with another filter."""
    asked = [arena.rehearsal.values(arena.world.a, operation, actor, variant=variant) for variant in range(1, VARIANTS)]
    for values in asked[1:]:
        if values != asked[0]:
            cursor = arena.send(operation.request({**values, "limit": 1}), actor).next
            if cursor is not None:
                title = "a cursor of another question"
                _refused(arena, operation, actor, title, {**asked[0], "cursor": cursor})
                return


def _cursor(arena: Arena, operation: Operation, actor: Actor) -> str | None:
    side = arena.world.b if actor.tenant == arena.world.b.tenant else arena.world.a
    values = arena.rehearsal.values(side, operation, actor)
    return arena.send(operation.request({**values, "limit": 1}), actor).next


def _refused(arena: Arena, operation: Operation, actor: Actor, what: str, values: Values) -> None:
    case, request = Case("T74", operation.name, actor.name, what), operation.request({**values, "limit": 1})
    reply = arena.attempt(case, request, actor)
    if reply.status != BAD_CURSOR:
        found = f"{reply.status} for a cursor that is not this list's"
        arena.note(case, [(Sort.DOOR, found)], request.curl(actor.name))


def _altered(cursor: str, place: int) -> str:
    other = "A" if cursor[place] != "A" else "B"
    return cursor[:place] + other + cursor[place + 1 :]


def _spots(arena: Arena, cursor: str) -> list[int]:
    """Not the last character: some of its bits are padding."""
    return sorted(arena.some(range(len(cursor) - 1), 8))


ATTACKS = (
    Attack("T02", "find B's objects in lists", list_everything),
    Attack("T08", "filters that ask for more than one's own", filter_freely),
    Attack("T10", "see B in counts and answers that change", grow_elsewhere),
    Attack("T74", "cursors of B, altered, old or of another list", go_on_elsewhere, "no list is paged"),
)

"""Writing over HTTP: bulks, values that B has, fields of the server's own, hostile values, and other people's keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from freehold.model.data import Entity
from freehold.model.lookup import plain
from freehold.model.usecase import Source
from freehold.testing.isolation.actors import Actor
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.http import Reply, Request
from freehold.testing.isolation.inputs import Unfit
from freehold.testing.isolation.matrix import Operation, Values
from freehold.testing.isolation.report import Case, Sort

REPLAYED = "idempotent-replayed"
SERVERS_OWN = (
    ("id", "019b76da-a800-7001-9e58-9f3049351186"), ("version", 99), ("created_at", "2020-01-01T00:00:00Z"),
    ("updated_at", "2020-01-01T00:00:00Z"), ("tenant", "B"), ("tenant_id", "B"), ("organisation", "B"),
    ("org_id", "B"), ("role", "owner"), ("is_admin", True), ("owner", "B"), ("__proto__", {}), ("identity", "x"),
)  # fmt: skip
"""Names that only the server fills, unless a use case declares one as input."""

INJECTED = (
    "' OR '1'='1", "'; DROP TABLE freehold_member; --", '" OR ""="', "1); SELECT * FROM freehold_member; --",
    "' UNION SELECT tenant FROM freehold_member --", "%' --", "ground()", "{{7*7}}", "${7*7}", "../../etc/passwd",
    "$where",
)  # fmt: skip
HOSTILE: tuple[object, ...] = (
    "x" * 70_000, "\x00",
    "\ud800", 2**63, -(2**63) - 1, 1e308, [], {}, [[[[]]]], True, None, "", " ", "\u202e", 0.1, -0.0,
)  # fmt: skip


def _swaps(operation: Operation) -> bool:
    return operation.case.writes and not operation.costly


def bulk_together(arena: Arena) -> None:
    """T07: own, foreign, absent and repeated items in one call: each foreign one is like an absent one."""
    for operation, actor in arena.pairs(lambda o: o.bulk):
        for place in operation.ids:
            own = [arena.values(operation, actor, spend=True) for _ in range(2)]
            theirs, nothing = arena.foreign(place.target), arena.world.absent()
            items = [own[0], place.put(own[0], theirs), own[1], place.put(own[0], nothing), own[0]]
            case = Case("T07", operation.name, actor.name, f"B's {place} among own ones")
            reply = arena.attempt(case, operation.items(*items), actor)
            _compare_items(arena, case, reply, theirs, nothing)
            _many(arena, operation, actor, [place.put(own[0], theirs)])


def _compare_items(arena: Arena, case: Case, reply: Reply, theirs: str, nothing: str) -> None:
    data = reply.data
    if not reply.ok or not isinstance(data, list):
        return
    foreign, absent = json.dumps(data[1]).replace(theirs, "*"), json.dumps(data[3]).replace(nothing, "*")
    if foreign != absent:
        arena.note(case, [(Sort.ORACLE, f"{foreign} for B's item, {absent} for one that is nowhere")])


def _many(arena: Arena, operation: Operation, actor: Actor, items: list[Values]) -> None:
    for number in (operation.case.at_most, operation.case.at_most + 1, 1000):
        case = Case("T07", operation.name, actor.name, f"{number} of B's items")
        arena.attempt(case, operation.items(*(items * number)), actor)


def take_ids(arena: Arena) -> None:
    """T14: an id that B uses is free on A's ground, and using it changes nothing of B's."""
    world = arena.world
    for kind in world.kinds:
        if not world.b.ids(kind) or kind is world.model.people:
            continue
        arena.oracle.rebase()
        theirs = world.fresh(world.b, kind)
        world.shared.add(theirs.id)
        arena.oracle.rebase()
        case = Case("T14", kind.__name__, "A", "an id that B uses")
        try:
            world.fresh(world.a, kind, id=theirs.id)
        except Exception as error:  # noqa: BLE001  # whatever it is, A was told of B
            arena.note(case, [(Sort.ORACLE, f"an id that B uses is refused: {error!r}")])
        arena.note(case, arena.oracle.moved())


def take_values(arena: Arena) -> None:
    """T15: a unique value that B has is as free on A's ground as one that nobody has."""
    for operation, actor in arena.pairs(_swaps):
        for kind, field in _unique_inputs(arena, operation):
            taken, free = (
                {**arena.values(operation, actor, spend=True), field: _neutral(arena, operation, field)}
                for _ in range(2)
            )
            try:
                arena.world.holding(arena.world.b, kind, **{field: taken[field]})
            except Exception:  # noqa: BLE001, S112  # B may have it already, or it may not stand alone
                continue
            arena.oracle.rebase()
            case = Case("T15", operation.name, actor.name, f"{field} that B has")
            arena.alike(case, actor, (operation.request(taken), ""), (operation.request(free), ""))


def _neutral(arena: Arena, operation: Operation, field: str) -> object:
    """A value that is no canary, as both tenants will have it."""
    return arena.world.neutral.object(operation.schema, of=operation.name)[field]


def _unique_inputs(arena: Arena, operation: Operation) -> Iterator[tuple[type[Entity], str]]:
    declared = {given.name for given in operation.case.inputs}
    kinds = {c.entity for c in operation.case.capabilities if c.entity is not None and not c.entity.facts.platform}
    for kind in sorted(kinds, key=lambda kind: kind.__name__):
        yield from ((kind, field) for field in arena.world.unique(kind) if field in declared)


def assign_in_mass(arena: Arena) -> None:
    """API3: fields that only the server fills, sent with every write: 422, and nothing done."""
    for operation, actor in arena.pairs(_swaps, most=40):
        values = arena.values(operation, actor)
        declared = {given.name for given in operation.case.inputs}
        for name, value in arena.some([pair for pair in SERVERS_OWN if pair[0] not in declared], 6):
            sent = _with(operation.request(values), name, arena.world.b.tenant if value == "B" else value)
            case = Case("API3", operation.name, actor.name, f"{name} in the body")
            reply = arena.attempt(case, sent, actor)
            if reply.ok and not operation.bulk:
                arena.note(case, [(Sort.DOOR, f"{reply.status}: it was taken")], sent.curl(actor.name))


def _with(request: Request, name: str, value: object) -> Request:
    body = json.loads(request.body or b"{}")
    targets = body["items"] if isinstance(body.get("items"), list) else [body]
    for target in targets:
        target[name] = value
    return replace(request, body=json.dumps(body).encode())


def inject(arena: Arena) -> None:
    """T37: SQL and templates in every text and id: no effect, and nothing of B's in the answer."""
    for operation, actor in arena.pairs(lambda o: bool(o.case.inputs), most=40):
        for given in operation.case.inputs:
            for payload in arena.some(INJECTED, 3):
                values = {**arena.values(operation, actor), given.name: payload}
                arena.attempt(
                    Case("T37", operation.name, actor.name, f"{given.name}={payload}"), operation.request(values), actor
                )


def provoke(arena: Arena) -> None:
    """T38: values that no column holds: an answer that says what is wrong, with nothing of anybody's in it."""
    for operation, actor in arena.pairs(lambda o: bool(o.case.inputs), most=40):
        for given in operation.case.inputs:
            if given.source is Source.PATH or (given.source is Source.QUERY and plain(given.hint) is not str):
                continue
            for value in arena.some(HOSTILE, 3):
                values = {**arena.values(operation, actor), given.name: value}
                case = Case("T38", operation.name, actor.name, f"{given.name}={value!r:.30}")
                arena.attempt(case, _raw(operation, values), actor)


def _raw(operation: Operation, values: Values) -> Request:
    """As a client could send it that does not care what JSON may hold."""
    wanted = {name: value for name, value in values.items() if not _awkward(value)}
    request, awkward = operation.request(wanted), {name: value for name, value in values.items() if _awkward(value)}
    if not awkward or not request.body:
        return request
    body = {**json.loads(request.body), **awkward}
    return replace(request, body=json.dumps(body).encode())


def _awkward(value: object) -> bool:
    return (isinstance(value, str) and not value.isprintable()) or (isinstance(value, int) and abs(value) >= 2**63)


def borrow_keys(arena: Arena) -> None:
    """T52: an Idempotency-Key of B's, of a colleague's, or of another route: a new execution, never an old answer."""
    world = arena.world
    for number, operation in enumerate(o for o in arena.operations if _swaps(o) and not o.is_open):
        key, theirs = f"key-{number}", world.b.actors[world.roles[-1]]
        try:
            sent = arena.rehearsal.values(world.b, operation, theirs, spend=True)
        except Unfit:
            continue
        arena.send(operation.request(sent).having(("idempotency-key", key)), theirs)
        arena.oracle.rebase()
        mine = arena.able(operation)
        for actor in (mine, *(other for other in arena.members() if other is not mine)):
            values = arena.values(operation, actor, spend=True)
            _fresh_answer(arena, operation, actor, values, key, "a key of B's and a colleague's")
        values = arena.values(operation, mine, spend=True)
        _fresh_answer(arena, operation, mine, values, f"key-{number - 1}", "a key of another route")
        _own_retry(arena, operation, mine, f"own-{number}")


def _fresh_answer(arena: Arena, operation: Operation, actor: Actor, values: Values, key: str, what: str) -> None:
    case = Case("T52", operation.name, actor.name, what)
    request = operation.request(values).having(("idempotency-key", key))
    reply = arena.attempt(case, request, actor)
    if reply.header(REPLAYED) or b"IDEMPOTENCY_KEY_REUSED" in reply.body:
        arena.note(case, [(Sort.ORACLE, "the key was known")], request.curl(actor.name))


def _own_retry(arena: Arena, operation: Operation, actor: Actor, key: str) -> None:
    """What the others are measured by: somebody's own retry is answered as before."""
    request = operation.request(arena.values(operation, actor, spend=True)).having(("idempotency-key", key))
    first = arena.send(request, actor)
    case = Case("T52", operation.name, actor.name, "their own retry")
    again = arena.attempt(case, request, actor)
    if first.ok and not again.header(REPLAYED) and not operation.bulk:
        arena.note(case, [(Sort.CONTRACT, f"a retry was done again: {again.status}")], request.curl(actor.name))


ATTACKS = (
    Attack("T07", "bulks with own and foreign items", bulk_together, "no bulk routes"),
    Attack("T14", "an id that B uses", take_ids),
    Attack("T15", "a unique value that B has", take_values, "nothing unique can be sent"),
    Attack("API3", "fields that only the server fills", assign_in_mass),
    Attack("T37", "SQL and templates in every input", inject),
    Attack("T38", "values that provoke errors", provoke),
    Attack("T52", "idempotency keys of others", borrow_keys),
)

"""What must work, and for whom: every operation as everybody, with valid input."""

from __future__ import annotations

from itertools import product

from freehold.testing.isolation.actors import Actor
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.http import Reply
from freehold.testing.isolation.inputs import Unfit
from freehold.testing.isolation.matrix import Operation, Values, allowed
from freehold.testing.isolation.rehearsal import VARIANTS
from freehold.testing.isolation.report import Case, Sort
from freehold.testing.isolation.world import Side

REFUSED = (401, 403)


def succeed(arena: Arena) -> None:
    """OWN: every operation does succeed for its own tenant, and meanwhile nothing of B's is seen or changed."""
    world = arena.world
    for side in (world.b, world.a):
        for operation in arena.operations:
            last = _until_it_succeeds(arena, side, operation)
            if side is world.b:
                continue
            if last is None:
                arena.report.exercised.add(operation.name)
            else:
                arena.report.unexercised[operation.name] = last
    arena.backend.courier.deliver_due()
    arena.oracle.rebase()


def _until_it_succeeds(arena: Arena, side: Side, operation: Operation) -> str | None:
    """None when it did; otherwise what the last answer was. A list is asked for until there is something in it."""
    last, empty = "nobody may call it", False
    for variant, actor in product(range(VARIANTS), _most_first(arena, side, operation)):
        try:
            values = arena.rehearsal.values(side, operation, actor, variant=variant, spend=True)
        except Unfit as unfit:
            last = str(unfit)
            break
        reply = _sent(arena, side, operation, actor, values, variant)
        if not reply.ok or operation.refused(reply, ()):
            last = reply.refusal()
            continue
        empty = operation.lists and not reply.data
        arena.rehearsal.learn(side, operation, variant, actor, empty=empty)
        if not empty:
            return None
    if empty and side is arena.world.a:
        arena.report.empty.append(operation.name)
    return None if arena.rehearsal.known(side, operation) else last


def _sent(arena: Arena, side: Side, operation: Operation, actor: Actor, values: Values, variant: int) -> Reply:
    request = operation.request(values)
    if side is arena.world.a:
        arena.oracle.rebase()
        return arena.attempt(Case("OWN", operation.name, actor.name, f"variant {variant}"), request, actor)
    return arena.send(request, actor)


def _most_first(arena: Arena, side: Side, operation: Operation) -> list[Actor]:
    ranks = {role.name: role.rank for role in arena.backend.model.roles}
    if operation.is_open:
        return [next(actor for actor in arena.world.actors() if actor.anonymous)]
    able = [
        actor for actor in side.actors.values()
        if allowed(operation.case.allow, actor.role, ranks) is not False and (actor.is_person or not operation.everyone)
    ]  # fmt: skip
    return sorted(able, key=lambda actor: (-ranks.get(actor.role, -1), actor.name))


def roles(arena: Arena) -> None:
    """API5: every operation as everybody whose role is too low, and as nobody: 403 or 401, and nothing done."""
    ranks = {role.name: role.rank for role in arena.backend.model.roles}
    for operation in arena.operations:
        if operation.is_open or operation.costly:
            continue
        for actor in arena.world.actors():
            if operation.everyone and actor.is_person:
                continue
            barred = not actor.tenant or (operation.everyone and actor.key)
            if not barred and allowed(operation.case.allow, actor.role, ranks) is not False:
                continue
            _refused(arena, operation, actor)


def _refused(arena: Arena, operation: Operation, actor: Actor) -> None:
    case = Case("API5", operation.name, actor.name)
    request = operation.request(arena.values(operation, arena.able(operation)))
    reply = arena.attempt(case, request, actor)
    if not operation.refused(reply, REFUSED):
        arena.note(case, [(Sort.DOOR, f"{reply.status} where 401 or 403 is right")], request.curl(actor.name))


ATTACKS = (
    Attack("OWN", "every operation, for its own tenant", succeed),
    Attack("API5", "every operation with too low a role, or none", roles),
)

"""Behind the calls: events, handlers and jobs, on whose ground they run and who may set them off."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic_core import to_json

from freehold.model.data import Entity, Event
from freehold.model.lookup import reference_of
from freehold.model.ports import User
from freehold.model.usecase import Kind, UseCase
from freehold.runtime.failures import Failure
from freehold.runtime.invoke import Call
from freehold.runtime.outbox import Delivery
from freehold.runtime.ports import Principal
from freehold.runtime.prepared import Sent
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.inputs import Unfit
from freehold.testing.isolation.oracle import Finding
from freehold.testing.isolation.report import Case, Sort
from freehold.testing.isolation.world import Side


def _behind(arena: Arena, *kinds: Kind) -> list[UseCase]:
    return [case for case in arena.backend.model.use_cases.values() if case.kind in kinds]


def own_ground(arena: Arena) -> None:
    """T59: what A's calls have set off is done on A's ground, and B's on B's, though one courier does both."""
    world, courier = arena.world, arena.backend.courier
    for operation in arena.operations:
        if operation.reads or operation.costly or operation.everyone:
            continue
        for side in (world.b, world.a):
            known = arena.rehearsal.known(side, operation)
            actor = known.actor if known else side.actors[world.roles[-1]]
            arena.send(operation.request(arena.rehearsal.values(side, operation, actor, spend=True)), actor)
        courier.deliver_due()
        case = Case("T59", operation.name, "courier", "events of both")
        arena.note(case, [*arena.oracle.taken_over("B"), *arena.oracle.taken_over("A")])
        arena.oracle.rebase()


def foreign_events(arena: Arena) -> None:
    """T63: an event on A's ground that names what is B's: its handlers find nothing, and change nothing of B's."""
    for case in _behind(arena, Kind.HANDLER):
        for number in range(2):
            payload = _payload(arena, case.event, number) if case.event else "{}"
            _put(arena, arena.world.a, case, payload)
            arena.oracle.rebase()
            arena.backend.courier.deliver_due()
            tried = Case("T63", case.name, "courier", f"B's ids in {case.route}")
            arena.note(tried, [*arena.oracle.moved(), *_without_ids(arena)])


def _without_ids(arena: Arena) -> Iterator[Finding]:
    """What of B's is on A's ground now, but for the ids that were planted there."""
    return arena.oracle.taken_over(marks_only=True)


def _payload(arena: Arena, event: type[Event], number: int) -> str:
    made = arena.world.neutral.object(event.model_json_schema(), of=event.__name__)
    for name, info in event.model_fields.items():
        target = reference_of(info.annotation)
        kind = arena.world.model.people if target is User else target
        if kind is not None and issubclass(kind, Entity):
            try:
                made[name] = arena.foreign(kind, number)
            except Unfit:
                continue
    return to_json(made).decode()


def _put(arena: Arena, side: Side, case: UseCase, payload: str) -> None:
    name = case.event.__name__ if case.event else ""
    due = arena.backend.clock.now()
    arena.world.crowd.keep(side.tenant, Delivery(handler=case.name, event=name, payload=payload, call="suite", due=due))


def uncalled(arena: Arena) -> None:
    """T62: handlers, jobs and operators' commands are nobody's to call: not a member's, not a key's, not nobody's."""
    runtime, world = arena.backend.runtime, arena.world
    callers: dict[str, Principal | None] = {
        "anonymous": None,
        "a member": Principal(world.a.tenant, world.a.actors[world.roles[-1]].subject, session="suite"),
        "a key": Principal(world.a.tenant, world.a.actors["key"].subject, kind="key"),
        "somebody without a tenant": Principal("", world.a.actors[world.roles[-1]].subject),
        "the system without a tenant": Principal("", "", kind="system"),
    }
    for name, ready in runtime.cases.items():
        case = ready.case
        if case.path or case.allow is not None:
            continue
        for caller, principal in callers.items():
            if caller.startswith("the system") and case.scope == "everyone":
                continue
            tried = Case("T62", name, caller, case.route)
            try:
                runtime(Call(ready, Sent({}), principal, id="suite"))
                arena.note(tried, [(Sort.DOOR, "it ran")])
            except Failure:
                arena.note(tried, arena.oracle.moved())


def jobs(arena: Arena) -> None:
    """T65: jobs, for each tenant by itself: A's run changes nothing of B's."""
    runtime, tenant = arena.backend.runtime, arena.world.a.tenant
    for case in _behind(arena, Kind.JOB):
        if case.scope == "everyone":
            continue
        tried = Case("T65", case.name, "the system, for A", case.route)
        try:
            runtime(Call(runtime.cases[case.name], Sent({}), Principal(tenant, "", kind="system"), id="suite"))
        except Failure as failure:
            arena.note(tried, [(Sort.STATE, f"{failure}")])
            continue
        arena.note(tried, [*arena.oracle.moved(), *_without_ids(arena)])


ATTACKS = (
    Attack("T59", "events of both tenants, one courier", own_ground),
    Attack("T62", "call handlers, jobs and operators' commands", uncalled),
    Attack("T63", "events that name what is B's", foreign_events, "there are no handlers"),
    Attack("T65", "jobs, for each tenant by itself", jobs, "there are no jobs"),
)

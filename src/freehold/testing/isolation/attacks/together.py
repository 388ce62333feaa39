"""At the same time: calls of both tenants interleaved, on few threads, given up half-way."""

from __future__ import annotations

from dataclasses import replace

from freehold.testing.isolation.actors import Actor
from freehold.testing.isolation.arena import TAKEN, Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.http import Reply, Request, Wire
from freehold.testing.isolation.matrix import Operation
from freehold.testing.isolation.oracle import Finding
from freehold.testing.isolation.report import Case, Sort
from freehold.testing.isolation.witness import AUDIT
from freehold.testing.isolation.world import Side
from freehold.wiring import site

ROUNDS, AT_ONCE = 12, 32
Sent = tuple[Side, Operation, Actor, Request]


def interleaved(arena: Arena) -> None:
    """T56: calls of both tenants at once, on every worker: each is answered with its own."""
    _rounds(arena, "T56", arena.wire)


def one_thread(arena: Arena) -> None:
    """T57: the same with one worker, which serves one tenant after another."""
    settings = replace(arena.backend.settings, workers=1, queue_depth=AT_ONCE)
    with Wire(site(replace(arena.backend, settings=settings))) as wire:
        _rounds(arena, "T57", wire)
        arena.wire.sent += wire.sent


def _rounds(arena: Arena, attack: str, wire: Wire) -> None:
    readable = [operation for operation in arena.operations if operation.reads and not operation.everyone]
    for number in range(max(2, round(ROUNDS * arena.effort * TAKEN))):
        sent = [_drawn(arena, readable) for _ in range(AT_ONCE)]
        crowd = arena.world.crowd
        alone = {
            index: arena.send(request, actor) for index, (_, _, actor, request) in enumerate(sent) if index % 8 == 0
        }
        replies = wire.together([(request, crowd.token(actor)) for _, _, actor, request in sent])
        arena.oracle.logs.taken()
        for index, ((side, operation, actor, request), reply) in enumerate(zip(sent, replies, strict=True)):
            other = "A" if side is arena.world.b else "B"
            found: list[Finding] = list(arena.oracle.seen(reply.text(), sent=request.sent(), of=other))
            if index in alone and reply.without() != alone[index].without():
                found.append((Sort.ORACLE, "the answer is another than when asked alone"))
            arena.note(Case(attack, operation.name, actor.name, f"round {number}"), found, request.curl(actor.name))
    moved = [found for found in arena.oracle.moved() if AUDIT not in found[1]]  # B's own refusals are noted
    arena.note(Case(attack, "everything", "everybody", "B's ground"), moved)
    arena.oracle.rebase()


def _drawn(arena: Arena, readable: list[Operation]) -> Sent:
    side = arena.random.choice((arena.world.a, arena.world.b))
    operation = arena.random.choice(readable)
    actor = arena.random.choice(list(side.actors.values()))
    variant = arena.random.randrange(3)
    return side, operation, actor, operation.request(arena.rehearsal.values(side, operation, actor, variant=variant))


def given_up(arena: Arena) -> None:
    """T60: callers who hang up, before the body is complete or while their call is worked on; then they ask again."""
    for operation, actor in arena.pairs(lambda o: not o.costly and not o.everyone, most=16):
        request = operation.request(arena.values(operation, actor, spend=True))
        for after in (0, 1, 2, 3):
            arena.wire.abandon(request, arena.world.crowd.token(actor), after=after)
            case = Case("T60", operation.name, actor.name, f"given up after {after} steps")
            reply = arena.attempt(case, Request("GET", "/members"), actor)
            arena.note(case, _own_members(arena, reply, actor))


def _own_members(arena: Arena, reply: Reply, actor: Actor) -> list[Finding]:
    data = reply.data if isinstance(reply.data, list) else []
    there = {str(one.get("id")) for one in data if isinstance(one, dict)}
    known = arena.world.a.actors[arena.world.roles[0]].subject
    return [] if known in there or not reply.ok else [(Sort.STATE, f"{actor.name} does not see their own members")]


ATTACKS = (
    Attack("T56", "calls of both tenants interleaved", interleaved),
    Attack("T57", "one thread for both tenants", one_thread),
    Attack("T60", "callers who hang up half-way", given_up),
)

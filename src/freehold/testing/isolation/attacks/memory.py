"""What a process remembers: answers, module state, limits, lockouts and lines before the workers."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from types import FunctionType, ModuleType

from freehold.model.usecase import Source
from freehold.testing.clock import HandClock
from freehold.testing.isolation.actors import PASSWORD, Actor, Crowd
from freehold.testing.isolation.arena import LIMITED, Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.attacks.tenancy import forger
from freehold.testing.isolation.ground import opener
from freehold.testing.isolation.http import Reply, Request, Wire
from freehold.testing.isolation.oracle import Finding
from freehold.testing.isolation.report import Case, Sort
from freehold.wiring import backend, site

FLOOD, ROW = 50, 30
A_WHILE = timedelta(minutes=2)


def warmed(arena: Arena) -> None:
    """T50: every query as B and then as A, on ids that both have: A's answer, as before B has asked."""
    world, theirs = arena.world, arena.world.b.actors[arena.world.roles[-1]]
    for operation, actor in arena.pairs(lambda o: o.reads):
        values = dict(arena.values(operation, actor))
        for place in operation.ids_from(Source.PATH, Source.QUERY):
            twins = world.twins.get(place.target, [])
            if twins:
                values = dict(place.put(values, twins[-1]))
        request = operation.request(values)
        before = arena.send(request, actor)
        arena.send(request, theirs)
        case = Case("T50", operation.name, actor.name, "after B has asked the same")
        after = arena.attempt(case, request, actor)
        if after.without() != before.without():
            arena.note(case, [(Sort.ORACLE, "the answer changed because B has asked")], request.curl(actor.name))


def remembered(arena: Arena) -> None:
    """T54: nothing of B's can be reached from what the process keeps: modules, caches, defaults, closures."""
    model = arena.backend.model
    names = {case.function.__module__ for case in model.use_cases.values()}
    roots: dict[str, object] = {"the backend": arena.backend, "the site": arena.wire.app}
    roots |= {f"module {name}": vars(sys.modules[name]) for name in sorted(names) if name in sys.modules}
    roots |= {f"use case {case.name}": case.function for case in model.use_cases.values()}
    tried = "\n".join(actor.email for actor in arena.world.b.actors.values())  # a lockout remembers whom A has tried
    seen: set[int] = set()
    for name, root in roots.items():
        found = arena.oracle.seen("\n".join(_texts(root, names, seen)), sent=tried, marks_only=True)
        arena.note(Case("T54", name, "process", "after everything"), found)


def _texts(root: object, modules: Iterable[str], seen: set[int]) -> Iterator[str]:
    """Every text that can be reached, but not through what is foreign to the app and to freehold."""
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, str):
            yield one
        elif isinstance(one, bytes):
            yield one.decode("latin-1")
        elif (name := _defined_in(one)) is None or name in modules or _is_freeholds(name):
            waiting += gc.get_referents(one)


def _defined_in(one: object) -> str | None:
    """The module that a function, a class or a module's own names are of; None for what is of no module."""
    if isinstance(one, ModuleType):
        return one.__name__
    if isinstance(one, dict):
        return str(one.get("__name__")) if "__builtins__" in one else None
    return str(getattr(one, "__module__", "")) if isinstance(one, (type, FunctionType)) else None


def _is_freeholds(name: str) -> bool:
    return name.startswith("freehold.") and not name.startswith("freehold.testing.")


class Tight:
    """A small backend with low limits, an owner in each of two tenants, and its own way in."""

    def __init__(self, arena: Arena, **settings: object) -> None:
        """Put it together."""
        wanted = replace(arena.backend.settings, **settings)
        self.clock = HandClock()
        store, random = opener(wanted), arena.randomness
        self.backend = backend(arena.app, wanted, memory=True, clock=self.clock, random=random, store=store)
        crowd = self.crowd = Crowd(self.backend, arena.world.crowd.hashed)
        role = arena.world.roles[-1]
        self.owners: list[Actor] = []
        self.keys: list[Actor] = []
        for name in ("a", "b"):
            tenant, email = crowd.organisation(f"tight-{name}", name), f"{name}@tight.test"
            id = crowd.person(name, email, [tenant])
            crowd.join(id, tenant, name, email, role)
            self.owners.append(Actor(f"owner of {name.upper()}", tenant, id, role, email=email))
            text = crowd.key(tenant, arena.world.absent(), arena.world.neutral.text() * 3, "Key", role, id)
            self.keys.append(Actor(f"API key of {name.upper()}", tenant, "key", role, key=text))


def exhausted(arena: Arena) -> None:
    """T53: A, or anybody, uses up limits and lines: B's calls are answered all the same."""
    tight = Tight(arena, tenant_limit="40/minute", principal_limit="31/minute", workers=1, queue_depth=2)
    try:
        with Wire(site(tight.backend)) as wire:
            for name, flood in _floods(arena).items():
                _flooded(arena, name, flood(tight), tight, wire)
                tight.clock.turn(A_WHILE)
            _lines(arena, tight, wire)
            _locked_out(arena, tight, wire)
            arena.wire.sent += wire.sent
    finally:
        tight.backend.close()


Attempt = tuple[Request, Actor]
Flood = Callable[[Tight], list[Attempt]]


def _floods(arena: Arena) -> dict[str, Flood]:
    me, nonsense = Request("GET", "/auth/me"), {"token": "nonsense"}
    nobody = Actor("anonymous", "", "")

    def forged(tight: Tight) -> list[Attempt]:
        tenant = tight.owners[1].tenant
        return [(me, forger("forger", f"fhk_{tenant}.{arena.world.absent()}.{n}")) for n in range(FLOOD)]

    def guessed(tight: Tight) -> list[Attempt]:
        return [(me, forger("forger", f"{_open_part(tight.keys[1])}.{n}")) for n in range(FLOOD)]

    def opened(tight: Tight) -> list[Attempt]:
        del tight
        sent = Request.of("POST", "/auth/refresh", nonsense)
        return [(replace(sent, address=f"198.51.100.{n % 4}"), nobody) for n in range(FLOOD)]

    def in_bulk(tight: Tight) -> list[Attempt]:
        bulk = next(one for one in arena.operations if one.bulk and not one.everyone)
        tenant = tight.owners[1].tenant  # several keys, since each of them has a limit of its own
        claims = [forger("forger", f"fhk_{tenant}.{arena.world.absent()}.nothing") for _ in range(3)]
        return [(bulk.items({}), claims[n % 3]) for n in range(FLOOD)]

    has_bulk = any(one.bulk and not one.everyone for one in arena.operations)
    return {
        **({"bulks with keys that claim to be B's": in_bulk} if has_bulk else {}),
        "calls of A's owner": lambda tight: [(me, tight.owners[0])] * FLOOD,
        "calls of A's API key": lambda tight: [(me, tight.keys[0])] * FLOOD,
        "calls with keys that claim to be B's": forged,
        "calls with the id of B's key and other secrets": guessed,
        "calls of nobody": opened,
        "calls that belong to no tenant": lambda tight: (
            [(Request("GET", "/auth/organisations"), tight.owners[0])] * FLOOD
        ),
    }


def _open_part(owner: Actor) -> str:
    """What colleagues can read of a key, and what one of them who has left still knows: all but its secret."""
    return owner.key.rpartition(".")[0]


def _flooded(arena: Arena, name: str, flood: list[Attempt], tight: Tight, wire: Wire) -> None:
    limited = [wire.send(request, tight.crowd.token(actor)).status for request, actor in flood].count(LIMITED)
    session = tight.crowd.session(tight.owners[1].subject, tight.owners[1].tenant, "secret" * 4)
    calls = {
        "GET /auth/me": (Request("GET", "/auth/me"), tight.owners[1]),
        "GET /members by key": (Request("GET", "/members"), tight.keys[1]),
        "POST /auth/refresh": (
            replace(Request.of("POST", "/auth/refresh", {"token": session}), address="203.0.113.9"),
            Actor("anonymous", "", ""),
        ),
    }  # fmt: skip
    for call, (request, actor) in calls.items():
        reply = wire.send(request, tight.crowd.token(actor))
        case = Case("T53", call, actor.name, f"after {FLOOD} {name}, {limited} of them refused")
        arena.note(case, _held_back(reply), request.curl(actor.name))


def _held_back(reply: Reply) -> list[Finding]:
    return [] if reply.ok else [(Sort.DOOR, f"{reply.status}: somebody else has used up what was B's")]


def _lines(arena: Arena, tight: Tight, wire: Wire) -> None:
    """A, or who claims to be of B, fills the lines before the workers; B's calls have a line of their own."""
    mine, theirs = ((Request("GET", "/members"), owner) for owner in tight.owners)
    claims = {
        "who claims to be of B": f"fhk_{tight.owners[1].tenant}.{arena.world.absent()}.nothing",
        "who knows the id of B's key": f"{_open_part(tight.keys[1])}.nothing",
    }
    forgers = {name: [(mine[0], forger("forger", claim))] * ROW for name, claim in claims.items()}
    floods = {"A": [mine] * ROW, **forgers}
    for (name, flood), number in product(floods.items(), range(5)):
        place = ROW // 2 + number
        calls = [*flood[:place], theirs, *flood[place:]]
        replies = wire.together([(request, tight.crowd.token(actor)) for request, actor in calls])
        case = Case("T53", "the line before the workers", "owner of B", f"round {number}, filled by {name}")
        arena.note(case, _held_back(replies[place]))
        tight.clock.turn(A_WHILE)


def _locked_out(arena: Arena, tight: Tight, wire: Wire) -> None:
    """Wrong passwords for A's account, from one place: B signs in from another."""
    for _ in range(6):
        wire.send(_sign_in(tight.owners[0].email, "not the right one", "198.51.100.1"), None)
    reply = wire.send(_sign_in(tight.owners[1].email, PASSWORD, "203.0.113.9"), None)
    arena.note(Case("T53", "sign_in", "owner of B", "after wrong passwords for A"), _held_back(reply))


def _sign_in(email: str, password: str, address: str) -> Request:
    return replace(Request.of("POST", "/auth/sign-in", {"email": email, "password": password}), address=address)


ATTACKS = (
    Attack("T50", "answers that were made for B", warmed),
    Attack("T53", "use up B's limits, lockouts and lines", exhausted),
    Attack("T54", "module state, caches and defaults", remembered),
)

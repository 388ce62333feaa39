"""People: removed members, suspended tenants, somebody in both, invitations, and roles that change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from freehold.accounts.records import Member
from freehold.model.usecase import Source
from freehold.testing.isolation.actors import PASSWORD, Actor
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.http import Reply, Request
from freehold.testing.isolation.matrix import Operation, allowed
from freehold.testing.isolation.report import Case, Sort
from freehold.testing.isolation.world import Side

STALE_SECONDS = 2
"""How long a suspended tenant may go unnoticed."""

OUT, SHUT = (401,), (403,)


def _own_queries(arena: Arena) -> list[Operation]:
    return [o for o in arena.operations if o.reads and not o.everyone and not o.is_open]


def removed_members(arena: Arena) -> None:
    """T25: a member who was removed: the token is still valid, and opens nothing from the next call on."""
    world = arena.world
    for role in world.roles:
        gone = _newcomer(arena, world.a, role)
        queries = _able(arena, role)
        before = [arena.send(operation.request(arena.values(operation, gone)), gone) for operation in queries]
        if not _done(arena, Case("T25", "remove_member", gone.name), Request("DELETE", f"/members/{gone.subject}")):
            continue
        for operation, earlier in zip(queries, before, strict=True):
            case = Case("T25", operation.name, f"removed {role}", f"before: {earlier.status}")
            _expect(arena, case, operation.request(arena.values(operation, gone)), gone, OUT)


def _able(arena: Arena, role: str) -> list[Operation]:
    ranks = {one.name: one.rank for one in arena.backend.model.roles}
    return [o for o in _own_queries(arena) if allowed(o.case.allow, role, ranks) is not False]


def _newcomer(arena: Arena, side: Side, role: str) -> Actor:
    """A new member, whom nobody will miss."""
    world = arena.world
    email = f"{world.neutral.text()}@{side.slug}.test"
    id = world.crowd.person("Newcomer", email, [side.tenant])
    world.crowd.join(id, side.tenant, "Newcomer", email, role)
    return Actor(f"new {role} of {side.name}", side.tenant, id, role, email=email)


def _done(arena: Arena, case: Case, request: Request) -> bool:
    """Whether A's owner could do it. If not, what comes next would show nothing."""
    reply = arena.send(request, arena.world.a.actors[arena.world.roles[-1]])
    arena.note(case, [] if reply.ok else [(Sort.CONTRACT, f"{reply.status}: it could not be done")])
    return reply.ok


def _expect(arena: Arena, case: Case, request: Request, actor: Actor, statuses: tuple[int, ...]) -> Reply:
    reply = arena.attempt(case, request, actor)
    if reply.status not in statuses:
        arena.note(case, [(Sort.DOOR, f"{reply.status}, not {statuses[0]}")], request.curl(actor.name))
    return reply


def suspended_tenants(arena: Arena) -> None:
    """T26: a tenant that is suspended: its people and keys are shut out within seconds, its neighbours are not."""
    world = arena.world
    slug = world.neutral.text()
    tenant = world.crowd.organisation(slug, "Suspended")
    side = Side("S", tenant, slug, world.neutral)
    owner = _newcomer(arena, side, world.roles[-1])
    text = world.crowd.key(tenant, world.absent(), world.neutral.text() * 3, "Key", owner.role, owner.subject)
    key = Actor("key of a suspended tenant", tenant, "key", owner.role, key=text)
    neighbour = world.a.actors[world.roles[-1]]
    for state, right in (("active", (200,)), ("suspended", SHUT), ("active", (200,))):
        _set_state(arena, slug, state)
        for path in ("/members", "/auth/me"):
            for actor in (owner, key):
                case = Case("T26", path, actor.name, state)
                _expect(arena, case, Request("GET", path), actor, right)
            case = Case("T26", path, neighbour.name, f"beside a tenant that is {state}")
            _expect(arena, case, Request("GET", path), neighbour, (200,))
    stranger = Actor("member of a tenant that never was", world.absent(), neighbour.subject)
    _expect(arena, Case("T26", "/members", stranger.name), Request("GET", "/members"), stranger, OUT)


def _set_state(arena: Arena, slug: str, state: str) -> None:
    name = "suspend_tenant" if state == "suspended" else "resume_tenant"
    arena.operate(name, organisation=slug)
    arena.world.clock.turn(timedelta(seconds=STALE_SECONDS))


def members_of_both(arena: Arena) -> None:
    """T27: somebody who is an owner in B and the least in A: in A they see A only, and may do the least."""
    world = arena.world
    both, ranks = world.a.actors["both"], {role.name: role.rank for role in arena.backend.model.roles}
    for operation in arena.operations:
        if operation.everyone or operation.costly:
            continue
        barred = allowed(operation.case.allow, both.role, ranks) is False
        values = arena.values(operation, both)
        case = Case("T27", operation.name, both.name, "with the role of B" if barred else "with their own role")
        if barred:
            reply = arena.attempt(case, operation.request(values), both)
            if not operation.refused(reply, SHUT):
                found = f"{reply.status} {reply.body[:200]!r}, not 403"
                arena.note(case, [(Sort.DOOR, found)], operation.request(values).curl(both.name))
        for place in operation.ids_from(Source.PATH, Source.QUERY):
            foreign = arena.swapped(operation, values, place, arena.foreign(place.target))
            absent = arena.swapped(operation, values, place, world.absent())
            arena.alike(Case("T27", operation.name, both.name, f"B's {place}"), both, foreign, absent)


def invitations(arena: Arena) -> None:
    """T31: an invitation of B's that was altered, belongs to another tenant, or was used before."""
    world = arena.world
    owner = world.b.actors[world.roles[-1]]
    email = f"{world.neutral.text()}@invited.test"
    issued = arena.send(_post("/invitations", {"email": email, "role": world.roles[0]}), owner).data
    token = str(issued.get("token")) if isinstance(issued, dict) else ""
    arena.oracle.rebase()
    tenant, id, secret = token.split(".")
    nobody = next(actor for actor in world.actors() if actor.anonymous)
    wrong = {
        "on A's ground": f"{world.a.tenant}.{id}.{secret}", "another secret": f"{tenant}.{id}.{secret[::-1]}",
        "another invitation": f"{tenant}.{world.absent()}.{secret}", "no secret": f"{tenant}.{id}.", "cut": token[:-3],
        "the platform's": f"00000000-0000-0000-0000-000000000000.{id}.{secret}", "two dots": f"{tenant}..{secret}",
    }  # fmt: skip
    nonsense = arena.send(_accepting("a.b.c"), nobody)
    for name, altered in wrong.items():
        case = Case("T31", "accept_invitation", nobody.name, name)
        reply = arena.attempt(case, _accepting(altered), nobody)
        if reply.without() != nonsense.without():
            arena.note(case, [(Sort.ORACLE, f"{reply.status} {reply.body[:100]!r} tells it from nonsense")])
    arena.send(_accepting(token), nobody)
    arena.oracle.rebase()
    case = Case("T31", "accept_invitation", nobody.name, "used before")
    again = arena.attempt(case, _accepting(token), nobody)
    if again.without() != nonsense.without():
        arena.note(case, [(Sort.ORACLE, f"{again.status} tells a used one from nonsense")])


def _accepting(token: str) -> Request:
    return _post("/auth/accept-invitation", {"token": token, "password": PASSWORD, "name": "Somebody"})


def _post(path: str, body: Mapping[str, object], method: str = "POST") -> Request:
    return Request.of(method, path, body)


def changed_roles(arena: Arena) -> None:
    """T55: a role that was lowered, a key that was revoked, a session that was ended: from the next call on."""
    world = arena.world
    owner, top = world.a.actors[world.roles[-1]], world.roles[-1]
    lowered = _newcomer(arena, world.a, top)
    probe = Request("GET", "/api-keys")
    _expect(arena, Case("T55", "list_api_keys", lowered.name, "before"), probe, lowered, (200,))
    lower = _post(f"/members/{lowered.subject}", {"role": world.roles[0]}, "PATCH")
    if _done(arena, Case("T55", "change_role", lowered.name), lower) and len(world.roles) > 1:
        _expect(arena, Case("T55", "list_api_keys", lowered.name, "a lower role"), probe, lowered, SHUT)
    issued = arena.send(_post("/api-keys", {"name": "Key", "role": top}), owner).data
    made = issued if isinstance(issued, dict) else {}
    key = Actor("revoked key", world.a.tenant, str(made.get("id")), top, key=str(made.get("token")))
    open_to_all = Request("GET", "/members")
    _expect(arena, Case("T55", "list_members", key.name, "before"), open_to_all, key, (200,))
    arena.send(Request("DELETE", f"/api-keys/{key.subject}"), owner)
    _expect(arena, Case("T55", "list_members", key.name, "revoked"), open_to_all, key, OUT)
    _ended_session(arena, owner)


def _ended_session(arena: Arena, owner: Actor) -> None:
    world = arena.world
    token = world.crowd.session(owner.subject, owner.tenant, world.neutral.text() * 2)
    nobody = next(actor for actor in world.actors() if actor.anonymous)
    arena.send(_post("/auth/sign-out", {"token": token}), nobody)
    _expect(arena, Case("T55", "refresh", "ended session"), _post("/auth/refresh", {"token": token}), nobody, OUT)


def sign_in_enumeration(arena: Arena) -> None:
    """API2: signing in tells nobody who has an account, and switching nobody which organisations there are."""
    world = arena.world
    nobody = next(actor for actor in world.actors() if actor.anonymous)
    there = world.b.actors[world.roles[0]].email
    known, unknown = (
        _post("/auth/sign-in", {"email": email, "password": "not the right one"})
        for email in (there, "who@nowhere.test")
    )
    case = Case("API2", "sign_in", nobody.name, "B's address, and one that nobody has")
    arena.alike(case, nobody, (known, there), (unknown, "who@nowhere.test"))
    for actor in arena.members():
        if not actor.is_person or actor.also:
            continue
        token = world.crowd.session(actor.subject, actor.tenant, world.neutral.text() * 2)
        foreign = _post("/auth/switch", {"organisation": world.b.slug, "token": token}), world.b.slug
        absent = _post("/auth/switch", {"organisation": "nobody-else", "token": token}), "nobody-else"
        arena.alike(Case("API2", "switch", actor.name, "B's organisation"), actor, foreign, absent)


def found_members(arena: Arena) -> None:
    """T29: members, invitations and keys of B's through A's own paths."""
    world = arena.world
    for operation in arena.operations:
        if not operation.case.built_in or operation.everyone:
            continue
        for place in operation.ids:
            for actor in arena.members():
                for number in range(2):
                    values = arena.values(operation, actor)
                    kind = place.target
                    people = [a.subject for label, a in world.b.actors.items() if a.is_person and label != "both"]
                    theirs = people[number % len(people)] if kind is Member else arena.foreign(kind, number)
                    foreign = arena.swapped(operation, values, place, theirs)
                    absent = arena.swapped(operation, values, place, world.absent())
                    arena.alike(Case("T29", operation.name, actor.name, f"B's {place}"), actor, foreign, absent)


ATTACKS = (
    Attack("T25", "members who were removed", removed_members),
    Attack("T26", "tenants that are suspended", suspended_tenants),
    Attack("T27", "somebody who is a member of both", members_of_both),
    Attack("T29", "members, invitations and keys of B", found_members),
    Attack("T31", "invitations of B: altered, moved, used", invitations),
    Attack("T55", "roles lowered, keys revoked, sessions ended", changed_roles),
    Attack("API2", "tell who has an account", sign_in_enumeration),
)

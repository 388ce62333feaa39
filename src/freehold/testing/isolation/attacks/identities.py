"""Outside identity providers: one of B's that claims A, subjects and addresses that somebody else has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from freehold.accounts.records import Member
from freehold.edges.issuers import Issuer
from freehold.edges.jwks import FixedKeys
from freehold.edges.keys import KeyRing
from freehold.edges.tokens import LocalTokens
from freehold.model.data import Id
from freehold.testing.isolation.actors import Actor
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.attacks.tenancy import UNAUTHENTICATED, forger, signed
from freehold.testing.isolation.http import Request, Wire
from freehold.testing.isolation.report import Case, Sort
from freehold.wiring import site

THEIRS, SHARED = "https://id.rival.test", "https://id.shared.test"
ASKED = ("/auth/me", "/members")


def outside(arena: Arena) -> None:
    """T24: an issuer bound to B signs for A, or for whoever has the same subject or address here: 401, and no link."""
    ring = KeyRing.create(arena.randomness)
    _link(arena, arena.world.a.tenant, "linked-in-a")
    right = _link(arena, arena.world.b.tenant, "linked-in-b")
    _link(arena, arena.world.a.tenant, "linked-in-a", SHARED)
    with Wire(site(replace(arena.backend, tokens=_tokens(arena, ring)))) as wire:
        for name, claims in _claims(arena, right).items():
            token = signed(arena, ring, forger(name, ""), claims)
            for path in ASKED:
                _asked(arena, wire, Case("T24", path, "B's identity provider", name), token, right=name == "their own")
        arena.wire.sent += wire.sent
    arena.oracle.rebase()


def _asked(arena: Arena, wire: Wire, case: Case, token: str, *, right: bool) -> None:
    request = Request("GET", case.operation)
    reply = wire.send(request, token)
    found = list(arena.oracle.seen(reply.text(), of="A" if right else "B", sent=forger("", token).told))
    if not right and reply.status != UNAUTHENTICATED:
        found.append((Sort.DOOR, f"{reply.status} where 401 is right"))
    if right and not reply.ok:
        found.append((Sort.CONTRACT, f"{reply.status} for who is linked: the other cases show nothing"))
    arena.oracle.logs.taken()
    arena.note(case, [*found, *arena.oracle.moved()], request.curl(case.variant))


def _claims(arena: Arena, right: str) -> Mapping[str, dict[str, object]]:
    """What B's provider writes into its tokens. `right` is the subject that is linked on B's ground."""
    a, b = arena.world.a, arena.world.b
    owner = a.actors[arena.world.roles[-1]]
    mine: dict[str, object] = {"iss": THEIRS, "tid": b.tenant}
    return {
        "their own": {**mine, "sub": right},
        "A as the tenant": {**mine, "sub": right, "tid": a.tenant},
        "A as the tenant, A's linked subject": {**mine, "sub": "linked-in-a", "tid": a.tenant},
        "A's linked subject": {**mine, "sub": "linked-in-a"},
        "A's owner as the subject": {**mine, "sub": owner.subject},
        "B's owner as the subject": {**mine, "sub": b.actors[arena.world.roles[-1]].subject},
        "A's owner's address": {**mine, "sub": "stranger", "email": owner.email, "email_verified": True},
        "our own issuer": {**mine, "sub": owner.subject, "iss": arena.backend.settings.issuer, "tid": a.tenant},
        "a shared issuer, A": {"iss": SHARED, "sub": "linked-in-a", "tid": a.tenant},
        "a shared issuer, no tenant": {"iss": SHARED, "sub": right, "tid": ...},
        "a shared issuer, both": {"iss": SHARED, "sub": right, "tid": [b.tenant, a.tenant]},
    }


def _link(arena: Arena, tenant: str, subject: str, issuer: str = THEIRS) -> str:
    """A member who signs in at B's provider. Returns the subject."""
    world = arena.world
    side = world.a if tenant == world.a.tenant else world.b
    id, name = world.absent(), side.fill.text()
    member = Member(id=Id(id), name=name, email=f"{name}@x.test", role=world.roles[0], identity=f"{issuer} {subject}")
    world.crowd.keep(tenant, member)
    arena.oracle.rebase()
    return subject


def _tokens(arena: Arena, ring: KeyRing) -> LocalTokens:
    """Our own tokens, and two issuers outside with one key: one bound to B, one that may name B."""
    made, b = arena.backend, arena.world.b.tenant
    keys = FixedKeys(json.dumps({"keys": [{**key.jwk, "kid": key.id, "alg": "EdDSA"} for key in ring.signing]}))
    issuers = (
        Issuer(issuer=THEIRS, audience=made.model.name, keys=keys, tenant=b, algorithms=("EdDSA",)),
        Issuer(
            issuer=SHARED,
            audience=made.model.name,
            keys=keys,
            tenant_claim="tid",
            tenants=frozenset({b}),
            algorithms=("EdDSA",),
        ),
    )
    issuer, audience = made.settings.issuer, made.model.name
    return LocalTokens(
        arena.ring, made.clock, arena.randomness, issuer=issuer, audience=audience, outside=issuers, longest=3600
    )


def newcomers(arena: Arena) -> None:
    """T47: a tenant that has just been founded finds nothing of anybody's, by list or by id."""
    world = arena.world
    email = f"{world.neutral.text()}@nobody.test"
    person = world.crowd.person("Founder", email, [world.empty])
    world.crowd.join(person, world.empty, "Founder", email, world.roles[-1])
    founder = Actor("owner of a new tenant", world.empty, person, world.roles[-1], email=email)
    for operation in arena.operations:
        if operation.everyone or operation.costly:
            continue
        values = arena.values(operation, founder)
        case = Case("T47", operation.name, founder.name)
        if operation.reads and not operation.ids:
            request = operation.request(values)
            reply = arena.attempt(case, request, founder)
            arena.note(case, arena.oracle.seen(reply.text(), sent=request.sent(), of="A"), request.curl(founder.name))
        for place in operation.ids:
            for side in (world.a, world.b):
                there = [id for id in side.ids(place.target) if id not in values.values()]
                if there:
                    foreign = arena.swapped(operation, values, place, there[0])
                    absent = arena.swapped(operation, values, place, world.absent())
                    arena.alike(replace(case, variant=f"{side.name}'s {place}"), founder, foreign, absent)


ATTACKS = (
    Attack("T24", "outside identity providers of B", outside),
    Attack("T47", "a new tenant begins with nothing", newcomers),
)

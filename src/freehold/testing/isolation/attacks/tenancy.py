"""Who the tenant is: headers, cookies, hosts and parameters that claim one; tokens edited or made elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from freehold.edges import ed25519
from freehold.edges.jose import from_base64url, read_object, to_base64url
from freehold.edges.keys import KeyRing
from freehold.model.names import PLATFORM
from freehold.testing.isolation.actors import LIFE, Actor
from freehold.testing.isolation.arena import Arena, entering
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.http import Request
from freehold.testing.isolation.matrix import Operation, Values
from freehold.testing.isolation.report import Case, Sort

CLAIMING = (
    "x-tenant", "x-tenant-id", "x-org-id", "x-organization-id", "x-organisation-id", "tenant", "x-account-id",
    "x-workspace", "x-forwarded-tenant", "x-auth-tenant", "x-scope-orgid",
)  # fmt: skip
FORBIDDEN = 403
UNAUTHENTICATED = 401
PARAMETERS = ("tenant", "tenant_id", "org", "organisation", "account", "x-tenant-id")


def _asks(operation: Operation) -> bool:
    return not operation.costly and not operation.is_open


def claimed_in_headers(arena: Arena) -> None:
    """T18: a tenant named by header, cookie or parameter: ignored or refused, B's as an invented one."""
    b = arena.world.b.tenant
    for operation, actor in arena.pairs(_asks, most=30):
        for what, here, there in _claims(arena, operation.request(_fit(arena, operation, actor))):
            case = Case("T18", operation.name, actor.name, what)
            if operation.case.writes:
                arena.attempt(case, here, actor, claimed=b)
            else:
                arena.alike(case, actor, (here, b), (there, ""), claimed=b)
        _mended(arena)


def _fit(arena: Arena, operation: Operation, actor: Actor) -> Values:
    """Input for a call that claims B: for those with a claim to B, or to nothing, about what is there.

    What they write is nobody's, but for the ids: it may well be kept as something of their own, in either tenant.
    """
    if actor.tenant and not actor.also:
        return arena.values(operation, actor)
    values = arena.rehearsal.values(arena.world.b, operation, actor, spend=operation.case.writes)
    arena.oracle.rebase()
    if operation.reads or operation.case.built_in:
        return values
    known = arena.rehearsal.known(arena.world.b, operation)
    made = arena.world.neutral.object(operation.schema, of=operation.name, variant=known.variant if known else 0)
    written: Values = {name: made.get(name, value) for name, value in values.items()}
    for place in operation.ids:
        written = place.put(written, place.get(values))
    return written


def _mended(arena: Arena) -> None:
    """Replace what is missing on B's ground, in case that somebody was let in."""
    arena.world.restock(arena.world.b)
    arena.oracle.rebase()


def _claims(arena: Arena, request: Request) -> Iterator[tuple[str, Request, Request]]:
    """The request that claims B, and the same with an invented tenant instead."""
    b, other = arena.world.b.tenant, arena.world.absent()
    for name in arena.some(CLAIMING, 3):
        yield name, request.having((name, b)), request.having((name, other))
        own = (name, arena.world.a.tenant)
        yield f"{name} twice", request.having(own, (name, b)), request.having(own, (name, other))
    cookies = [("cookie", f"tenant={named}; org={named}") for named in (b, other)]
    yield "cookie", request.having(cookies[0]), request.having(cookies[1])
    for name in arena.some(PARAMETERS, 1):
        joined = "&" if request.query else ""
        yield (
            f"?{name}=",
            _asking(request, f"{request.query}{joined}{name}={b}"),
            _asking(request, f"{request.query}{joined}{name}={other}"),
        )


def _asking(request: Request, query: str) -> Request:
    return Request(request.method, request.path, query, request.body, request.headers)


def claimed_by_host(arena: Arena) -> None:
    """T19: a host that names B changes nothing."""
    slug = arena.world.b.slug
    for operation, actor in arena.pairs(lambda o: o.reads and _asks(o), most=16):
        request = operation.request(arena.values(operation, actor))
        plain = arena.send(request, actor)
        for name in (
            "host",
            "x-forwarded-host",
            "forwarded",
            "x-original-host",
            "x-forwarded-server",
            "origin",
            "referer",
        ):
            value = f"host={slug}.api.test" if name == "forwarded" else f"{slug}.api.test"
            sent = request.having((name, value))
            case = Case("T19", operation.name, actor.name, name)
            reply = arena.attempt(case, sent, actor)
            if reply.without() != plain.without() and reply.ok:
                arena.note(case, [(Sort.ORACLE, "the answer depends on the host")], sent.curl(actor.name))


def _all_refused(arena: Arena, attack: str, tokens: Mapping[str, str]) -> None:
    """Each of these opens nothing, and is told nothing that nonsense would not be told."""
    world = arena.world
    actor = world.a.actors[world.roles[-1]]
    operations = arena.some([o for o in arena.operations if o.reads and _asks(o) and not o.everyone], 4)
    for operation in operations:
        request = operation.request(arena.values(operation, actor))
        nonsense = arena.send(request, forger("nonsense", "nonsense"))
        for name, token in tokens.items():
            case = Case(attack, operation.name, "forger", name)
            reply = arena.attempt(case, request, forger(name, token))
            if reply.status != UNAUTHENTICATED or reply.without() != nonsense.without():
                found = f"{reply.status} for a forged token: {reply.body[:80]!r}"
                arena.note(case, [(Sort.DOOR, found)], request.curl(name))


def forger(name: str, token: str) -> Actor:
    """Somebody who sends a token of their own making."""
    return Actor(name, "", "forger", key=token)


def _strongest(arena: Arena) -> Actor:
    return arena.world.a.actors[arena.world.roles[-1]]


def edited_tokens(arena: Arena) -> None:
    """Tokens whose payload is not what was signed: 401, all alike."""
    _all_refused(arena, "T21", _edited(arena, _strongest(arena)))


def strange_tokens(arena: Arena) -> None:
    """Tokens made with another key or by another issuer, and right ones for who is no member: 401, all alike."""
    _all_refused(arena, "T22", _elsewhere(arena, _strongest(arena)))


def odd_tokens(arena: Arena) -> None:
    """Tokens signed with our own key that name the tenant in an odd way: 401, all alike."""
    _all_refused(arena, "T23", _odd_claims(arena, _strongest(arena)))


def _edited(arena: Arena, actor: Actor) -> dict[str, str]:
    """Tokens whose payload is not what was signed."""
    mine = arena.world.crowd.token(actor) or ""
    theirs = arena.backend.tokens.issue(arena.world.b.tenant, arena.world.b.actors["both"].subject, "suite", LIFE)
    header, payload, signature = mine.split(".")
    claims = {**read_object(from_base64url(payload)), "tid": arena.world.b.tenant}
    none = _segment({"alg": "none", "typ": "at+jwt"})
    return {
        "another tenant in the payload": f"{header}.{_segment(claims)}.{signature}",
        "B's payload, my signature": f"{header}.{theirs.split('.')[1]}.{signature}",
        "my payload, B's signature": f"{header}.{payload}.{theirs.split('.')[2]}",
        "no signature": f"{header}.{_segment(claims)}.",
        "alg none": f"{none}.{_segment(claims)}.",
        "alg none with a signature": f"{none}.{_segment(claims)}.{signature}",
        "cut": mine[:-4],
        "a bit flipped": mine[:-10] + ("A" if mine[-10] != "A" else "B") + mine[-9:],
        "two tokens": f"{mine}.{theirs}",
    }


def _elsewhere(arena: Arena, actor: Actor) -> dict[str, str]:
    """Tokens of another issuer, or signed by another's key, and right ones for somebody who is no member."""
    strange = KeyRing.create(arena.randomness)
    ring, b, now = arena.ring, arena.world.b, int(arena.backend.clock.now().timestamp())
    return {
        "another's key": signed(arena, strange, actor, {"tid": b.tenant}),
        "another's key, our key's id": signed(arena, strange, actor, {"tid": b.tenant}, kid=ring.signing[-1].id),
        "another issuer": signed(arena, ring, actor, {"iss": "https://id.rival.test"}),
        "another audience": signed(arena, ring, actor, {"aud": "elsewhere"}),
        "an ID token": signed(arena, ring, actor, {}, typ="JWT"),
        "expired": signed(arena, ring, actor, {"iat": now - LIFE, "exp": now}),
        "mine for B's tenant": arena.backend.tokens.issue(b.tenant, actor.subject, "suite", LIFE),
        "of nobody": arena.backend.tokens.issue(actor.tenant, arena.world.absent(), "suite", LIFE),
        "for a tenant that is not": arena.backend.tokens.issue(arena.world.absent(), actor.subject, "suite", LIFE),
    }


def _odd_claims(arena: Arena, actor: Actor) -> dict[str, str]:
    """Tokens that are signed with the right key and name the tenant in an odd way."""
    a, b = arena.world.a.tenant, arena.world.b.tenant
    odd: Mapping[str, object] = {
        "null": None, "a list": [a, b], "a list of one": [b], "an object": {"id": b}, "a number": 1, "true": True,
        "upper case": b.upper(), "a space": f"{b} ", "a line end": f"{b}\n", "blank": " ", "long": b * 300,
        "both": f"{a},{b}",
        "the platform": PLATFORM, "a slug": arena.world.b.slug, "a wide digit": "\uff10" + b[1:],
    }  # fmt: skip
    found = {f"tid is {name}": signed(arena, arena.ring, actor, {"tid": value}) for name, value in odd.items()}
    for name in ("tid", "sub", "sid", "iat", "exp", "iss", "aud"):
        found[f"without {name}"] = signed(arena, arena.ring, actor, {name: ...})
    found["tid under another name"] = signed(arena, arena.ring, actor, {"tid": ..., "tenant": b, "org_id": b})
    return found


def signed(
    arena: Arena, ring: KeyRing, actor: Actor, changes: Mapping[str, object], *, typ: str = "at+jwt", kid: str = ""
) -> str:
    """A token as our own issuer would sign it, with other claims; an ellipsis leaves one out."""
    now = arena.backend.clock.now().timestamp()
    key = ring.signing_key(now)
    claims: dict[str, object] = {
        "iss": arena.backend.settings.issuer, "aud": arena.backend.model.name, "sub": actor.subject,
        "tid": actor.tenant,
        "sid": "suite", "iat": int(now), "exp": int(now) + LIFE, "jti": "suite", **changes,
    }  # fmt: skip
    wanted = {name: value for name, value in claims.items() if value is not ...}
    # As they are: what checks claims on the way out would not sign some of these.
    return ed25519.signed(json.dumps(wanted).encode(), key.private, {"typ": typ, "kid": kid or key.id})


def _segment(claims: Mapping[str, object]) -> str:
    return to_base64url(json.dumps(claims).encode())


def foreign_keys(arena: Arena) -> None:
    """T28: API keys put together from A's and B's parts, of the platform, and in the address: they open nothing."""
    world = arena.world
    mine, theirs = (side.actors["key"].key.removeprefix("fhk_").split(".") for side in (world.a, world.b))
    keys = {
        "B's tenant, my key": f"fhk_{theirs[0]}.{mine[1]}.{mine[2]}",
        "my tenant, B's key": f"fhk_{mine[0]}.{theirs[1]}.{theirs[2]}",
        "B's key without its secret": f"fhk_{theirs[0]}.{theirs[1]}.",
        "B's key with the kept hash": f"fhk_{theirs[0]}.{theirs[1]}.{'0' * 64}",
        "the platform": f"fhk_{PLATFORM}.{mine[1]}.{mine[2]}",
        "a member as a key": f"fhk_{theirs[0]}.{world.b.actors[world.roles[0]].subject}.{mine[2]}",
    }
    owner = world.a.actors[world.roles[-1]]
    for operation in arena.some([o for o in arena.operations if _asks(o)], 12):
        values = arena.values(operation, owner)
        for name, key in keys.items():
            _refused(arena, operation, name, operation.request(values), forger(name, key))
        for parameter in ("api_key", "access_token", "key", "token"):
            request = operation.request(values)
            sent = _asking(request, f"{request.query}&{parameter}={world.b.actors['key'].key}".lstrip("&"))
            _refused(arena, operation, f"?{parameter}=", sent, Actor("anonymous", "", ""))


def _refused(arena: Arena, operation: Operation, what: str, request: Request, actor: Actor) -> None:
    case = Case("T28", operation.name, "forger", what)
    reply = arena.attempt(case, request, actor)
    if not operation.refused(reply, (UNAUTHENTICATED,)):
        arena.note(case, [(Sort.DOOR, f"{reply.status} where 401 is right")], request.curl(actor.name))


def without_a_tenant(arena: Arena) -> None:
    """T32: somebody who has entered no tenant, with and without one named beside: 403, and no tenant is guessed."""
    loner = next(actor for actor in arena.world.actors() if actor.is_person and not actor.tenant)
    both = arena.world.b.actors["both"]
    drifting = Actor("member of B who has entered nothing", "", both.subject, both.role, also=arena.world.b.tenant)
    for operation in arena.operations:
        if not _asks(operation) or operation.everyone:
            continue
        for actor in (loner, drifting):
            request = operation.request(_fit(arena, operation, actor))
            for claimed in ("", arena.world.b.tenant):
                sent = request.having(("x-tenant-id", claimed)) if claimed else request
                case = Case("T32", operation.name, actor.name, "a tenant in a header" if claimed else "")
                reply = arena.attempt(case, sent, actor, claimed=claimed)
                if not operation.refused(reply, (UNAUTHENTICATED, FORBIDDEN)):
                    found = entering(actor, claimed, [(Sort.DOOR, f"{reply.status} without a tenant")])
                    arena.note(case, found, sent.curl(actor.name))
        _mended(arena)


ATTACKS = (
    Attack("T18", "a tenant claimed by header, cookie or parameter", claimed_in_headers),
    Attack("T19", "a tenant claimed by host", claimed_by_host),
    Attack("T21", "tokens that were edited", edited_tokens),
    Attack("T22", "tokens made elsewhere, or for others", strange_tokens),
    Attack("T23", "tokens that name the tenant in an odd way", odd_tokens),
    Attack("T28", "API keys of B, of both, in the address", foreign_keys),
    Attack("T32", "somebody without a tenant", without_a_tenant),
)

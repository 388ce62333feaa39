"""Addresses: other verbs, other spellings of an id, paths that nobody declared, and delimiters in ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from freehold.model.usecase import Source
from freehold.runtime.failures import TenantScopeMissing
from freehold.runtime.scope import Scope
from freehold.testing.isolation.actors import Actor
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.http import Reply, Request
from freehold.testing.isolation.matrix import Operation
from freehold.testing.isolation.report import Case, Sort

VERBS = ("HEAD", "OPTIONS", "TRACE", "GET", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "PROPFIND", "get")
OVERRIDES = ("x-http-method-override", "x-method-override", "x-http-method")
NOWHERE = (404, 405)
PREFIXES = (
    "/api/v2",
    "/api/zz",
    "/api",
    "",
    "/API/V1",
    "/api/v1/",
    "//api/v1",
    "/api//v1",
    "/api/v1/..",
    "/api/v1;x=1",
    "/v1",
)


def _with_id(operation: Operation) -> bool:
    return bool(operation.ids_from(Source.PATH)) and not operation.costly


def other_verbs(arena: Arena) -> None:
    """T11: every address with B's id and each verb that was not declared, and headers that override the verb."""
    declared = {(o.case.method, o.addresses()) for o in arena.operations}
    for operation, actor in arena.pairs(_with_id, most=24):
        place, values = operation.ids_from(Source.PATH)[-1], arena.values(operation, actor)
        foreign, theirs = arena.swapped(operation, values, place, arena.foreign(place.target))
        absent, nothing = arena.swapped(operation, values, place, arena.world.absent())
        for verb in VERBS:
            if (verb, operation.addresses()) in declared:
                continue
            case = Case("T11", operation.name, actor.name, verb)
            here, there = replace(foreign, method=verb), replace(absent, method=verb)
            reply = arena.alike(case, actor, (here, theirs), (there, nothing))
            _never_served(arena, case, here, actor, reply)
        for header in OVERRIDES:
            case = Case("T11", operation.name, actor.name, f"{header}: DELETE")
            changed = ((header, "DELETE"),)
            arena.alike(case, actor, (foreign.having(*changed), theirs), (absent.having(*changed), nothing))


def _never_served(arena: Arena, case: Case, request: Request, actor: Actor, reply: Reply) -> None:
    if reply.ok and request.method != "HEAD":
        arena.note(case, [(Sort.DOOR, f"{reply.status} for a verb nobody declared")], request.curl(actor.name))


def respelled_ids(arena: Arena) -> None:
    """T12: B's id in other spellings: upper case, encoded, in braces, doubled, with a dot or a slash behind it."""
    for operation, actor in arena.pairs(_with_id, most=30):
        place, values = operation.ids_from(Source.PATH)[-1], arena.values(operation, actor)
        theirs, nothing = arena.foreign(place.target), arena.world.absent()
        for name in arena.some(_SPELLINGS, 7):
            case, spell = Case("T12", operation.name, actor.name, name), _SPELLINGS[name]
            requests = [operation.request(place.put(values, "<id>")) for _ in range(2)]  # each with a key of its own
            here, there = (
                (_respelled(request, spell(id)), spell(id))
                for request, id in zip(requests, (theirs, nothing), strict=True)
            )
            arena.alike(case, actor, here, there)


def _respelled(template: Request, spelling: str) -> Request:
    return replace(template, path=template.path.replace(quote("<id>", safe=""), spelling))


_SPELLINGS = {
    "upper case": str.upper,
    "encoded": lambda id: "".join(f"%{ord(c):02x}" for c in id),
    "encoded twice": lambda id: "".join(f"%25{ord(c):02x}" for c in id),
    "in braces": lambda id: f"%7B{id}%7D",
    "as a URN": lambda id: f"urn:uuid:{id}",
    "without dashes": lambda id: id.replace("-", ""),
    "with a dot": lambda id: f"{id}.",
    "with a slash": lambda id: f"{id}/",
    "with a space": lambda id: f"{id}%20",
    "with a NUL": lambda id: f"{id}%00",
    "in wide digits": lambda id: quote(id.translate({ord("0") + n: 0xFF10 + n for n in range(10)})),
    "after a slash": lambda id: f"/{id}",
    "behind a parent": lambda id: f"x/../{id}",
    "as a list": lambda id: f"{id},{id}",
    "as a matrix": lambda id: f"{id};id={id}",
}


def named_in_paths(arena: Arena) -> None:
    """T20: paths that name B's tenant: nothing is there, as with an invented one."""
    world = arena.world
    for operation, actor in arena.pairs(lambda o: not o.costly, most=40):
        request = operation.request(arena.values(operation, actor))
        for path in _tenant_paths(world.b.tenant, world.b.slug, request.path):
            invented = path.replace(world.b.tenant, world.absent()).replace(world.b.slug, "nobody-else")
            case = Case("T20", operation.name, actor.name, "a path with a tenant in it")
            sent, other = replace(request, path=path), replace(request, path=invented)
            reply = arena.alike(case, actor, (sent, path), (other, invented))
            _nothing_there(arena, case, sent, actor, reply)


def aliases(arena: Arena) -> None:
    """T79: other versions of the API and slashes too many: nothing is there."""
    for operation, actor in arena.pairs(lambda o: not o.costly, most=40):
        request = operation.request(arena.values(operation, actor))
        for alias in arena.some(_aliases(request), 6):
            case = Case("T79", operation.name, actor.name, f"{alias.prefix}…{alias.path[-3:]}")
            _nothing_there(arena, case, alias, actor, arena.attempt(case, alias, actor))


def _tenant_paths(tenant: str, slug: str, path: str) -> Iterator[str]:
    yield from (f"/{tenant}{path}", f"/tenants/{tenant}{path}", f"/{slug}{path}", f"/organisations/{slug}{path}")


def _aliases(request: Request) -> list[Request]:
    path = request.path
    paths = (f"{path}/", f"/{path}", path[::-1].replace("/", "//", 1)[::-1], f"{path}/.", f"{path}%2f")
    return [replace(request, prefix=prefix) for prefix in PREFIXES] + [replace(request, path=path) for path in paths]


def _nothing_there(arena: Arena, case: Case, request: Request, actor: Actor, reply: Reply) -> None:
    if reply.status not in NOWHERE:
        arena.note(case, [(Sort.DOOR, f"{reply.status} where nothing is declared")], request.curl(actor.name))


def delimiters(arena: Arena) -> None:
    """T43: delimiters and prefixes in ids, and what is no tenant: nothing is cut off, joined or completed."""
    world = arena.world
    for operation, actor in arena.pairs(_with_id, most=20):
        place, values = operation.ids_from(Source.PATH)[-1], arena.values(operation, actor)
        theirs = arena.foreign(place.target)
        nothing = world.absent()
        shapes = {
            "tenant#id": f"{world.b.tenant}#{{}}", "tenant/id": f"{world.b.tenant}/{{}}",
            "tenant:id": f"{world.b.tenant}:{{}}",
            "ORG#": f"ORG#{world.b.tenant}#{{}}", "id#": "{}#", "prefix": "{:.8}", "dots": "../{}",
        }  # fmt: skip
        for name, shape in shapes.items():
            foreign = arena.swapped(operation, values, place, shape.format(theirs))
            absent = arena.swapped(operation, values, place, shape.format(nothing))
            arena.alike(Case("T43", operation.name, actor.name, name), actor, foreign, absent)
    _no_tenants(arena, world.b.tenant)


def _no_tenants(arena: Arena, tenant: str) -> None:
    for wrong in ("", " ", "a", tenant.upper(), tenant[:-1], f"{tenant} ", f"{tenant}\n", None, 0, [tenant]):
        case = Case("T43", "Scope", "code", f"{wrong!r:.12}")
        try:
            Scope(wrong)  # type: ignore[arg-type]  # that it is none is the point
            arena.note(case, [(Sort.CONTRACT, "there is a scope without a tenant")])
        except TenantScopeMissing:
            arena.note(case, ())


ATTACKS = (
    Attack("T11", "verbs that nobody declared", other_verbs),
    Attack("T12", "B's id in other spellings", respelled_ids),
    Attack("T20", "a path with B's tenant in it", named_in_paths),
    Attack("T79", "other versions, aliases, slashes too many", aliases),
    Attack("T43", "delimiters and prefixes in ids", delimiters),
)

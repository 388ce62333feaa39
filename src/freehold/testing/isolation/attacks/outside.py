"""Around the API: headers that caches heed, logs and the audit chain, the site's own pages, others' traces."""

from __future__ import annotations

from collections.abc import Iterator

from freehold.runtime import audit
from freehold.runtime.scope import Scope
from freehold.testing.isolation.actors import PASSWORD
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.http import Reply, Request
from freehold.testing.isolation.oracle import Finding
from freehold.testing.isolation.report import Case, Sort

PAGES = (
    "/health/live",
    "/health/ready",
    "/.well-known/jwks.json",
    "/openapi.json",
    "/docs/",
    "/docs/index.html",
    "/docs/swagger-ui-bundle.js",
    "/docs/swagger-ui.css",
)
"""Every address that is not the API's."""

INSIDE = (
    "Traceback", 'File "', "site-packages", "SELECT ", "sqlite", "psycopg", "SQLSTATE", "pg_catalog", "botocore",
    "DynamoDB", "ConditionalCheckFailed",
)  # fmt: skip
"""Words that no answer has, whatever store is behind it."""

NOWHERE = (
    "/",
    "/admin",
    "/console",
    "/metrics",
    "/debug",
    "/.env",
    "/docs/../pyproject.toml",
    "/docs/%2e%2e/%2e%2e/",
    "/api",
)


def caches(arena: Arena) -> None:
    """T51: what a cache between us and a tenant would keep: nothing, whatever the answer is."""
    for operation, actor in arena.pairs(lambda o: not o.costly, most=50):
        request = operation.request(arena.values(operation, actor))
        case = Case("T51", operation.name, actor.name)
        reply = arena.attempt(case, request, actor)
        arena.note(case, _cacheable(reply), request.curl(actor.name))
        unauthorised = arena.wire.send(request, None)
        arena.note(Case("T51", operation.name, "anonymous"), _cacheable(unauthorised), request.curl("nobody"))


def _cacheable(reply: Reply) -> Iterator[Finding]:
    control = reply.header("cache-control") or ""
    if "no-store" not in control and "private" not in control:
        yield Sort.CONTRACT, f"cache-control is {control!r}"
    if "authorization" not in (reply.header("vary") or "").lower():
        yield Sort.CONTRACT, "vary does not name authorization"
    if reply.header("set-cookie") is not None:
        yield Sort.CONTRACT, "it sets a cookie"


def records(arena: Arena) -> None:
    """T72: A's ground, its audit chain among it, and the logs, after all that: nothing of B's, and no secrets."""
    world, oracle = arena.world, arena.oracle
    case = Case("T72", "A's ground", "everybody of A", "after everything")
    arena.note(case, oracle.taken_over(marks_only=True))  # the ids there are those that T63 has planted
    for side in (world.a, world.b):
        with Scope(side.tenant) as scope:
            breaks = [(Sort.STATE, str(one)) for one in audit.verify(arena.backend.database, scope)]
        arena.note(Case("T72", "the audit chain", side.name, "after everything"), breaks[:5])
    for operation, actor in arena.pairs(lambda o: not o.costly, most=40):
        oracle.logs.taken()
        arena.send(operation.request(arena.values(operation, actor)), actor)
        text = oracle.logs.taken()
        case = Case("T72", operation.name, actor.name, "what was logged")
        token = world.crowd.token(actor) or ""
        secrets = {"the token": token, "the password": PASSWORD, "the key": actor.key.rpartition(".")[2]}
        leaked = [
            (Sort.DATA, f"{name} is in the logs") for name, secret in secrets.items() if secret and secret in text
        ]
        arena.note(case, [*leaked, *oracle.seen(text)])
    oracle.rebase()


def pages(arena: Arena) -> None:
    """T77: pages that are nobody's: nothing of any tenant's, with whatever token; and where nothing is, nothing."""
    for path in (*PAGES, *NOWHERE):
        for actor in arena.world.actors():
            request = Request("GET", path, prefix="")
            case = Case("T77", path, actor.name)
            reply = arena.attempt(case, request, actor)
            found = list(arena.oracle.seen(reply.text(), of="A"))
            if path in NOWHERE and reply.ok:
                found.append((Sort.DOOR, f"{reply.status} where nothing is"))
            arena.note(case, found, request.curl(actor.name))


def traces(arena: Arena) -> None:
    """T78: errors tell one's own request id and nobody else's, and nothing of what is inside."""
    theirs = arena.world.b.actors[arena.world.roles[-1]]
    for operation, actor in arena.pairs(lambda o: not o.costly, most=40):
        request = operation.request({})
        arena.send(
            request.having(("x-request-id", "b-was-here"), ("traceparent", f"00-{'b' * 32}-{'b' * 16}-01")), theirs
        )
        arena.oracle.rebase()
        case = Case("T78", operation.name, actor.name, "after an error of B's")
        reply = arena.attempt(case, request.having(("x-request-id", "a-was-here")), actor)
        text = reply.text()
        found = [
            (Sort.DATA, f"{one!r} is in the answer")
            for one in (*INSIDE, "b-was-here", "b" * 16)
            if one in text and not reply.ok
        ]
        arena.note(case, found, request.curl(actor.name))


ATTACKS = (
    Attack("T51", "what a cache between would keep", caches),
    Attack("T77", "pages that are not the API's", pages),
    Attack("T78", "errors and traces of B", traces),
    Attack("T72", "logs, audit chain and A's own ground", records),
)

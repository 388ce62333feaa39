"""Everything a backend answers over HTTP: the API, health, keys, the OpenAPI document and its page. One ASGI app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from pathlib import Path
from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from freehold.edges.cors import Origins
from freehold.edges.headers import GUARDS, NOTHING_POLICY, SECURITY, Line, Raw
from freehold.edges.http import Api, Asgi, Receive, Send
from freehold.runtime.envelope import problem
from freehold.runtime.failures import Failure, MethodNotAllowed, NotFound
from freehold.runtime.ports import Tokens

ASSETS = Path(__file__).parent / "docs"
PACKED = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
"""Assets that are kept and sent compressed, a quarter of their size. Every browser takes gzip."""

PAGE_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The docs page runs its own scripts, and talks to this server only."""


class Site:
    """The ASGI application. Calls to the API go past Starlette's router, straight to `Api`."""

    def __init__(self, api: Api, tokens: Tokens, openapi: Callable[[], bytes], *, origins: Sequence[str] = ()) -> None:
        """Put the parts together. `origins` are those that browsers may call from; there is no wildcard."""
        self.turnstile = api.turnstile
        self._api, self._tokens, self._openapi = api, tokens, openapi
        self._origins = Origins(origins)
        self._made: bytes | None = None
        routes = [
            Route("/health/live", self._live),
            Route("/health/ready", self._ready),
            Route("/.well-known/jwks.json", self._jwks),
            Route("/openapi.json", self._document),
            Route("/docs", self._page),
            *(Route(f"/docs/{name}", _packed(name, media)) for name, media in PACKED.items()),
            Mount("/docs", StaticFiles(directory=ASSETS)),
        ]
        handlers = {404: _nothing, 405: _other_method, 500: _broken}
        self._pages = Starlette(routes=routes, exception_handlers=handlers)

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's start and end."""
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        path, headers = str(scope["path"]), cast("Raw", scope["headers"])
        if self._origins:
            allowed = self._origins.preflight(str(scope["method"]), headers)
            if allowed is not None:
                await send({"type": "http.response.start", "status": 204, "headers": [*allowed, *GUARDS]})
                await send({"type": "http.response.body", "body": b""})
                return
            send = _adding(send, self._origins.lines(headers))
        if path.startswith("/api/"):
            await self._api(scope, receive, send)
        else:
            policy = PAGE_POLICY if path.startswith("/docs") else NOTHING_POLICY
            guarded = _adding(send, [*GUARDS, (b"content-security-policy", policy)])
            await self._pages(scope, receive, guarded)

    async def _live(self, _: Request) -> Response:
        return JSONResponse({"status": "live"}, headers={"cache-control": "no-store"})

    async def _ready(self, _: Request) -> Response:
        status, code = ("ready", 200) if self.turnstile.is_open else ("draining", 503)
        return JSONResponse({"status": status}, code, headers={"cache-control": "no-store"})

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse(self._tokens.jwks(), headers={"cache-control": "public, max-age=300"})

    async def _document(self, _: Request) -> Response:
        if self._made is None:
            self._made = self._openapi()
        return Response(self._made, media_type="application/json", headers={"cache-control": "no-cache"})

    async def _page(self, _: Request) -> Response:
        return FileResponse(ASSETS / "page.html", media_type="text/html", headers={"cache-control": "no-cache"})


def _packed(name: str, media: str) -> Callable[[Request], Awaitable[Response]]:
    """Sends an asset as it is kept."""

    async def answer(_: Request) -> Response:
        return FileResponse(ASSETS / f"{name}.gz", media_type=media, headers={"content-encoding": "gzip"})

    return answer


def _adding(send: Send, lines: Sequence[Line]) -> Send:
    """Send on, with these headers on the answer, unless they are there."""

    async def adding(message: MutableMapping[str, object]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*cast("Raw", message["headers"]), *lines]
        await send(message)

    return adding


async def _nothing(_: Request, __: Exception) -> Response:
    return _refusal(NotFound("NO_SUCH_ADDRESS", "There is nothing at this address."))


async def _other_method(_: Request, error: Exception) -> Response:
    response = _refusal(MethodNotAllowed())
    allow = (getattr(error, "headers", None) or {}).get("Allow", "GET, HEAD")
    response.headers["allow"] = allow
    return response


async def _broken(_: Request, __: Exception) -> Response:
    return _refusal(Failure())


def _refusal(failure: Failure) -> Response:
    guarded = {name for name, _ in GUARDS} | {b"content-security-policy"}
    headers = {name.decode(): value.decode() for name, value in SECURITY if name not in guarded}
    return Response(problem(failure, ""), failure.status, headers)

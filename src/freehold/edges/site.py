"""Everything a backend answers over HTTP: the API, health, keys, the OpenAPI document and its page. One ASGI application."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from freehold.edges.headers import SECURITY
from freehold.edges.http import Api, Asgi, Receive, Send
from freehold.runtime.envelope import problem
from freehold.runtime.failures import NotFound
from freehold.runtime.ports import Tokens
from freehold.runtime.routes import PREFIX

ASSETS = Path(__file__).parent / "docs"
PAGE_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


class Site:
    """The ASGI application. Calls to the API go past Starlette's router, straight to `Api`."""

    def __init__(
        self, api: Api, tokens: Tokens, openapi: Callable[[], bytes], *, origins: Sequence[str] = ()
    ) -> None:
        """Put the parts together. `origins` are those that browsers may call from; there is no wildcard."""
        self.readiness = api.readiness
        self._api, self._tokens, self._openapi = api, tokens, openapi
        cors = Middleware(
            CORSMiddleware, allow_origins=list(origins), allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "idempotency-key", "if-match", "if-none-match"],
            expose_headers=["etag", "idempotent-replayed", "retry-after", "x-request-id"], max_age=600,
        )  # fmt: skip
        routes = [
            Route("/health/live", self._live),
            Route("/health/ready", self._ready),
            Route("/.well-known/jwks.json", self._jwks),
            Route("/openapi.json", self._document),
            Mount("/docs", StaticFiles(directory=ASSETS, html=True)),
            Mount("/api", self._api),
        ]
        handlers = {404: _nothing}
        self._pages = Starlette(routes=routes, middleware=[cors] if origins else [], exception_handlers=handlers)
        self._crosses_origins = bool(origins)

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's start and end."""
        if scope["type"] == "http" and not self._crosses_origins and str(scope["path"]).startswith(PREFIX + "/"):
            await self._api(scope, receive, send)
        else:
            await self._pages(scope, receive, send)  # type: ignore[arg-type]  # Starlette's own names for the same

    async def _live(self, _: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def _ready(self, _: Request) -> Response:
        ready = self.readiness.is_ready
        return JSONResponse({"status": "ready" if ready else "draining"}, 200 if ready else 503)

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse(self._tokens.jwks(), headers={"cache-control": "public, max-age=300"})

    async def _document(self, _: Request) -> Response:
        return Response(self._openapi(), media_type="application/json", headers={"cache-control": "no-store"})


async def _nothing(request: Request, _: Exception) -> Response:
    headers = {name.decode(): value.decode() for name, value in SECURITY}
    return Response(problem(NotFound("NO_SUCH_ADDRESS", "There is nothing at this address."), ""), 404, headers)

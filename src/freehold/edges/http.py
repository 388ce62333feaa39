"""HTTP: match, identify, hand over to a worker thread in the tenant's turn, and write the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import cast

from freehold.edges import headers, logs
from freehold.edges.headers import Headers, Raw
from freehold.edges.identity import Identity
from freehold.edges.responses import CLOSE, NOT_MODIFIED, Response, failed, success
from freehold.edges.turnstile import Turnstile
from freehold.runtime.admission import FairQueue
from freehold.runtime.bulk import bulk
from freehold.runtime.envelope import Answer
from freehold.runtime.failures import (
    BadRequest,
    Failure,
    Forbidden,
    NotFound,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)
from freehold.runtime.invoke import Call, Ready, Runtime
from freehold.runtime.ports import Principal, Random
from freehold.runtime.prepared import Sent
from freehold.runtime.routes import PREFIX, Routes

Asgi = MutableMapping[str, object]
Receive = Callable[[], Awaitable[MutableMapping[str, object]]]
Send = Callable[[MutableMapping[str, object]], Awaitable[None]]

IDS = 512
"""How many ids of requests are made at a time."""

log = logging.getLogger("freehold.http")
access = logging.getLogger(logs.ACCESS)


@dataclass(slots=True)
class RequestLimits:
    """How much of a request is read, in bytes."""

    body: int = 1_048_576
    headers: int = 32_768
    target: int = 8_192


class Api:
    """The API of a backend as an ASGI application. `identity` names the principal; `runtime` does the rest."""

    def __init__(
        self, runtime: Runtime, identity: Identity, queue: FairQueue, random: Random,
        *, limits: RequestLimits | None = None, wake: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Serve `runtime`. `wake` is called after whatever has put something into the outbox, or may have."""
        self._runtime, self._identity, self._queue, self._random = runtime, identity, queue, random
        self._limits, self._wake = limits or RequestLimits(), wake
        self.turnstile = Turnstile(queue, identity, self._fresh)
        self._routes = Routes(runtime.cases.values())
        self._ids: list[str] = []

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, given, call = perf_counter(), Headers(), None
        try:
            given = headers.read(cast("Raw", scope["headers"]), self._limits.headers)
            given.request_id = given.request_id or self._fresh()
            call = await self._call(scope, given, receive)
            answer = await self._turn(call)
            response = success(scope["method"], given, answer, self._random)
        except Failure as failure:
            given.request_id = given.request_id or self._fresh()
            response = failed(failure, given.request_id)
        except Exception:
            log.exception("call failed", extra={"call": given.request_id})
            response = failed(Failure(), given.request_id)
        await self._send(send, response, is_head=scope["method"] == "HEAD")
        if access.isEnabledFor(logging.INFO):
            tenant = call.principal.tenant if call is not None and call.principal is not None else ""
            route = call.ready.case.path if call is not None else None
            logs.answered(access, scope, route, response[0], given.request_id, tenant, perf_counter() - began)

    def _fresh(self) -> str:
        """An id for a request.

        Random bytes come many at a time: to ask for them lets go of the interpreter's lock, and a loop that lets go of
        it waits until a worker does the same.
        """
        if not self._ids:
            raw = self._random.bytes(8 * IDS)
            self._ids = [raw[first : first + 8].hex() for first in range(0, len(raw), 8)]
        return self._ids.pop()

    async def _call(self, scope: Asgi, given: Headers, receive: Receive) -> Call:
        """Steps 1 and 2, match and identify; then the rest of the request is read."""
        raw, query = scope.get("raw_path") or str(scope["path"]).encode(), scope["query_string"]
        if not isinstance(raw, bytes) or not isinstance(query, bytes) or len(raw) + len(query) > self._limits.target:
            raise TooLarge("ADDRESS_TOO_LONG", "The address is longer than the limit.")
        path = raw.decode("latin-1")
        if not path.startswith(PREFIX):
            raise NotFound("NO_SUCH_ADDRESS", "There is nothing at this address.")
        method = "GET" if scope["method"] == "HEAD" else str(scope["method"])
        ready, values = self._routes.match(method, path.partition("?")[0][len(PREFIX) :])
        principal = self._identify(ready, given)
        body = b"" if method == "GET" else await self._body(given, receive)
        client = scope.get("client")
        return Call(
            ready, Sent(values, query.decode("latin-1"), body), principal, given.request_id, given.key,
            headers.version(given.if_match), str(client[0]) if isinstance(client, (tuple, list)) else "",
        )  # fmt: skip

    def _identify(self, ready: Ready, given: Headers) -> Principal | None:
        """Layer 1: the verified token names the tenant, and nothing else does. Open use cases look at no token."""
        if ready.case.is_open:
            return None
        if given.token is None:
            raise Unauthenticated
        principal = self._identity.principal(given.token)
        if given.tenant is not None and given.tenant != principal.tenant:
            raise Forbidden("TENANT_MISMATCH", "The token is bound to another organisation.")
        return principal

    async def _body(self, given: Headers, receive: Receive) -> bytes:
        if given.length is not None and given.length > self._limits.body:
            raise TooLarge
        chunks, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BadRequest("DISCONNECTED", "The client went away.")
            chunk = message.get("body", b"")
            more = bool(message.get("more_body", False))
            if isinstance(chunk, bytes) and chunk:
                size += len(chunk)
                if size > self._limits.body:
                    raise TooLarge
                chunks.append(chunk)
        if size and given.media != "application/json":
            raise UnsupportedMedia
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def _turn(self, call: Call) -> Answer:
        """Wait for the tenant's turn in a worker thread. Raises `Overloaded` when it does not come in time."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()

        def done(answer: Answer | None, error: BaseException | None) -> None:
            loop.call_soon_threadsafe(_settle, future, answer, error)

        tenant = call.principal.tenant if call.principal else ""
        self._queue.submit(call.line, partial(self._perform, call, tenant), done)
        answer = await future
        if answer.emitted or call.ready.case.each is not None:
            self._wake()
        return answer

    def _perform(self, call: Call, tenant: str) -> Answer:
        """Run it, in a worker thread. What is logged on the way is logged with the call's id and tenant."""
        logs.CALL.set((call.id, tenant))  # the queue gives each call a context of its own
        try:
            answer = self._runtime(call) if call.ready.case.each is None else bulk(self._runtime, call)
        except Unauthenticated:
            if call.principal is not None and call.principal.kind == "key":
                self._identity.forget(call.principal)
            raise
        if call.principal is not None and not call.principal.vouched:
            self._identity.vouch(call.principal)
        return answer

    async def _send(self, send: Send, response: Response, *, is_head: bool) -> None:
        status, lines, body = response
        if status != NOT_MODIFIED:
            lines.append((b"content-length", b"%d" % len(body)))
        if not self.turnstile.is_open or status == TooLarge.status:  # the rest of what is too large is not waited for
            lines.append(CLOSE)
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": b"" if is_head else body})


def _settle(future: asyncio.Future[Answer], answer: Answer | None, error: BaseException | None) -> None:
    if future.done():  # the client has gone away
        return
    if error is not None:
        future.set_exception(error)
    elif answer is not None:
        future.set_result(answer)

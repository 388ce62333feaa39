"""HTTP: match, identify, hand over to a worker thread in the tenant's turn, and write the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import partial

from freehold.edges import headers
from freehold.edges.headers import SECURITY, Headers
from freehold.edges.identity import Identity
from freehold.runtime.admission import FairQueue
from freehold.runtime.bulk import bulk
from freehold.runtime.envelope import Answer, problem
from freehold.runtime.failures import (
    BadRequest,
    Failure,
    Forbidden,
    MethodNotAllowed,
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

log = logging.getLogger("freehold.http")


@dataclass(slots=True)
class Limits:
    """How much of a request is read."""

    body: int = 1_048_576
    headers: int = 32_768
    target: int = 8_192


@dataclass(slots=True)
class Readiness:
    """Whether new calls should come here. Not while the process is draining."""

    is_ready: bool = True


class Api:
    """The API of a backend as an ASGI application. `identity` names the principal; `runtime` does the rest."""

    def __init__(
        self, runtime: Runtime, identity: Identity, queue: FairQueue, random: Random,
        *, limits: Limits | None = None, wake: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Serve `runtime`. `wake` is called after every command, since it may have put something into the outbox."""
        self._runtime, self._identity, self._queue, self._random = runtime, identity, queue, random
        self._limits, self._wake = limits or Limits(), wake
        self.readiness = Readiness()
        self._routes = Routes(runtime.cases.values())

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request_id = ""
        try:
            given = headers.read(scope["headers"])  # type: ignore[arg-type]  # ASGI says what it is
            request_id = given.request_id = given.request_id or self._random.bytes(8).hex()
            call = await self._call(scope, given, receive)
            answer = await self._turn(call)
            status, lines, body = _success(scope, given, answer, self._random)
        except Failure as failure:
            status, lines, body = _failure(failure, request_id)
        except Exception:
            log.exception("call failed", extra={"call": request_id})
            status, lines, body = _failure(Failure(), request_id)
        if not self.readiness.is_ready:
            lines.append((b"connection", b"close"))
        await _send(send, status, lines, body)

    async def _call(self, scope: Asgi, given: Headers, receive: Receive) -> Call:
        """Steps 1 and 2, match and identify; then the rest of the request is read."""
        path = scope.get("raw_path") or str(scope["path"]).encode()
        if not isinstance(path, bytes) or len(path) + len(scope["query_string"]) > self._limits.target:  # type: ignore[arg-type]  # bytes by ASGI
            raise TooLarge("ADDRESS_TOO_LONG", "The address is longer than the limit.")
        method = "GET" if scope["method"] == "HEAD" else str(scope["method"])
        ready, values = self._routes.match(method, path.decode("latin-1").partition("?")[0][len(PREFIX) :])
        principal = self._identify(ready, given)
        body = b"" if method == "GET" else await self._body(given, receive)
        query = bytes(scope["query_string"]).decode("latin-1")  # type: ignore[arg-type]  # bytes by ASGI
        client = scope.get("client")
        return Call(
            ready, Sent(values, query, body), principal, given.request_id, given.key, headers.version(given.if_match),
            str(client[0]) if isinstance(client, (tuple, list)) else "",
        )  # fmt: skip

    def _identify(self, ready: Ready, given: Headers) -> Principal | None:
        """Layer 1: the verified token names the tenant, and nothing else does. Open use cases look at no token."""
        if ready.is_open:
            return None
        if given.token is None:
            raise Unauthenticated
        principal = self._identity.principal(given.token)
        if given.tenant is not None and given.tenant != principal.tenant:
            raise Forbidden("TENANT_MISMATCH", "The token is bound to another organisation.")
        return principal

    async def _body(self, given: Headers, receive: Receive) -> bytes:
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
        if size and given.content_type.partition(";")[0].strip().lower() != "application/json":
            raise UnsupportedMedia
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def _turn(self, call: Call) -> Answer:
        """Wait for the tenant's turn in a worker thread. Raises `Overloaded` when it does not come in time."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()

        def done(answer: Answer | None, error: BaseException | None) -> None:
            loop.call_soon_threadsafe(_settle, future, answer, error)

        perform = bulk if call.ready.case.each is not None else Runtime.__call__
        self._queue.submit(call.principal.tenant if call.principal else "", partial(perform, self._runtime, call), done)
        answer = await future
        if call.ready.case.writes:
            self._wake()
        return answer


def _settle(future: asyncio.Future[Answer], answer: Answer | None, error: BaseException | None) -> None:
    if future.done():  # the client has gone away
        return
    if error is not None:
        future.set_exception(error)
    elif answer is not None:
        future.set_result(answer)


Lines = list[tuple[bytes, bytes]]


def _success(scope: Asgi, given: Headers, answer: Answer, random: Random) -> tuple[int, Lines, bytes]:
    lines: Lines = [*SECURITY, (b"x-request-id", given.request_id.encode())]
    if given.traceparent and (trace := headers.continued(given.traceparent, random.bytes(8).hex())):
        lines.append((b"traceparent", trace.encode()))
    if answer.replayed:
        lines.append((b"idempotent-replayed", b"true"))
    status, body = answer.status, answer.body(given.request_id)
    if answer.version is not None:
        etag = f'"{answer.version}"'
        lines.append((b"etag", etag.encode()))
        if scope["method"] in ("GET", "HEAD") and given.if_none_match == etag:
            status, body = 304, b""
    return status, lines, b"" if scope["method"] == "HEAD" else body


def _failure(failure: Failure, request_id: str) -> tuple[int, Lines, bytes]:
    lines: Lines = [*SECURITY, (b"x-request-id", request_id.encode())]
    if failure.retry_after is not None:
        lines.append((b"retry-after", str(max(1, round(failure.retry_after + 0.5))).encode()))
    if failure.replayed:
        lines.append((b"idempotent-replayed", b"true"))
    if isinstance(failure, Unauthenticated):
        lines.append((b"www-authenticate", b'Bearer realm="api"'))
    if isinstance(failure, MethodNotAllowed) and failure.details:
        allow = failure.details[0].get("allow")
        lines.append((b"allow", ", ".join(allow).encode() if isinstance(allow, list) else b""))
    return failure.status, lines, problem(failure, request_id)


async def _send(send: Send, status: int, lines: Lines, body: bytes) -> None:
    if status not in (204, 304):
        lines.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})

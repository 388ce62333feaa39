"""Requests to the backend's own ASGI application, in process: nothing listens, and nothing is left out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import unquote

from freehold.runtime.routes import PREFIX

Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Message, Receive, Send], Awaitable[None]]

T = TypeVar("T")

REQUEST_ID = "isolation-suite"
LONGEST = 300
"""Letters of a refusal that are told."""
_VOLATILE = frozenset({"date", "server", "x-request-id", "connection", "keep-alive"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request, before it is known who makes it. `path` is below `/api/v1` unless it says otherwise."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    prefix: str = PREFIX
    address: str = "198.51.100.7"

    @classmethod
    def of(cls, method: str, path: str, body: Mapping[str, object]) -> Request:
        """A request with a JSON body."""
        return cls(method, path, body=json.dumps(body).encode())

    def having(self, *headers: tuple[str, str]) -> Request:
        """The same with these headers, instead of others of their name."""
        names = {name for name, _ in headers}
        kept = (header for header in self.headers if header[0] not in names)
        return replace(self, headers=(*kept, *headers))

    def lines(self, token: str | None) -> list[tuple[str, str]]:
        """All headers as they are sent. Those the request has itself come instead of the usual ones."""
        usual = {"host": "api.test", "x-request-id": REQUEST_ID}
        if token is not None:
            usual["authorization"] = f"Bearer {token}"
        if self.body:
            usual["content-type"] = "application/json"
        own = {name.lower() for name, _ in self.headers}
        return [*((name, value) for name, value in usual.items() if name not in own), *self.headers]

    @property
    def target(self) -> str:
        """Path and query, as they are sent."""
        return f"{self.prefix}{self.path}" + (f"?{self.query}" if self.query else "")

    def sent(self) -> str:
        """Everything a caller wrote into it."""
        lines = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return f"{self.target}\n{lines}\n{self.body.decode('utf-8', 'replace')}"

    def curl(self, actor: str) -> str:
        """As one would repeat it by hand."""
        parts = [f"curl -X {self.method} 'http://127.0.0.1:8000{self.target}'", f"-H 'Authorization: Bearer <{actor}>'"]
        parts += [f"-H '{name}: {value}'" for name, value in self.headers]
        if self.body:
            parts.append("-H 'Content-Type: application/json' -d '" + self.body.decode("utf-8", "replace")[:2000] + "'")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300  # noqa: PLR2004  # HTTP's own numbers

    def header(self, name: str) -> str | None:
        """The value of a header, if it is there."""
        return next((value for key, value in self.headers if key == name), None)

    def json(self) -> Mapping[str, object]:
        """The envelope; empty when there is none."""
        try:
            found = json.loads(self.body) if self.body else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def data(self) -> object:
        """What is in the envelope."""
        return self.json().get("data")

    def refusal(self) -> str:
        """What it was refused with, or the first item of a bulk, in a line."""
        items = self.data
        refused = items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else self.json()
        error = refused.get("error")
        if not isinstance(error, dict):
            return str(self.status)
        details = f" {json.dumps(error['details'])}" if error.get("details") else ""
        return f"{self.status} {error.get('code')}: {error.get('message')}{details}"[:LONGEST]

    @property
    def next(self) -> str | None:
        """The cursor to the next page."""
        meta = self.json().get("meta")
        found = meta.get("next") if isinstance(meta, dict) else None
        return found if isinstance(found, str) else None

    def without(self, *asked: str) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        """What two callers may compare: without the ids that were asked for, and what differs each time."""
        body = self.body
        for text in sorted(filter(None, asked), key=len, reverse=True):
            body = body.replace(text.encode(), b"<asked>")
        shorter = len(self.body) - len(body)
        kept = [(name, value) for name, value in self.headers if name not in _VOLATILE]
        headers = [(name, str(int(value) - shorter) if name == "content-length" else value) for name, value in kept]
        return self.status, tuple(sorted(headers)), body

    def text(self) -> str:
        """Status, headers and body, for looking for what must not be there."""
        lines = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return f"{self.status}\n{lines}\n{self.body.decode('utf-8', 'replace')}"


@dataclass
class Wire:
    """Sends requests to an ASGI application, one at a time or many at once."""

    app: Asgi
    sent: int = 0
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def send(self, request: Request, token: str | None) -> Reply:
        """Send one request, and wait for the reply."""
        self.sent += 1
        return self._run(self._one(request, token))

    def together(self, requests: Sequence[tuple[Request, str | None]]) -> list[Reply]:
        """Send many requests at once. The replies are in the order of the requests."""
        self.sent += len(requests)
        return self._run(self._all(requests))

    def abandon(self, request: Request, token: str | None, *, after: int) -> None:
        """Send a request and hang up: before the body is complete (`after=0`), or while it is being worked on."""
        self._run(self._abandoned(request, token, after))

    def _run(self, work: Coroutine[None, None, T]) -> T:
        """On the runner's loop, but without its care for Ctrl-C, which costs more than a small request does."""
        return self._runner.get_loop().run_until_complete(work)

    async def _one(self, request: Request, token: str | None) -> Reply:
        messages: list[Message] = []
        waiting: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]

        async def receive() -> Message:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            messages.append(message)

        await self.app(scope(request, token), receive, send)
        return _reply(messages)

    async def _all(self, requests: Sequence[tuple[Request, str | None]]) -> list[Reply]:
        return await asyncio.gather(*(self._one(request, token) for request, token in requests))

    async def _abandoned(self, request: Request, token: str | None, after: int) -> None:
        if after:
            task = asyncio.ensure_future(self._one(request, token))
            for _ in range(after):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            del message

        await self.app(scope(request, token), receive, send)

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the event loop."""
        self._runner.close()


def scope(request: Request, token: str | None) -> Message:
    """What a server would hand over for this request."""
    path = f"{request.prefix}{request.path}"
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode("utf-8", "surrogatepass"), "root_path": "",
        "query_string": request.query.encode("utf-8", "surrogatepass"), "client": (request.address, 40000),
        "server": ("api.test", 80),
        "headers": [(k.lower().encode("latin-1"), v.encode("latin-1", "replace")) for k, v in request.lines(token)],
    }  # fmt: skip


def _reply(messages: Sequence[Message]) -> Reply:
    status, headers, body = 0, (), b""
    for message in messages:
        if message["type"] == "http.response.start":
            status = int(str(message["status"]))
            raw = message.get("headers", ())
            headers = tuple((k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in raw)  # type: ignore[union-attr]  # pairs of bytes by ASGI
        elif message["type"] == "http.response.body":
            chunk = message.get("body", b"")
            body += chunk if isinstance(chunk, bytes) else b""
    return Reply(status, headers, body)

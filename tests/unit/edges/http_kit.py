"""An app, its site, and requests to it as an ASGI server would make them, without one."""

import asyncio
import json
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Annotated, Protocol, cast

from pydantic import Field

from freehold import ALL, FIRST, App, Entity, Id, Page, Paging, Range, Store, lookup
from freehold.edges.site import Site
from freehold.model.rules import Role
from freehold.testing.caller import Caller, caller

Pair = tuple[bytes, bytes]

app = App("shop")
clerk, owner = app.roles("clerk", "owner")


class Item(Entity):
    name: str
    price: int = 0
    tags: tuple[str, ...] = ()


class Items(Store[Item], Protocol):
    @lookup(unique=True)
    def by_name(self, name: str) -> Item | None: ...

    @lookup(order="price")
    def priced(self, price: Range[int] = ALL, page: Paging = FIRST) -> Page[Item]: ...


@app.command("POST /items", allow=clerk)
def add_item(name: str, items: Items, price: Annotated[int, Field(ge=0)] = 0, tags: list[str] | None = None) -> Item:
    """Put something on the shelf.

    Its name is its own.
    """
    return items.add(Item(name=name, price=price, tags=tuple(tags or ())))


app.bulk("POST /items-in-bulk", add_item, at_most=3)


@app.query("GET /items/{id}", allow=clerk)
def read_item(id: Id[Item], items: Items) -> Item:
    """Look at one thing."""
    return items.get(id)


@app.query("GET /items", allow=clerk)
def list_items(items: Items, price: Range[int] = ALL, page: Paging = FIRST) -> Page[Item]:
    """Look along the shelf."""
    return items.priced(price, page)


@app.command("PATCH /items/{id}", allow=clerk)
def reprice_item(id: Id[Item], price: int, items: Items) -> Item:
    """Put another price on it."""
    item = items.get(id)
    item.price = price
    return items.save(item)


app.bulk("PATCH /items", reprice_item)


@app.command("POST /items/{id}/twin", allow=clerk, idempotent=True)
def twin_item(id: Id[Item], other: Id[Item], items: Items) -> Item:
    """Give it the price of another."""
    item = items.get(id)
    item.price = items.get(other).price
    return items.save(item)


@app.command("DELETE /items/{id}", allow=owner)
def drop_item(id: Id[Item], items: Items) -> None:
    """Take it off the shelf."""
    items.remove(id)


@app.query("GET /broken", allow=clerk)
def broken() -> None:
    """Fail, with something that nobody may see."""
    raise RuntimeError("secret=hunter2hunter2 Bearer eyJhbGciOi.eyJzdWIi.c2ln")


@app.query("GET /limited", allow=clerk, limit="1/hour")
def limited() -> None:
    """May be called once an hour."""


def member(tenant: str = "acme", role: Role = owner) -> AbstractContextManager[Caller]:
    """A member of a tenant of this app."""
    return caller(app, role, tenant)


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    lines: list[Pair]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """By name."""
        return {name.decode(): value.decode() for name, value in self.lines}

    @property
    def json(self) -> dict[str, object]:
        """The envelope."""
        return cast("dict[str, object]", json.loads(self.body))

    @property
    def data(self) -> dict[str, object]:
        """What a success gives."""
        return cast("dict[str, object]", self.json["data"])

    @property
    def code(self) -> str:
        """The code of a failure."""
        error = cast("dict[str, object]", self.json["error"])
        return str(error["code"])


@dataclass(frozen=True)
class Browser:
    """Sends requests as one member, or as nobody."""

    site: Site
    token: str | None = None
    headers: Sequence[Pair] = field(default=())

    def send(
        self, method: str, target: str, body: object = None, *, chunks: Sequence[bytes] | None = None, **headers: str
    ) -> Reply:
        """Send one request. A `body` is sent as JSON; `chunks` go as they are."""
        sent = list(chunks) if chunks is not None else [b"" if body is None else json.dumps(body).encode()]
        lines = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
        if self.token is not None:
            lines.append((b"authorization", f"Bearer {self.token}".encode()))
        if body is not None and "content_type" not in headers:
            lines.append((b"content-type", b"application/json"))
        return asyncio.run(call(self.site, method, target, [*lines, *self.headers], sent))


async def call(
    site: Site, method: str, target: str, headers: Sequence[Pair], chunks: Sequence[bytes] = (b"",)
) -> Reply:
    """Send one request in the running loop. An empty last chunk means: the client goes away here."""
    raw, _, query = target.encode("latin-1").partition(b"?")
    scope: MutableMapping[str, object] = {
        "type": "http", "method": method, "path": raw.decode("latin-1"), "raw_path": raw, "query_string": query,
        "headers": list(headers), "client": ("127.0.0.1", 5000), "server": ("test", 80), "scheme": "http",
        "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    waiting, answered, leaves = list(chunks), [], len(chunks) > 1 and not chunks[-1]

    async def receive() -> MutableMapping[str, object]:
        if not waiting:
            await asyncio.sleep(0 if leaves else 60)
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting) or leaves}

    async def send(message: Mapping[str, object]) -> None:
        answered.append(message)

    await site(scope, receive, send)
    start = answered[0]
    body = b"".join(cast("bytes", message.get("body", b"")) for message in answered[1:])
    return Reply(cast("int", start["status"]), cast("list[Pair]", start["headers"]), body)


def browser(site: Site, member: Caller) -> Browser:
    """Requests of this member."""
    return Browser(site, member.token())

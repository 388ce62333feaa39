"""A backend's own ASGI application, asked in this process, so that the tests can turn its clock."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from freehold.cli.operating import migrations
from freehold.edges.site import Site
from freehold.model.app import App
from freehold.settings import Settings
from freehold.testing import HandClock
from freehold.wiring import Backend, backend, complete, site

GOOD = "kettle orbit fjord"


@dataclass(frozen=True)
class Reply:
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def data(self) -> Any:  # noqa: ANN401  # JSON
        """What was asked for."""
        return self.body["data"]

    @property
    def code(self) -> str:
        """Why it was refused."""
        return str(self.body["error"]["code"])


@dataclass
class Asked:
    """A backend that is asked over ASGI."""

    backend: Backend
    clock: HandClock
    site: Site = field(init=False)

    def __post_init__(self) -> None:
        """Put the edge before it."""
        self.site = site(self.backend)

    def ask(self, method: str, path: str, token: str = "", body: object = None, *, at: str = "192.0.2.1") -> Reply:
        """Send one request, and wait for all of the answer."""
        return asyncio.run(self._ask(method, path, token, body, at))

    def sign_up(self, name: str) -> Reply:
        """Somebody founds an organisation of the same name."""
        wanted = {"email": f"{name}@home.test", "password": GOOD, "name": name, "organisation": name}
        return self.ask("POST", "/auth/sign-up", body=wanted)

    def sign_in(self, name: str, password: str = GOOD, *, at: str = "192.0.2.1") -> Reply:
        """Somebody comes in."""
        return self.ask("POST", "/auth/sign-in", body={"email": f"{name}@home.test", "password": password}, at=at)

    def enter(self, name: str) -> str:
        """Somebody signs up and in. Gives the access token."""
        assert self.sign_up(name).status == 200
        return str(self.sign_in(name).data["access_token"])

    async def _ask(self, method: str, path: str, token: str, body: object, at: str) -> Reply:
        whole = path if path.startswith("/.well-known") else f"/api/v1{path}"
        sent = b"" if body is None else json.dumps(body).encode()
        headers = [
            (b"host", b"api.test"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(sent)).encode()),
        ]
        if token:
            headers.append((b"authorization", f"Bearer {token}".encode()))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "https", "method": method,
            "path": whole, "raw_path": whole.encode(), "query_string": b"", "root_path": "", "headers": headers,
            "client": (at, 1), "server": ("api.test", 443),
        }  # fmt: skip
        answered: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": sent, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            answered.append(message)

        await self.site(scope, receive, send)  # type: ignore[arg-type]  # dicts are mutable mappings
        text = b"".join(message.get("body", b"") for message in answered[1:])
        lines = {name.decode(): value.decode() for name, value in answered[0]["headers"]}
        return Reply(answered[0]["status"], lines, json.loads(text) if text else None)


@contextmanager
def asked(app: App, data: Path, settings: Settings | None = None) -> Iterator[Asked]:
    """The backend of an app on a database and keys of its own, in `data`."""
    settings, clock = replace(settings or Settings(), data=str(data)), HandClock()
    with migrations(settings, complete(app)) as found:
        found.up()
    made = backend(app, settings, clock=clock)
    try:
        yield Asked(made, clock)
    finally:
        made.close()

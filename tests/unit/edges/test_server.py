"""The server under a flood: who is refused before anything is made of a request, and who is not."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest
import uvicorn

from freehold.edges import server
from freehold.edges.server import BoundedProtocol, Server
from freehold.edges.site import Site
from freehold.testing.caller import Caller
from freehold.wiring import site
from tests.unit.edges import http_kit as kit

ITEMS = "/api/v1/items"
LONG = 10
LOOK = 1.0
"""Seconds between two looks at connections that keep the server waiting."""


class Flooded:
    """A server, one of whose tenants has as many calls at work and waiting as it may have."""

    def __init__(self, ada: Caller) -> None:
        self.site: Site = site(ada.backend)
        self.ends = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        serving = threading.Event()
        config = uvicorn.Config(
            self.site, http=BoundedProtocol, lifespan="off", ws="none", log_config=None, access_log=False
        )
        self.server = Server(config, self.site, serving.set)
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],))
        self.thread.start()
        assert serving.wait(LONG)
        self.fill(ada.principal.tenant)

    def fill(self, tenant: str, but: int = 0) -> None:
        """Keep calls at work until there is room for none, or for `but` a few."""
        queue = self.site.turnstile.queue
        while queue.room(tenant) > but:
            queue.submit(tenant, lambda: self.ends.wait(LONG), lambda *_: None)

    def stop(self) -> None:
        """Let the calls end, and leave."""
        self.ends.set()
        self.server.should_exit = True
        self.thread.join()
        self.site.turnstile.queue.close()


@pytest.fixture(scope="module")
def ada() -> Iterator[Caller]:
    with kit.member() as caller:
        yield caller


@pytest.fixture(scope="module")
def acme_token(ada: Caller) -> str:
    return ada.token()


@pytest.fixture
def flooded(ada: Caller) -> Iterator[Flooded]:
    made = Flooded(ada)
    yield made
    made.stop()


@pytest.fixture
def line(flooded: Flooded) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", flooded.port, timeout=LONG)
    yield connection
    connection.close()


def asked(line: HTTPConnection, token: str, method: str = "GET", body: str | None = None) -> tuple[HTTPResponse, bytes]:
    line.request(method, ITEMS, body, {"Authorization": f"Bearer {token}", "X-Request-Id": "mine-1"})
    response = line.getresponse()
    return response, response.read()


def test_who_has_too_many_waiting_is_told_so_in_the_usual_form(line: HTTPConnection, acme_token: str) -> None:
    response, body = asked(line, acme_token)
    told = json.loads(body)
    assert (response.status, told["error"]["code"], told["meta"]) == (503, "OVERLOADED", {"request_id": "mine-1"})
    assert (response.getheader("retry-after"), response.getheader("x-request-id")) == ("1", "mine-1")
    assert response.getheader("cache-control") == "no-store"


def test_a_refused_connection_goes_on_past_a_body_that_nobody_read(
    flooded: Flooded, line: HTTPConnection, acme_token: str
) -> None:
    line.connect()
    at_first = line.sock
    told = [asked(line, acme_token, "POST", json.dumps({"name": "x" * 100_000}))[0].status for _ in range(3)]
    flooded.ends.set()
    while flooded.site.turnstile.queue.load().running:
        pass
    assert told == [503] * 3
    assert asked(line, acme_token)[0].status == 200
    assert line.sock is at_first


def test_a_neighbour_of_who_has_too_many_waiting_is_answered(line: HTTPConnection, ada: Caller) -> None:
    assert asked(line, ada.of("globex").token())[0].status == 200


def test_who_shows_no_good_token_is_refused_for_that(line: HTTPConnection) -> None:
    assert asked(line, "nonsense")[0].status == 401


def test_a_refused_head_has_no_body(line: HTTPConnection, acme_token: str) -> None:
    response, body = asked(line, acme_token, "HEAD")
    assert (response.status, body) == (503, b"")


@pytest.mark.parametrize(
    ("method", "target", "more"),
    [
        (b"GET", b"/health/live", []),
        (b"HEAD", ITEMS.encode(), []),
        (b"GET", ITEMS.encode(), [(b"origin", b"https://app.test")]),
        (b"GET", ITEMS.encode(), [(b"authorization", b"Bearer other")]),
    ],
)
def test_what_is_not_plain_is_not_refused_unread(
    flooded: Flooded, acme_token: str, method: bytes, target: bytes, more: list[tuple[bytes, bytes]]
) -> None:
    token = (b"authorization", f"Bearer {acme_token}".encode())
    assert flooded.site.turnstile.refusal(b"GET", ITEMS.encode(), [token]) is not None
    assert flooded.site.turnstile.refusal(method, target, [token, *more]) is None


def test_who_drains_refuses_nobody_unread(flooded: Flooded, acme_token: str) -> None:
    flooded.site.turnstile.is_open = False
    token = (b"authorization", f"Bearer {acme_token}".encode())
    assert flooded.site.turnstile.refusal(b"GET", ITEMS.encode(), [token]) is None


def test_a_thousand_connections_at_once_are_all_accepted(flooded: Flooded) -> None:
    several = [socket.create_connection(("127.0.0.1", flooded.port), timeout=LONG) for _ in range(1000)]
    for each in several:
        each.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert {each.recv(12) for each in several} == {b"HTTP/1.1 200"}
    for each in several:
        each.close()


def test_a_connection_on_which_nothing_is_asked_is_closed(
    line: HTTPConnection, acme_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(line, acme_token)[0].status == 503
    monkeypatch.setattr(server, "IDLE", 0.2)
    assert line.sock.recv(1) == b""


def test_a_connection_on_which_a_request_does_not_end_is_closed(
    line: HTTPConnection, acme_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(line, acme_token)[0].status == 503
    monkeypatch.setattr(server, "PATIENCE", 0.2)
    line.sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
    assert line.sock.recv(1) == b""


def test_a_connection_on_which_an_answer_is_not_read_is_closed(
    flooded: Flooded, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of several megabytes, which no kernel takes off our hands."""
    globex = ada.of("globex")
    for number in range(8):
        globex.call(kit.add_item, name=f"{number}{'x' * 1_000_000}")
    with socket.socket() as idler:
        idler.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        idler.connect(("127.0.0.1", flooded.port))
        idler.sendall(f"GET {ITEMS} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {globex.token()}\r\n\r\n".encode())
        assert idler.recv(12) == b"HTTP/1.1 200"
        monkeypatch.setattr(server, "PATIENCE", 0.2)
        for _ in range(LONG):
            time.sleep(LOOK)
            if not flooded.server.server_state.connections:
                break
        assert not flooded.server.server_state.connections


def test_a_connection_whose_answer_takes_long_is_kept(
    line: HTTPConnection, flooded: Flooded, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    globex = ada.of("globex")
    assert asked(line, globex.token())[0].status == 200
    at_first = line.sock
    monkeypatch.setattr(server, "IDLE", 0.1)
    flooded.fill(globex.principal.tenant, but=1)
    line.request("GET", ITEMS, None, {"Authorization": f"Bearer {globex.token()}"})
    time.sleep(2 * LOOK)
    flooded.ends.set()
    assert line.getresponse().status == 200
    assert line.sock is at_first

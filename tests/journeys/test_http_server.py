"""The server in a process of its own, over real sockets: what is sent badly, what is slow, and how it leaves."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.journeys.serving import Served, serving

TARGET = "/api/v1/tasks"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving("01_tasks", tmp_path_factory.mktemp("served")) as running:
        yield running


def raw(served: Served, *pieces: bytes) -> bytes:
    """What comes back when these bytes are sent, until the server closes or has nothing more to say."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=2) as connection:
        with suppress(OSError):  # when it has had enough
            for piece in pieces:
                connection.sendall(piece)
        got = b""
        with suppress(ConnectionResetError, TimeoutError):
            while chunk := connection.recv(65_536):
                got += chunk
        return got


def head(served: Served, *lines: str) -> bytes:
    token = served.tokens["acme"]
    return "\r\n".join([*lines, "Host: x", f"Authorization: Bearer {token}", "Connection: close", "", ""]).encode(
        "latin-1"
    )


def created(served: Served, title: str, **headers: str) -> tuple[int, dict[str, object]]:
    connection = HTTPConnection("127.0.0.1", served.port, timeout=30)
    body = json.dumps({"title": title, "assignee": served.people["acme"]})
    lines = {"Authorization": f"Bearer {served.tokens['acme']}", "Content-Type": "application/json", **headers}
    connection.request("POST", TARGET, body, lines)
    response = connection.getresponse()
    read = json.loads(response.read())
    connection.close()
    return response.status, read


def tasks(served: Served) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    following = ""
    while following is not None:
        connection = HTTPConnection("127.0.0.1", served.port, timeout=30)
        target = f"/api/v1/people/{served.people['acme']}/tasks?limit=200{following}"
        connection.request("GET", target, headers={"Authorization": f"Bearer {served.tokens['acme']}"})
        read = json.loads(connection.getresponse().read())
        found += read["data"]
        following = f"&cursor={read['meta']['next']}" if read["meta"]["next"] else None
        connection.close()
    return found


@pytest.mark.parametrize(
    "bytes_",
    [
        b"nonsense\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_not_http_is_refused_and_the_server_goes_on(served: Served, bytes_: bytes) -> None:
    got = raw(served, bytes_)
    assert not got or got.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404")), got[:200]
    assert b"Traceback" not in got
    assert created(served, "still here")[0] == 201


def test_a_body_in_chunks_is_a_body(served: Served) -> None:
    body = json.dumps({"title": "in chunks", "assignee": served.people["acme"]}).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\nAuthorization: Bearer x\r\n\r\n"
    lines = head(served, f"POST {TARGET} HTTP/1.1", "Content-Type: application/json", "Transfer-Encoding: chunked")
    assert raw(served, lines, chunks).startswith(b"HTTP/1.1 201")


def test_a_body_that_never_ends_is_cut_off(served: Served) -> None:
    lines = head(served, f"POST {TARGET} HTTP/1.1", "Content-Type: application/json", "Transfer-Encoding: chunked")
    got = raw(served, lines, *[b"10000\r\n" + b"x" * 65_536 + b"\r\n"] * 200)
    assert not got or got.startswith(b"HTTP/1.1 413")
    assert created(served, "still here")[0] == 201


def test_a_head_that_never_ends_is_cut_off(served: Served) -> None:
    many = [b"X-Long: " + b"x" * 60_000 + b"\r\n"] * 50
    for pieces in (many, [b"X-Long: ", *[b"x" * 60_000] * 50]):
        got = raw(served, b"GET / HTTP/1.1\r\n", *pieces)
        assert not got or got.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("begun", [b"0\r\nX-Long: ", b"2\r\n{}\r\n0\r\nX", b"2;x="])
def test_a_trailer_that_never_ends_is_cut_off(served: Served, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        lines = head(served, f"POST {TARGET} HTTP/1.1", "Content-Type: application/json", "Transfer-Encoding: chunked")
        connection.sendall(lines + begun)
        with pytest.raises(ConnectionError):
            connection.sendall(b"x" * 20_000_000)
    assert created(served, "still here")[0] == 201


def test_a_client_that_leaves_midway_leaves_nothing(served: Served) -> None:
    before = len(tasks(served))
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(
            head(served, f"POST {TARGET} HTTP/1.1", "Content-Type: application/json", "Content-Length: 99")
        )
        connection.sendall(b'{"title": "half')
    assert created(served, "whole")[0] == 201
    assert len(tasks(served)) == before + 1


def test_who_leaves_after_many_requests_at_once_is_not_written_to(served: Served) -> None:
    request = head(served, "GET /api/v1/auth/me HTTP/1.1").replace(b"Connection: close\r\n", b"")
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # to leave at once
            connection.sendall(request * 50)
            connection.recv(1)
    assert created(served, "still here")[0] == 201
    assert [line for line in served.logged() if line["level"] == "error"] == []


def test_slow_clients_hold_up_nobody(served: Served) -> None:
    slow = [socket.create_connection(("127.0.0.1", served.port), timeout=10) for _ in range(200)]
    try:
        for connection in slow:
            connection.sendall(f"POST {TARGET} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nX-Slow:".encode())
        assert [created(served, f"quick {n}")[0] for n in range(20)] == [201] * 20
    finally:
        for connection in slow:
            connection.close()


def test_a_hundred_at_once_with_one_key_have_one_effect(served: Served) -> None:
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: created(served, "storm", **{"Idempotency-Key": "storm"}), range(100)))
    counted = Counter(status for status, _ in answers)
    assert set(counted) <= {201, 409, 503}
    assert counted[201] >= 1
    assert len([task for task in tasks(served) if task["title"] == "storm"]) == 1


def test_who_is_told_to_leave_fails_nobody(tmp_path: Path) -> None:
    """A balancer stops sending once readiness says no. Until it has noticed, every request is answered."""
    outcomes: Counter[object] = Counter()
    noticed = threading.Event()
    with serving("01_tasks", tmp_path) as served:

        def balance() -> None:
            while not noticed.is_set():
                connection = HTTPConnection("127.0.0.1", served.port, timeout=10)
                connection.request("GET", "/health/ready")
                if connection.getresponse().status == 503:
                    noticed.set()
                connection.close()

        def load(number: int) -> None:
            while not noticed.is_set():
                try:
                    outcomes[created(served, f"under load {number}")[0]] += 1
                except OSError as error:
                    outcomes[repr(error)] += 1

        threads = [threading.Thread(target=load, args=(n,)) for n in range(8)] + [threading.Thread(target=balance)]
        for thread in threads:
            thread.start()
        while outcomes[201] < 50:
            time.sleep(0.01)
        assert served.process.poll() is None
        ended = served.stop()
        for thread in threads:
            thread.join()
    assert noticed.is_set()
    assert ended == 0
    assert set(outcomes) == {201}, outcomes


def test_every_line_that_is_logged_is_json_without_a_token(served: Served) -> None:
    created(served, "for the log")
    said = served.log.read_text()
    assert [line for line in served.logged() if line.get("route") == "/tasks"]
    assert not [token for token in served.tokens.values() if token.rpartition(".")[2] in said]

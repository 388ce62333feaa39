"""A service of AWS on loopback, which answers as a script says and remembers what it was asked."""

import json
import random
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from freehold.aws.credentials import Credentials
from freehold.aws.endpoints import Endpoint
from freehold.aws.json_call import AwsJson
from freehold.aws.retries import Policy
from freehold.aws.sending import Sender
from freehold.testing.clock import HandClock

KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
QUICK = Policy(seconds=20, each=5)
READ = ("GetItem", {"TableName": "t", "Key": {"pk": {"S": "a"}}})
WRITE = ("PutItem", {"TableName": "t", "Item": {"pk": {"S": "a"}}})


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    line: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """Which connection it came over, counted from 1."""

    @property
    def operation(self) -> str:
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)


Step = Callable[["Scripted", socket.socket], bool]
"""Does something with a connection on which a request has come. Says whether it stays open."""


def raw(data: bytes, *, stay: bool = True) -> Step:
    """Send exactly these bytes."""

    def step(_: "Scripted", wire: socket.socket) -> bool:
        wire.sendall(data)
        return stay

    return step


def reply(body: object = None, status: int = 200, **headers: str) -> Step:
    """Answer with some JSON, or with bytes as they are, and a checksum as DynamoDB does."""
    return raw(written(body, status, **headers))


def written(body: object = None, status: int = 200, **headers: str) -> bytes:
    """The bytes of an answer."""
    data = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    all_headers = {
        "x-amzn-requestid": "REQ1",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-crc32": str(zlib.crc32(data)),
        "content-length": str(len(data)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in all_headers.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode() + data


def refusal(code: str, message: str = "no", status: int = 400, **more: object) -> Step:
    """Answer with a failure, as AWS writes one."""
    return reply({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message, **more}, status)


def hang_up(_: "Scripted", wire: socket.socket) -> bool:
    """Close without an answer."""
    return False


def reset(_: "Scripted", wire: socket.socket) -> bool:
    """Break the connection."""
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    return False


def silence(server: "Scripted", wire: socket.socket) -> bool:
    """Say nothing for longer than anybody waits."""
    server.over.wait(20)
    return False


def drip(data: bytes, pause: float = 0.05) -> Step:
    """Send an answer byte by byte."""

    def step(server: "Scripted", wire: socket.socket) -> bool:
        for byte in data:
            if server.over.wait(pause):
                return False
            wire.sendall(bytes([byte]))
        return True

    return step


class Scripted:
    """Listens on loopback. Each request takes one step; the last step goes on for ever."""

    def __init__(
        self, *steps: Step, tls: ssl.SSLContext | None = None, decide: Callable[[Asked], Step] | None = None
    ) -> None:
        self.asked: list[Asked] = []
        self.over = threading.Event()
        self.connections = 0
        self._steps, self._decide, self._tls = list(steps) or [reply()], decide, tls
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.stop_listening()
        self.break_connections()
        for thread in self._threads:
            thread.join(30)

    def stop_listening(self) -> None:
        """Take no connection more."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def break_connections(self) -> None:
        """Close all that are open, as a server does with those that have been idle for too long."""
        with self._lock:
            wires, self._open = self._open, []
        for wire in wires:
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
            wire.close()

    def _start(self, run: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                wire, _ = self._listening.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.append(wire)
                self._start(self._serve, wire, self.connections)

    def _serve(self, wire: socket.socket, number: int) -> None:
        try:
            if self._tls:
                wire = self._tls.wrap_socket(wire, server_side=True)
                with self._lock:
                    self._open.append(wire)
            while (asked := _read(wire, number)) is not None and self._step(asked)(self, wire):
                pass
        except OSError:
            pass
        finally:
            wire.close()

    def _step(self, asked: Asked) -> Step:
        with self._lock:
            self.asked.append(asked)
            if self._decide:
                return self._decide(asked)
            return self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]


def _read(wire: socket.socket, number: int) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := wire.recv(65536)):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (header.partition(": ") for header in rest)}
    while len(body) < int(headers.get("content-length", "0")):
        if not (more := wire.recv(65536)):
            return None
        body += more
    return Asked(line, headers, body, number)


class Dice:
    """Randomness that repeats."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


class Naps:
    """Sleeps that take no time but on the clock, and are remembered."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.taken: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        self._clock.turn(timedelta(seconds=seconds))


class Desk:
    """A client of a scripted server, and the time that it lives in."""

    def __init__(self, server: Scripted, *, service: str = "dynamodb", policy: Policy = QUICK) -> None:
        self.clock = HandClock()
        self.naps = Naps(self.clock)
        self.sender = Sender(
            Endpoint(service, "eu-west-1", server.url), self.clock, Dice(), policy=policy, sleep=self.naps
        )
        self.client = AwsJson(self.sender)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def read(self) -> Mapping[str, object]:
        return self.client.call(*READ, KEYS)

    def write(self, token: str = "") -> Mapping[str, object]:
        operation, request = WRITE
        if token:
            return self.client.call("TransactWriteItems", {"TransactItems": [], "ClientRequestToken": token}, KEYS)
        return self.client.call(operation, request, KEYS)


def operations(asked: Iterable[Asked]) -> list[str]:
    """What was asked for, in order."""
    return [each.operation for each in asked]

"""A sample over a real socket, through the server's own parser: what a test client in process cannot send."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from freehold.testing.isolation.actors import Actor
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.http import Reply, Request
from freehold.testing.isolation.matrix import Operation
from freehold.testing.isolation.report import Case, Sort

PATIENCE = 10.0
"""Seconds that a server may take to answer."""
NOTHING = (400, 401, 403, 404, 405, 411, 413, 415, 422)


@contextmanager
def served(arena: Arena) -> Iterator[tuple[str, int]]:
    """The site under uvicorn, on a free port of the loopback address."""
    config = uvicorn.Config(
        arena.wire.app, lifespan="off", ws="none", log_config=None, access_log=False, server_header=False,
        proxy_headers=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        end = time.monotonic() + PATIENCE
        while not server.started and time.monotonic() < end:
            time.sleep(0.005)
        try:
            yield listening.getsockname()
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


def over_the_wire(arena: Arena) -> None:
    """WIRE: by id and in lists over a real socket, with hosts and targets that name B: as in process, and alike."""
    world = arena.world
    actor = world.a.actors[world.roles[-1]]
    operations = [o for o in arena.operations if o.reads and not o.everyone and not o.is_open]
    with served(arena) as address:
        for operation in arena.some(operations, 12):
            request = operation.request(arena.values(operation, actor))
            here, there = arena.send(request, actor), _spoken(arena, address, _text(arena, request, actor))
            _compared(arena, Case("WIRE", operation.name, actor.name, "as in process"), request, here, there)
            _by_id(arena, address, operation, actor)
            for name, text in _malformed(arena, request, actor).items():
                _refused(arena, Case("WIRE", operation.name, actor.name, name), request, text, address)


def _by_id(arena: Arena, address: tuple[str, int], operation: Operation, actor: Actor) -> None:
    for place in operation.ids:
        values = arena.values(operation, actor)
        theirs, nothing = arena.foreign(place.target), arena.world.absent()
        case = Case("WIRE", operation.name, actor.name, f"B's {place}")
        sent = [arena.swapped(operation, values, place, id)[0] for id in (theirs, nothing)]
        one, other = (_spoken(arena, address, _text(arena, request, actor)) for request in sent)
        found = list(arena.oracle.reply(sent[0], one))
        if one.without(theirs) != other.without(nothing):
            found.append((Sort.ORACLE, f"{one.status} for B's, {other.status} for what is nowhere"))
        arena.note(case, found, sent[0].curl(actor.name))


def _compared(arena: Arena, case: Case, request: Request, here: Reply, there: Reply) -> None:
    found = list(arena.oracle.reply(request, there))
    if (here.status, here.body) != (there.status, there.body):
        found.append((Sort.ORACLE, f"{there.status} over the wire, {here.status} in process"))
    arena.note(case, found, request.curl(case.actor))


def _refused(arena: Arena, case: Case, request: Request, text: bytes, address: tuple[str, int]) -> None:
    reply = _spoken(arena, address, text)
    found = list(arena.oracle.reply(request, reply, told=text.decode()))
    if reply.status not in NOTHING and reply.ok and case.variant.endswith("refused"):
        found.append((Sort.DOOR, f"{reply.status} for a request that can be read in two ways"))
    arena.note(case, found, request.curl(case.actor))


def _malformed(arena: Arena, request: Request, actor: Actor) -> dict[str, bytes]:
    """What no client library would send."""
    b = arena.world.b
    plain = _text(arena, request, actor)
    line, _, rest = plain.partition(b"\r\n")
    absolute = line.replace(request.prefix.encode(), f"http://{b.slug}.api.test{request.prefix}".encode(), 1)
    forged = b"authorization: Bearer " + b.actors["key"].key.encode() + b"x\r\n"
    return {
        "an absolute target": absolute + b"\r\n" + rest,
        "another host": plain.replace(b"host: api.test", f"host: {b.slug}.api.test".encode()),
        "two hosts": line + f"\r\nhost: {b.slug}.api.test\r\n".encode() + rest,
        "two tokens, refused": line + b"\r\n" + forged + rest,
        "a tenant header in odd case": line + f"\r\nX-TENANT-ID: {b.tenant}\r\n".encode() + rest,
        "a folded header": line + f"\r\nx-a: b\r\n x-tenant-id: {b.tenant}\r\n".encode() + rest,
        "a length and chunks": line + b"\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n" + rest + b"0\r\n\r\n",
    }


def _text(arena: Arena, request: Request, actor: Actor) -> bytes:
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.lines(arena.world.crowd.token(actor))]
    lines += ["connection: close", *([f"content-length: {len(request.body)}"] if request.body else [])]
    return "\r\n".join([*lines, "", ""]).encode() + request.body


def _spoken(arena: Arena, address: tuple[str, int], text: bytes) -> Reply:
    """Say it, and hear the answer out."""
    arena.wire.sent += 1
    heard = b""
    with socket.create_connection(address, PATIENCE) as connection:
        connection.sendall(text)
        while chunk := connection.recv(65536):
            heard += chunk
    head, _, body = heard.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    status = first.split(" ")[1] if " " in first else "0"
    return Reply(int(status), headers, body)


ATTACKS = (Attack("WIRE", "a sample over a real socket", over_the_wire),)

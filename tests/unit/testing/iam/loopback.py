"""A server on the loopback interface that stands where an emulator would, and sockets to talk through the proxy."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.unit.testing.iam.grounds import Document

SIGNATURE = "0" * 64


@dataclass
class Upstream:
    """What arrived where the emulator would be."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    headers: list[list[tuple[str, str]]] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)
    closed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released once for each connection that has been closed on this side."""
    closes: bool = False
    """Close the connection after each answer, without a word about it."""
    silent: bool = False
    """Close the connection instead of answering."""
    answer: bytes = b'{"Item":{}}'

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def upstream() -> Iterator[Upstream]:
    """Serve, for the length of a block."""
    seen = Upstream()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Note a request down, and answer it."""
            seen.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            seen.headers.append(list(self.headers.items()))
            seen.connections.add(self.client_address)
            if not seen.silent:
                self.send_response_only(201)
                self.send_header("X-Custom", "kept")
                self.send_header("Content-Length", str(len(seen.answer)))
                self.end_headers()
                self.wfile.write(seen.answer)
            self.close_connection = seen.closes or seen.silent

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
            """Close a connection, and say that it is."""
            super().shutdown_request(request)
            seen.closed.release()

    server = Server(("127.0.0.1", 0), Handler)
    seen.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, args=(0.02,))
    serving.start()
    try:
        yield seen
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def signed(
    operation: str, access_key: str = "AKACME", *, region: str = "eu-central-1", service: str = "DynamoDB"
) -> list[tuple[str, str]]:
    """The headers that an SDK sends."""
    scope = f"{access_key}/20260101/{region}/dynamodb/aws4_request"
    return [
        ("Host", "dynamodb.test"),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("X-Amz-Target", f"{service}_20120810.{operation}"),
        (
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-target, Signature={SIGNATURE}",
        ),
    ]


@dataclass(frozen=True)
class Reply:
    """An answer, as far as tests look at it."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def error(self) -> str:
        """The name of the error."""
        return str(json.loads(self.body)["__type"]).rpartition("#")[2]


def ask(connection: HTTPConnection, headers: Sequence[tuple[str, str]], request: Document | bytes) -> Reply:
    """Send a request, and read the answer."""
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    connection.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    return Reply(response.status, response.read(), dict(response.getheaders()))


def raw(port: int, sent: bytes) -> bytes:
    """Send bytes as they are, and read all that comes back until the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        read = b""
        while part := connection.recv(65536):
            read += part
        return read

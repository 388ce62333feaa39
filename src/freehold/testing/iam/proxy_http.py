"""The proxy's HTTP: requests in, judged, and sent on as they came."""

from __future__ import annotations

import logging
import re
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer, ThreadingTCPServer
from urllib.parse import urlsplit
from uuid import uuid4
from zlib import crc32

from pydantic_core import to_json

from freehold.testing.iam.signed import Headers

_LOG = logging.getLogger("freehold.testing.iam")
_PATIENCE = 30.0  # seconds that a client may be silent, and an emulator may think
_HOP_BY_HOP = frozenset(
    {"connection", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)  # RFC 9110, section 7.6.1
_LENGTH = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered without asking the emulator."""

    status: int
    body: bytes


Judge = Callable[[Headers, bytes], Answer | None]
"""What to answer to a request, or None when the emulator shall."""
Upstream = tuple[str, int]


def answer(status: int, shape: str, **fields: str) -> Answer:
    """An error as DynamoDB writes them, of the type `shape`.

    The field with the message has not always the same name there, and so not here.
    """
    return Answer(status, to_json({"__type": shape, **fields}))


def upstream_of(url: str) -> Upstream:
    """Host and port of an emulator. Raises `ValueError` unless it is plain HTTP on the loopback interface."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in {"127.0.0.1", "localhost"} or parts.path.strip("/"):
        raise ValueError(f"an emulator is at http://127.0.0.1:PORT, not at {url}")
    return parts.hostname, parts.port or 80


class ProxyServer(ThreadingTCPServer):
    """A thread for each connection. Closing it cuts those that are open."""

    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = False
    block_on_close = True

    def __init__(self, upstream: Upstream, judge: Judge, largest: int) -> None:
        """Listen on a free port of the loopback interface."""
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", 0), partial(_Connection, upstream=upstream, judge=judge, largest=largest))

    def get_request(self) -> tuple[socket.socket, object]:
        """Take a connection, and remember it."""
        connection, address = super().get_request()
        with self._guard:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Forget a connection, and close it."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002  # as socketserver calls it
        """Say what went wrong where logs go; by default it is printed into the output of a test."""
        _LOG.warning("a connection through the IAM proxy broke", exc_info=True)

    def server_close(self) -> None:
        """Cut every connection, and wait for their threads."""
        with self._guard:
            for connection in self._open:
                with suppress(OSError):  # the client has gone already
                    connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


class _Connection(BaseHTTPRequestHandler):
    """One client's connection, and one of its own to the emulator."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece
    timeout = _PATIENCE

    def __init__(
        self,
        request: socket.socket,
        address: object,
        server: BaseServer,
        *,
        upstream: Upstream,
        judge: Judge,
        largest: int,
    ) -> None:
        self._upstream = HTTPConnection(*upstream, timeout=_PATIENCE)
        self._judge, self._largest = judge, largest
        super().__init__(request, address, server)

    def do_POST(self) -> None:  # the name that http.server looks for
        """Judge a request, and answer it or send it on."""
        body = self._body()
        if body is None:
            return
        headers = list(self.headers.items())
        found = self._judge(headers, body)
        if found is not None:
            self._say(found)
            return
        try:
            self._pass_on(self._sent_on(headers, body))
        except (OSError, HTTPException):
            # Whether it was done is not known, and nothing is said that could be taken for an answer to that.
            _LOG.warning("the emulator behind the IAM proxy did not answer", exc_info=True)
            self.close_connection = True

    def finish(self) -> None:
        """Close the way to the emulator too."""
        self._upstream.close()
        super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as http.server calls it
        """Say nothing: decisions are recorded, and tests print enough."""

    def _body(self) -> bytes | None:
        """The body, or None when it was answered that it cannot be read."""
        lengths = self.headers.get_all("Content-Length", [])
        if self.path != "/" or self.headers.defects or "Transfer-Encoding" in self.headers:
            self.send_error(400, "Not a request that is understood here")
        elif len(lengths) != 1 or _LENGTH.fullmatch(lengths[0].strip()) is None:
            self.send_error(411)
        elif int(lengths[0]) > self._largest:
            self.send_error(413)
        else:
            body = self.rfile.read(int(lengths[0]))
            if len(body) == int(lengths[0]):
                return body
            self.close_connection = True
        return None

    def _sent_on(self, headers: Headers, body: bytes) -> HTTPResponse:
        connection = self._upstream
        if connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            connection.close()  # it was closed meanwhile, or says something that nobody asked: either way, a new one
        connection.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                connection.putheader(name, value)
        connection.endheaders(body)
        return connection.getresponse()

    def _pass_on(self, response: HTTPResponse) -> None:
        body = response.read()
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in _HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self._end(body)

    def _say(self, found: Answer) -> None:
        self.send_response_only(found.status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("x-amzn-RequestId", uuid4().hex.upper())
        self.send_header("x-amz-crc32", str(crc32(found.body)))
        self._end(found.body)

    def _end(self, body: bytes) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

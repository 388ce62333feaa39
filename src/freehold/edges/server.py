"""Runs a site under uvicorn, and stops without failing anybody: unready first, then what is in flight is finished."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from freehold.edges.headers import SECURITY
from freehold.edges.site import Site
from freehold.runtime.envelope import problem
from freehold.runtime.failures import BadRequest, Failure, TooLarge

LEAVE = 0.5
"""Seconds between being unready and closing the door, for whoever balances the load to notice."""
PATIENCE = 20.0
"""Seconds a client may take to send a request, from its first byte or the connection's to its last."""
HEAD = 65_536
"""Bytes before a request's body: beyond, the connection is closed unread."""
TICKS = 10
"""How often a second uvicorn looks around."""


class Patient(HttpToolsProtocol):
    """uvicorn's protocol, with bounds on how much is read before a request is understood, and on how long it takes."""

    waiting_since: float | None = None
    _head = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Somebody has come, and is expected to ask for something."""
        super().connection_made(transport)
        self.waiting_since = time.monotonic()

    def data_received(self, data: bytes) -> None:
        """Read on, unless it is too much."""
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > HEAD and not self.transport.is_closing():
                self._refuse(TooLarge("HEADERS_TOO_LARGE", "The headers are larger than the limit."))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # as uvicorn's own
        """Refuse what is not HTTP, in the form of every other refusal."""
        self._refuse(BadRequest())

    def _refuse(self, failure: Failure) -> None:
        body = problem(failure, "")
        lines = [*SECURITY, (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
        self.transport.write(b"HTTP/1.1 %d Refused\r\n%b\r\n%b" % (failure.status, head, body))
        self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._head, self.waiting_since = True, 0, time.monotonic()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. What comes behind a body (trailers) is no header of the request."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is read."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is read; the next one may begin, and its head with it."""
        self._in_head, self._head, self.waiting_since = True, 0, None
        super().on_message_complete()


class Server(uvicorn.Server):
    """uvicorn's server, with a SIGTERM that drains and an end that is no failure."""

    def __init__(self, config: uvicorn.Config, site: Site, started: Callable[[], None]) -> None:
        """Serve `site`; `started` is called once requests are answered."""
        super().__init__(config)
        self._site, self._started = site, started
        self._leave_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self._started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # as uvicorn's own
        """Become unready on the first signal, and leave a moment later; on the second leave at once."""
        if sig == signal.SIGTERM and self._leave_at is None:
            self._site.readiness.is_ready = False
            self._leave_at = time.monotonic() + LEAVE
        else:
            self.force_exit = self.should_exit
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """See ten times a second whether it is time to leave, and once a second who has kept us waiting."""
        now = time.monotonic()
        if counter % TICKS == 0:
            for connection in list(self.server_state.connections):
                since = getattr(connection, "waiting_since", None)
                if since is not None and now - since > PATIENCE:
                    connection.transport.abort()
        return await super().on_tick(counter) or (self._leave_at is not None and now >= self._leave_at)


def serve(site: Site, sockets: list[socket.socket], *, drain_seconds: float, started: Callable[[], None]) -> None:
    """Serve until told to stop, then finish what is in flight, for `drain_seconds` at most."""
    config = uvicorn.Config(
        site, http=Patient, loop="auto", lifespan="off", ws="none", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_graceful_shutdown=round(drain_seconds), timeout_keep_alive=30,
    )  # fmt: skip
    Server(config, site, started).run(sockets)

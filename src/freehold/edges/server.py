"""Runs a site under uvicorn, and stops without failing anybody: unready first, then what is in flight is finished."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from freehold.edges.headers import SECURITY
from freehold.edges.responses import rendered
from freehold.edges.site import Site
from freehold.edges.turnstile import Turnstile
from freehold.runtime.envelope import problem
from freehold.runtime.failures import BadRequest, Failure, TooLarge

LEAVE = 0.5
"""Seconds between being unready and closing the door, for whoever balances the load to notice."""
PATIENCE = 20.0
"""Seconds a client may take to send a request, from its first byte or the connection's to its last; and seconds in
which it must take some of an answer that waits for it. Else it would be kept here for as long as nobody reads it."""
IDLE = 75.0
"""Seconds that a connection is kept on which nothing is asked: longer than a load balancer does (60 on AWS), since one
that sends a request down a connection that is just being closed here fails it."""
HEAD = 65_536
"""Bytes before a request's body, or behind it: beyond, the connection is closed unread."""
TICKS = 10
"""How often a second uvicorn looks around."""
BACKLOG = 2048
"""How many connections the kernel keeps for us until they are accepted."""
ARRIVALS = 256
"""How many connections are accepted in one turn of the loop. libuv takes one, and a flood then fills the backlog."""
LONG_TURN = 0.003
"""Seconds that a turn of the loop takes when it is behind: then the workers wait for it."""
GARBAGE = 10_000
"""How many new objects there are between two looks for garbage: 700 would be a look every few requests."""
NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = logging.getLogger("freehold.server")


class Pace:
    """Lets a loop that is behind catch up: while it reads all there is to read, no worker begins another call.

    Workers and the loop share one interpreter. With many workers the loop gets little of it, and then reads requests
    no faster than they are answered, so that whoever is many and loud is nowhere seen to be.
    """

    def __init__(self, turnstile: Turnstile) -> None:
        """Hold and release the queue behind `turnstile`, and tell it when those that it let in have lined up."""
        self._turnstile, self._queue = turnstile, turnstile.queue
        self._began: float | None = None
        self._took = 0.0
        self._reads = False

    def reading(self, loop: asyncio.AbstractEventLoop) -> None:
        """Something has come in: a turn begins, unless it has begun."""
        if not self._reads:
            self._reads = True
            loop.call_soon(self._has_read)  # right before all that comes in now lines up
        if self._began is None:
            self._began = time.monotonic()
            if self._took > LONG_TURN:
                self._queue.hold()
            loop.call_soon(loop.call_soon, self._ended)  # twice, to be behind whatever this turn has brought about

    def _has_read(self) -> None:
        self._reads = False
        self._turnstile.next_turn()

    def _ended(self) -> None:
        if self._began is not None:
            self._took, self._began = time.monotonic() - self._began, None
        self._queue.release()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with bounds on how much is read before a request is understood, and on how long it takes."""

    waiting_since: float | None = None
    idle_since: float | None = None
    turnstile: Turnstile | None = None
    pace: Pace | None = None
    _bare = 0
    _unread, _unread_since = 0, 0.0
    _in_head = True
    _goes_on = False
    _refusal: str | None = None
    _at_work: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Somebody has come, and is expected to ask for something."""
        super().connection_made(transport)
        self.waiting_since = time.monotonic()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever has gone is not written to. Of requests that came one behind the other uvicorn asks the last only."""
        if self._at_work is not None and not self._at_work.response_complete:
            self._at_work.disconnected = True
            self._at_work.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless it is too much."""
        if self.pace is not None:
            self.pace.reading(self.loop)
        self._goes_on = False
        super().data_received(data)
        if self._goes_on:  # what stood before the end of a request is no part of the next head
            self._bare = 0
            return
        self._bare += len(data)
        if self._bare > HEAD and not self.transport.is_closing():
            if self._in_head:
                self._refuse(TooLarge("HEADERS_TOO_LARGE", "The headers are larger than the limit."))
            else:  # a trailer, which the parser would keep until it ends; there may be an answer already
                self.transport.abort()

    def leave_if_late(self, now: float) -> None:
        """Close a connection on which a request is not sent to its end, an answer not read, or nothing asked."""
        unread = self.transport.get_write_buffer_size()
        if unread != self._unread:
            self._unread, self._unread_since = unread, now
        waiting = [self.waiting_since, self._unread_since if unread else None]
        if any(since is not None and now - since > PATIENCE for since in waiting):
            self.transport.abort()  # to close it would mean to wait until all is read
        elif self.idle_since is not None and now - self.idle_since > IDLE and self._is_free():
            self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # as uvicorn's own
        """Refuse what is not HTTP, in the form of every other refusal."""
        self._refuse(BadRequest())

    def _refuse(self, failure: Failure) -> None:
        response = failure.status, [*SECURITY], problem(failure, "")
        self.transport.write(rendered(response, self.server_state.default_headers, stays=False))
        self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins. What is made of it is left until it is known not to be refused."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._in_head, self.waiting_since, self.idle_since = True, time.monotonic(), None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. What comes behind a body (trailers) is no header of the request."""
        if self._in_head:
            name = name.lower()
            self.headers.append((name, value))
            if name == b"expect":
                self.expect_100_continue = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        """The head is read. What must be refused all the same is not begun."""
        self._in_head = False
        self._refusal = self._refused_at_once()
        if self._refusal is None:
            read = self.url, self.headers, self.expect_100_continue
            super().on_message_begin()  # makes them anew, and the scope with them
            self.url, self.headers, self.expect_100_continue = read
            self.scope["headers"] = self.headers
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, unless nobody wants it."""
        self._goes_on = True
        if self._refusal is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is read; the next one may begin, and its head with it."""
        self._in_head, self._goes_on, self.waiting_since = True, True, None
        refused, self._refusal = self._refusal, None
        if refused is None:
            super().on_message_complete()
            return
        stays = self.parser is not None and self.parser.should_keep_alive()
        if self.turnstile is not None:
            self.transport.write(self.turnstile.answer(refused, self.server_state.default_headers, stays=stays))
        if not stays:
            self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        """One more is answered. Whoever then asks nothing for long is seen at a tick of the server.

        uvicorn sets a timer after every answer, and cancels it with the next request.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self.idle_since = time.monotonic()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._at_work = cycle
        super()._start_asgi_task(cycle, app)

    def _refused_at_once(self) -> str | None:
        """The id of a request that is refused unread. Not between two that are answered in their order, or upgraded."""
        if self.turnstile is None or self.parser is None or self.expect_100_continue or not self._is_free():
            return None
        if self.parser.should_upgrade():
            return None
        return self.turnstile.refusal(self.parser.get_method(), self.url, self.headers)

    def _is_free(self) -> bool:
        return self.cycle is None or self.cycle.response_complete


class Server(uvicorn.Server):
    """uvicorn's server, with a SIGTERM that drains and an end that is no failure."""

    def __init__(self, config: uvicorn.Config, site: Site, started: Callable[[], None]) -> None:
        """Serve `site`; `started` is called once requests are answered."""
        super().__init__(config)
        self._site, self._started = site, started
        self._leave_at: float | None = None
        self._pace = Pace(site.turnstile)
        self._arriving: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        ours = sockets if sockets and sys.platform != "win32" else []  # whose loop cannot say when somebody is there
        await super().startup([] if ours else sockets)
        for each in ours:
            each.settimeout(0)
            each.listen(BACKLOG)
            self._listen(each)
        gc.collect()
        gc.freeze()  # the app, its model and what it imports stay: to look at them again and again is a tenth of a call
        gc.set_threshold(GARBAGE, *gc.get_threshold()[1:])
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nobody any more, and finish what is in flight."""
        for each in sockets or ():
            if sys.platform != "win32":
                asyncio.get_running_loop().remove_reader(each)
        await asyncio.gather(*self._arriving)
        await super().shutdown(sockets)

    def _listen(self, listener: socket.socket) -> None:
        if listener.fileno() >= 0 and not self.should_exit:
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        """Accept all who wait, up to a bound: who is not accepted has nobody's turn, however little it asks."""
        loop = asyncio.get_running_loop()
        self._pace.reading(loop)
        for _ in range(ARRIVALS):
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise
                log.warning("no connection can be accepted for a second: %s", error.strerror)
                loop.remove_reader(listener)
                loop.call_later(1, self._listen, listener)
                return
            task = loop.create_task(self._welcome(connection))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

    async def _welcome(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        except OSError:  # gone already
            connection.close()

    def _protocol(self) -> BoundedProtocol:
        made = BoundedProtocol(self.config, self.server_state, self.lifespan.state)
        made.turnstile, made.pace = self._site.turnstile, self._pace
        return made

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # as uvicorn's own
        """Become unready on the first signal, and leave a moment later; on the second leave at once."""
        if sig == signal.SIGTERM and self._leave_at is None:
            self._site.turnstile.is_open = False
            self._leave_at = time.monotonic() + LEAVE
        else:
            self.force_exit = self.should_exit
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """See ten times a second whether it is time to leave, and once a second who has kept us waiting."""
        now = time.monotonic()
        if counter % TICKS == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, BoundedProtocol):
                    connection.leave_if_late(now)
        return await super().on_tick(counter) or (self._leave_at is not None and now >= self._leave_at)


def serve(site: Site, sockets: list[socket.socket], *, drain_seconds: float, started: Callable[[], None]) -> None:
    """Serve until told to stop, then finish what is in flight, for `drain_seconds` at most."""
    config = uvicorn.Config(
        site, http=BoundedProtocol, loop="auto", lifespan="off", ws="none", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_graceful_shutdown=round(drain_seconds),
    )  # fmt: skip
    Server(config, site, started).run(sockets)

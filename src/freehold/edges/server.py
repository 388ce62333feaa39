"""Runs a site under uvicorn, and stops it without failing anybody: unready first, then what is in flight is finished."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from freehold.edges.site import Site

LEAVE = 0.5
"""Seconds between being unready and closing the door, for whoever balances the load to notice."""


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

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Become unready on the first signal, and leave a moment later; on the second leave at once."""
        if sig == signal.SIGTERM and self._leave_at is None:
            self._site.readiness.is_ready = False
            self._leave_at = time.monotonic() + LEAVE
        else:
            self.force_exit = self.should_exit
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: is it time to leave?"""
        leave = self._leave_at is not None and time.monotonic() >= self._leave_at
        return await super().on_tick(counter) or leave


def serve(site: Site, sockets: list[socket.socket], *, drain_seconds: float, started: Callable[[], None]) -> None:
    """Serve until told to stop, then finish what is in flight, for `drain_seconds` at most."""
    config = uvicorn.Config(
        site, http="httptools", loop="auto", lifespan="off", ws="none", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_graceful_shutdown=round(drain_seconds), timeout_keep_alive=30,
    )  # fmt: skip
    Server(config, site, started).run(sockets)

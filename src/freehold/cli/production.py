"""An app in production, from loading it to the last answer."""

from __future__ import annotations

import logging
import socket

from freehold.cli.listening import address_of
from freehold.cli.operating import migrations
from freehold.cli.target import load, locate
from freehold.edges.logs import configure
from freehold.edges.server import serve
from freehold.settings import Settings
from freehold.wiring import backend, complete, site

log = logging.getLogger("freehold.serve")


def run(target: str | None, settings: Settings, listener: socket.socket, *, migrate: bool) -> None:
    """Serve until told to stop. Raises `ModelError`: FH303 for pending migrations, FH301 for those that break."""
    configure(settings.log_level, pretty=False)
    app = load(locate(target))
    if migrate:
        with migrations(settings, complete(app)) as found:
            found.up()
    made = backend(app, settings)
    try:
        made.start()
        address = address_of(listener)
        serve(site(made), [listener], drain_seconds=settings.drain_seconds, started=lambda: _started(app.name, address))
    finally:
        made.close()


def _started(name: str, address: str) -> None:
    log.info("%s is served on %s", name, address)

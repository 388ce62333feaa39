"""The socket that is listened on, made before anything else, so that an address in use is told at once."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

from freehold.model.finding import Finding, ModelError, Place

BACKLOG = 1024


class Listener(socket.socket):
    """A listening socket that says when it is closed in this process: from then on it accepts nobody here."""

    on_close: Callable[[], None] | None = None

    def close(self) -> None:
        """Close it, and say so once."""
        told, self.on_close = self.on_close, None
        super().close()
        if told is not None:
            told()


def listen(host: str, port: int) -> Listener:
    """A socket listening there. Raises `ModelError` (FH407) when that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = Listener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named: asyncio then sets TCP_NODELAY
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        in_use = error.errno == errno.EADDRINUSE
        message = f"port {port} is in use" if in_use else f"cannot listen on {host}:{port}: {error.strerror or error}"
        fix = (
            f"take another: --port {port + 1}, or --port 0 for any that is free" if in_use else "see --host and --port"
        )
        raise ModelError([Finding("FH407", Place(f"{host}:{port}", 0), message, fix)]) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104  # looked at, not bound to
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

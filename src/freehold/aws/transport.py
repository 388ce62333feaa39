"""Connections to one host that are kept and used again, and a time limit that nothing in a call gets around."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, RemoteDisconnected
from urllib.parse import urlsplit

from freehold.aws.addresses import Address, Addresses, Resolve, resolve
from freehold.aws.failures import Unreachable
from freehold.aws.incoming import Answer, AnswerTooLarge, Incoming
from freehold.runtime.ports import Clock

_IDLE = 50.0  # seconds after which a connection is not trusted any more; the other side keeps one for about a minute
_MOST_IDLE = 64
_HOST = re.compile(r"[\w.:%\[\]-]+", re.ASCII)  # and a port; no user, and no password
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. `headers` have names in lower case; `host`, `content-length` and the like are added."""

    headers: Mapping[str, str]
    body: bytes = b""
    method: str = "POST"
    path: str = "/"


class Connections:
    """Keep-alive connections to one origin. The one that was given back last is the one that is used next."""

    def __init__(
        self, url: str, clock: Clock, *, tls: ssl.SSLContext | None = None, resolve: Resolve = resolve
    ) -> None:
        """Connect to nothing yet. Of `url`, scheme, host and port count. Raises `ValueError` for any other scheme."""
        address = urlsplit(url)
        if address.scheme not in _PORTS or _HOST.fullmatch(address.netloc) is None or not address.hostname:
            raise ValueError("it has to be https:// or http://, and the name of a host")
        self._name = address.hostname
        default = _PORTS[address.scheme]
        port = address.port or default
        shown = f"[{self._name}]" if ":" in self._name else self._name
        self.host = shown if port == default else f"{shown}:{port}"
        """The value of the `host` header."""
        self._secure, self._tls = address.scheme == "https", tls
        self._clock = clock
        self._addresses = Addresses(self._name, port, resolve)
        self._lock = threading.Lock()
        self._idle: list[tuple[socket.socket, float]] = []
        self._closed = False

    def exchange(self, request: Request, until: float, *, repeatable: bool = False) -> Answer:
        """Send a request and read its answer, until the clock's `monotonic` says `until`.

        A connection may turn out to have been closed at the other end just as it is used again. Only a request that is
        `repeatable` is then sent once more, on a new one. Raises `Unreachable`.
        """
        data = self._written(request)
        maybe_done = False
        if (kept := self._take()) is not None:
            try:
                return self._over(kept, data, until)
            except _Dropped as dropped:
                if not repeatable:
                    raise dropped.failure from None
                maybe_done = dropped.failure.maybe_done
        try:
            return self._over(self._open(until), data, until)
        except _Dropped as dropped:
            dropped.failure.maybe_done |= maybe_done
            raise dropped.failure from None
        except Unreachable as error:
            error.maybe_done |= maybe_done
            raise

    def close(self) -> None:
        """Close what is idle, and what is in use as soon as it is given back."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for raw, _ in idle:
            raw.close()

    def _written(self, request: Request) -> bytes:
        lines = [f"{request.method} {request.path} HTTP/1.1", f"host: {self.host}", "accept-encoding: identity"]
        lines += [f"{name}: {value}" for name, value in request.headers.items() if name != "host"]
        lines.append(f"content-length: {len(request.body)}")
        text = "".join(lines)
        if not (text.isascii() and text.isprintable()) or " " in request.path:
            # A line break would begin a header of its own. What is wrong is not quoted: it may be a token.
            raise Unreachable("UnsendableHeader", "a header holds what HTTP cannot carry", maybe_done=False)
        return "\r\n".join([*lines, "", ""]).encode("ascii") + request.body

    def _over(self, raw: socket.socket, data: bytes, until: float) -> Answer:
        """Exchange over one connection, and keep it only if all went well."""
        answer = None
        try:
            self._send(raw, data, until)
            answer = self._receive(raw, until)
            return answer
        finally:
            if answer is not None and answer.reusable:
                self._keep(raw)
            else:
                raw.close()

    def _send(self, raw: socket.socket, data: bytes, until: float) -> None:
        """Send all of it. Where that fails the request has not arrived whole, and so it has not been done."""
        try:
            raw.settimeout(self._left(until))
            raw.sendall(data)
        except TimeoutError:
            raise Unreachable("Timeout", f"{self.host} did not take the request in time", maybe_done=False) from None
        except OSError as error:
            raise _Dropped(self._lost(error, maybe_done=False)) from None

    def _receive(self, raw: socket.socket, until: float) -> Answer:
        incoming = Incoming(raw, until, self._clock.monotonic)
        try:
            return incoming.read_answer()
        except AnswerTooLarge:
            message = f"{self.host} answers with more than a service of AWS would"
            raise Unreachable("AnswerTooLarge", message, maybe_done=True) from None
        except TimeoutError:
            raise Unreachable("Timeout", f"{self.host} did not answer in time", maybe_done=True) from None
        except (ConnectionError, RemoteDisconnected, ssl.SSLEOFError) as error:
            failure = self._lost(error, maybe_done=True)
            raise failure if incoming.begun else _Dropped(failure) from None
        except (OSError, HTTPException, ValueError) as error:
            raise self._lost(error, maybe_done=True) from None

    def _lost(self, error: Exception, *, maybe_done: bool) -> Unreachable:
        name = type(error).__name__  # and not its text, in which http.client quotes what it could not read
        return Unreachable("ConnectionLost", f"the connection to {self.host} broke: {name}", maybe_done=maybe_done)

    def _take(self) -> socket.socket | None:
        """The kept connection that was used last, if it is still good."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                raw, since = self._idle.pop()
            if self._clock.monotonic() - since < _IDLE and _is_quiet(raw):
                return raw
            raw.close()

    def _keep(self, raw: socket.socket) -> None:
        now = self._clock.monotonic()
        old: list[socket.socket] = []
        with self._lock:
            while self._idle and (len(self._idle) >= _MOST_IDLE or now - self._idle[0][1] >= _IDLE):
                old.append(self._idle.pop(0)[0])
            if self._closed:
                old.append(raw)
            else:
                self._idle.append((raw, now))
        for each in old:
            each.close()

    def _open(self, until: float) -> socket.socket:
        try:
            raw = self._connect(until)
            return self._secured(raw, until) if self._secure else raw
        except TimeoutError:
            raise Unreachable("Timeout", f"{self.host} did not open a connection in time", maybe_done=False) from None
        except OSError as error:
            raise Unreachable("Unreachable", f"{self.host} cannot be reached: {error}", maybe_done=False) from None

    def _connect(self, until: float) -> socket.socket:
        """To the first address that takes it. Each gets an equal share of the time that is left."""
        addresses = self._addresses.find(self._left(until))
        for number, address in enumerate(addresses, 1):
            try:
                return _connected(address, self._left(until) / (len(addresses) - number + 1))
            except OSError:
                if number == len(addresses):
                    raise
        raise OSError("the name has no address")

    def _secured(self, raw: socket.socket, until: float) -> socket.socket:
        try:
            raw.settimeout(self._left(until))
            return self._context().wrap_socket(
                raw,
                server_hostname=self._name,
                suppress_ragged_eofs=False,  # or else an answer cut short would look whole
            )
        except BaseException:
            raw.close()
            raise

    def _context(self) -> ssl.SSLContext:
        """Made at the first connection: reading the system's certificates takes as long as many calls."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _left(self, until: float) -> float:
        left = until - self._clock.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Dropped(Exception):
    """The other end closed the connection before any of an answer came."""

    def __init__(self, failure: Unreachable) -> None:
        super().__init__(failure.code)
        self.failure = failure


def _connected(address: Address, seconds: float) -> socket.socket:
    family, place = address
    raw = socket.socket(family, socket.SOCK_STREAM)
    try:
        raw.settimeout(seconds)
        raw.connect(place)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        raw.close()
        raise
    return raw


def _is_quiet(raw: socket.socket) -> bool:
    """Whether a kept connection is as it was left: open, with nothing in it that nobody has asked for."""
    raw.settimeout(0)
    try:
        raw.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    return False

"""Connections that are kept, and a share of them for each tenant. Who cannot have one is told so, and soon.

psycopg's pool lets everybody wait in full for a server that refuses, since it cannot tell that from one that is busy.
Here whoever needs a new connection has it made, and while the server is away one of them tries at a time. It is made in
a thread of its own, since libpq waits for two seconds at least: nobody waits for it longer than for an answer.
"""

from __future__ import annotations

import threading
import time
from collections import Counter

import psycopg
from psycopg.conninfo import conninfo_to_dict

from freehold.runtime.failures import Overloaded
from freehold.stores.postgres.trouble import Lost, Refusal
from freehold.stores.postgres.wire import Wire
from freehold.stores.unavailable import busy, unreachable

MOST_SCHEMAS = 400
"""After so many tenants a connection is replaced: the server keeps up to 0.3 MB of each for as long as it lasts."""

MANY_SCHEMAS = 50
"""A connection that knows so many learns no more while there may be another one: the first call to a schema costs the
server four times as much as those after it, which find it in what the connection remembers."""

CONNECT_SECONDS = "2"
"""After how long an attempt to be let in ends, unless the URL says otherwise. Whoever wanted it may be gone by then."""
PAUSE = 0.25
"""While the server is away, somebody looks for it so often, in seconds."""
GRACE = 0.5
"""Who has waited for another one gives a new connection this many seconds all the same."""
PING_SECONDS = 0.5
LEAST = 0.01
"""For how long a connection that is in doubt is asked, in seconds; and for how long when no time is left."""
IDLE_SECONDS = 300.0
"""A connection that nobody has needed for so long is closed."""
SETTLED = 1.0
"""How long a look at a server that takes no writes is good for, in seconds: all connections are replaced no oftener."""


class _Attempt:
    """A connection that is being made, and what became of it."""

    __slots__ = ("error", "is_left", "is_over", "wire")

    def __init__(self) -> None:
        self.wire: Wire | None = None
        self.error: psycopg.Error | None = None
        self.is_over = self.is_left = False
        """Whether it has ended; and whether nobody waits for it any more."""


class Wires:
    """Connections, and a share of them for each tenant: who holds many cannot hold them all."""

    def __init__(self, url: str, *, size: int, wait: float, deadline: float, prepares: bool) -> None:
        """Open none yet. `deadline` is how many seconds to wait for an answer, `wait` how many for a free connection.

        Nobody waits longer for a connection than for an answer.
        """
        self._how = {"connect_timeout": CONNECT_SECONDS, "fallback_application_name": "freehold"}
        self._how.update({name: str(value) for name, value in conninfo_to_dict(url).items()})
        self._deadline, self._prepares, self._wait, self._size = deadline, prepares, min(wait, deadline), size
        self._share = max(1, size - size // 4)
        self._held: Counter[str] = Counter()
        self._idle: list[Wire] = []
        self._open = self._opening = 0
        self._is_away, self._look_at = False, 0.0
        self._doubted = self._void = float("-inf")
        self._closed = False
        self._free = threading.Condition()

    def take(self, tenant: str, schema: str | None = None) -> Wire:
        """A connection for a call of `tenant`, and best of all one that has been to its `schema`.

        Raises `Overloaded` when none can be had in time.
        """
        until = time.monotonic() + self._wait
        with self._free:
            if not self._free.wait_for(lambda: self._held[tenant] < self._share, self._wait):
                raise Overloaded("STORE_BUSY", "This organisation keeps the store busy: wait and retry.", retry_after=1)
            self._held[tenant] += 1
        try:
            return self._whole(until, schema)
        except BaseException:
            self._leave(tenant)
            raise

    def give_back(self, wire: Wire, tenant: str) -> None:
        """Leave whatever transaction it is in, and let the next call have it; unless it is broken, or has seen much."""
        try:
            wire.leave()
        except (Lost, Refusal):
            wire.connection.close()
        now = time.monotonic()
        with self._free:
            if wire.was_late:
                self._doubted = now
            if wire.is_misplaced and now - self._void > SETTLED:
                self._void = now
            self._held[tenant] -= 1
            if self._held[tenant] <= 0:
                del self._held[tenant]
            gone = self._kept(wire, now)
            self._free.notify_all()
        for each in gone:
            each.connection.close()

    def close(self) -> None:
        """Let go of all: those in use, once they are given back."""
        with self._free:
            self._closed = True
            gone, self._idle = self._idle, []
            self._open -= len(gone)
            self._free.notify_all()
        for wire in gone:
            wire.connection.close()

    def _kept(self, wire: Wire, now: float) -> list[Wire]:
        """Have it among those that are free. Returns which to close: this one, or one that nobody has needed."""
        is_spent = wire.connection.closed or len(wire.schemas) > MOST_SCHEMAS or wire.opened < self._void
        if is_spent or self._closed:
            gone = [wire]
        else:
            self._idle.append(wire)
            gone = [self._idle.pop(0)] if now - self._idle[0].heard > IDLE_SECONDS else []
        self._open -= len(gone)
        return gone

    def _whole(self, until: float, schema: str | None) -> Wire:
        while True:
            wire = self._next(until, schema) or self._connected(until)
            if wire is None:
                continue
            is_good = wire.opened >= self._void and wire.is_whole()
            within = min(PING_SECONDS, max(until - time.monotonic(), LEAST))
            if is_good and (wire.heard >= self._doubted or wire.answers(within)):
                return wire
            wire.connection.close()
            with self._free:
                self._open -= 1
                self._free.notify_all()

    def _next(self, until: float, schema: str | None) -> Wire | None:
        """One that is free; None when a new one is to be made. Raises `Overloaded` when there is no hope for either."""
        with self._free:
            while not self._closed:
                now = time.monotonic()
                is_time = not self._is_away or (not self._opening and now >= self._look_at)
                may_open = is_time and self._open + self._opening < self._size
                wire = self._best(schema)
                if wire is not None and not (may_open and self._is_strange(wire, schema)):
                    self._idle.remove(wire)
                    return wire
                if may_open:
                    self._opening += 1
                    return None
                if self._is_away and not self._open:
                    raise unreachable()
                if now >= until:
                    raise busy()
                self._free.wait(min(until - now, PAUSE) if self._is_away else until - now)
        raise unreachable()

    def _best(self, schema: str | None) -> Wire | None:
        """Of those that are free, the last that has been to a schema; else the one that has seen least, or the last."""
        if schema is None or not self._idle:
            return self._idle[-1] if self._idle else None
        been = (wire for wire in reversed(self._idle) if schema in wire.schemas)
        return next(been, None) or min(self._idle, key=lambda wire: len(wire.schemas))

    @staticmethod
    def _is_strange(wire: Wire, schema: str | None) -> bool:
        """Whether it would learn one more schema, when it knows many: others might share the work."""
        return schema is not None and schema not in wire.schemas and len(wire.schemas) >= MANY_SCHEMAS

    def _connected(self, until: float) -> Wire | None:
        """A new connection; None when there are others to wait for. Raises `Overloaded` when the server is away."""
        attempt = _Attempt()
        threading.Thread(target=self._connect, args=[attempt], name="freehold-connects", daemon=True).start()
        with self._free:
            try:
                self._free.wait_for(lambda: attempt.is_over, max(until - time.monotonic(), GRACE))
            finally:
                attempt.is_left = True
            if attempt.wire is not None:
                return attempt.wire
            if attempt.is_over or not self._open:
                self._is_away, self._look_at = True, time.monotonic() + PAUSE
                self._free.notify_all()
            if self._open and attempt.is_over:  # perhaps it lets no more in, and one of them comes free
                return None
            raise (busy() if self._open else unreachable()) from attempt.error

    def _connect(self, attempt: _Attempt) -> None:
        wire = None
        try:
            connection = psycopg.connect(**self._how, autocommit=True)  # type: ignore[arg-type]  # of libpq, not psycopg's
            wire = Wire(connection, deadline=self._deadline, prepares=self._prepares)
        except psycopg.Error as error:
            attempt.error = error
        finally:
            self._end(attempt, wire)

    def _end(self, attempt: _Attempt, wire: Wire | None) -> None:
        """Tell whoever waits for an attempt. When nobody does any more, the connection is the next one's."""
        gone: list[Wire] = []
        with self._free:
            self._opening -= 1
            attempt.wire, attempt.is_over = wire, True
            if wire is not None:
                self._is_away = False
                self._open += 1
                gone = self._kept(wire, wire.heard) if attempt.is_left else []
            self._free.notify_all()
        for each in gone:
            each.connection.close()

    def _leave(self, tenant: str) -> None:
        with self._free:
            self._held[tenant] -= 1
            if self._held[tenant] <= 0:
                del self._held[tenant]
            self._free.notify_all()

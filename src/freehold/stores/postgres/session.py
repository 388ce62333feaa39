"""Connections and transactions: whoever reads in a call has one of each, on however many grounds it reads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

import psycopg
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from freehold.runtime.failures import Overloaded
from freehold.stores.postgres.grounds import FIND, Grounds, entering
from freehold.stores.postgres.names import Place, Statement
from freehold.stores.postgres.trouble import MOVED, Lost, Refusal, told
from freehold.stores.postgres.wire import Row, Step, Value, Wire

READING = Statement(b"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
WRITING = Statement(b"BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE")
COMMIT = Statement(b"COMMIT")

MOST_SCHEMAS = 400
"""After so many tenants a connection is replaced: the server keeps up to 0.3 MB of each for as long as it lasts."""


class Wires:
    """Connections, and a share of them for each tenant: who holds many cannot hold them all."""

    def __init__(self, url: str, *, size: int, wait: float, deadline: float, prepares: bool) -> None:
        """Open none yet. `wait` is how many seconds to wait for a free one, `deadline` how many for an answer."""
        self._deadline, self._prepares, self._wait = deadline, prepares, wait
        self._pool: ConnectionPool[psycopg.Connection] = ConnectionPool(
            url, min_size=0, max_size=size, open=False, timeout=wait, kwargs={"autocommit": True}, name="freehold",
            reconnect_timeout=0, num_workers=1,
        )  # fmt: skip
        self._pool.open()
        self._wires: dict[psycopg.Connection, Wire] = {}
        self._share = max(1, size - size // 4)
        self._held: Counter[str] = Counter()
        self._free = threading.Condition()

    def take(self, tenant: str) -> Wire:
        """A connection for a call of `tenant`. Raises `Overloaded` when none can be had in time."""
        with self._free:
            if not self._free.wait_for(lambda: self._held[tenant] < self._share, self._wait):
                raise Overloaded("STORE_BUSY", "This organisation keeps the store busy: wait and retry.", retry_after=1)
            self._held[tenant] += 1
        try:
            return self._wire()
        except (PoolTimeout, PoolClosed, psycopg.OperationalError) as error:
            self._leave(tenant)
            message = "The store cannot be reached: wait and retry."
            raise Overloaded("STORE_UNREACHABLE", message, retry_after=1) from error

    def _wire(self) -> Wire:
        while True:
            connection = self._pool.getconn()
            wire = self._wires.get(connection)
            if wire is None:
                wire = self._wires[connection] = Wire(connection, deadline=self._deadline, prepares=self._prepares)
            if wire.is_whole():
                return wire
            self._drop(wire)

    def give_back(self, wire: Wire, tenant: str) -> None:
        """Leave whatever transaction it is in, and let the next call have it; unless it is broken, or has seen much."""
        try:
            wire.rollback()
        except (Lost, Refusal):
            wire.connection.close()
        if len(wire.schemas) > MOST_SCHEMAS or wire.connection.closed:
            self._drop(wire)
        else:
            self._pool.putconn(wire.connection)
        self._leave(tenant)

    def close(self) -> None:
        """Let go of all."""
        self._pool.close()
        self._wires.clear()

    def _drop(self, wire: Wire) -> None:
        wire.connection.close()
        self._wires.pop(wire.connection, None)
        self._pool.putconn(wire.connection)

    def _leave(self, tenant: str) -> None:
        with self._free:
            self._held[tenant] -= 1
            if self._held[tenant] <= 0:
                del self._held[tenant]
            self._free.notify_all()


class Session:
    """A transaction, begun with the first statement. On which ground, each statement says; `begin` is how."""

    def __init__(self, wires: Wires, grounds: Grounds, tenant: str, begin: Statement = READING) -> None:
        """Take a connection, in the name of the tenant whose call it is."""
        self._wires, self._grounds, self._tenant, self._begin = wires, grounds, tenant, begin
        self.wire = wires.take(tenant)
        self._begun = False
        self._on: tuple[str, Place] | None = None
        self._users = 0

    def join(self) -> None:
        """One more reads through it."""
        self._users += 1

    def leave(self) -> None:
        """One less; with the last one the transaction ends, and its connection goes back."""
        self._users -= 1
        if self._users == 0:
            self._wires.give_back(self.wire, self._tenant)

    def find(self, tenant: str) -> Place | None:
        """Where a tenant lies; None when it lies nowhere yet."""
        place = self._grounds.known(tenant)
        if place is not None:
            return place
        rows = self.rows(self._grounds.control, tenant, FIND, [tenant.encode()])
        return self._grounds.learn(tenant, str(rows[0][0])) if rows else None

    def rows(self, place: Place, tenant: str, statement: Statement, values: Sequence[Value]) -> list[Row]:
        """What a statement finds on a ground. Raises what a caller is to be told."""
        before = self._before(place, tenant)
        try:
            found = self.wire.ask(*before, (statement, values))[-1]
        except Refusal as refusal:
            self.wire.rollback()
            self._begun, self._on = False, None
            if refusal.state in MOVED:
                self._grounds.forget(tenant)
            raise told(refusal) from refusal
        except Lost as lost:
            raise told(lost) from lost
        self._begun, self._on = True, (tenant, place)
        self.wire.schemas.add(place.schema)
        return found

    def finish(self, steps: Sequence[Step]) -> None:
        """Send all that is left to be done, and COMMIT. Raises `Refusal`, with the number of the step, or `Lost`."""
        before: list[Step] = [] if self._begun else [(self._begin, ())]
        try:
            self.wire.ask(*before, *steps, (COMMIT, ()))
        except Refusal as refusal:
            refusal.number -= len(before)
            self.wire.rollback()
            raise
        finally:
            self._begun, self._on = False, None

    def _before(self, place: Place, tenant: str) -> list[Step]:
        steps: list[Step] = [] if self._begun else [(self._begin, ())]
        if self._on != (tenant, place):
            steps += [(statement, ()) for statement in entering(place, tenant)]
        return steps

"""One writer, many callers: whoever finds it idle writes for all that are waiting, and one flush makes all durable.

A caller queues a job and either leads (it writes everything queued, its own job among it) or sleeps until a leader has
done its job or passes the lead on. Each job is a savepoint, so one that fails takes nobody else's with it. Nobody is
told of success before COMMIT, with `synchronous=FULL`, has returned: acknowledged means durable.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence

from freehold.runtime.ports import Changes, Snapshot
from freehold.stores.sqlite.apply import Applier
from freehold.stores.sqlite.connection import Connection, failure

Work = Callable[[Snapshot], Sequence[Changes]]
MOST = 256


class _Job:
    """One caller's changes, or the work that makes them."""

    __slots__ = ("done", "error", "run", "turn")

    def __init__(self, run: Callable[[Applier], None]) -> None:
        self.run = run
        self.turn = threading.Lock()
        self.turn.acquire()
        self.done = False
        self.error: BaseException | None = None


class Writer:
    """The one connection that writes, and the queue before it."""

    def __init__(self, connection: Connection, applier: Applier) -> None:
        """Take over a connection for writing."""
        self._connection, self._applier = connection, applier
        self._mutex = threading.Lock()
        self._waiting: list[_Job] = []
        self._busy = False

    def write(self, run: Callable[[Applier], None]) -> None:
        """Run `run` within a transaction and return when it is durable. Raises whatever `run` raised."""
        job = _Job(run)
        with self._mutex:
            self._waiting.append(job)
            leads, self._busy = not self._busy, True
        if not leads:
            job.turn.acquire()
        if not job.done:
            self._lead()
        if job.error is not None:
            raise job.error

    def close(self) -> None:
        """Close the connection once nobody is writing."""
        self.write(lambda _: None)
        self._connection.close()

    def _lead(self) -> None:
        with self._mutex:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            self._transact(batch)
        finally:
            with self._mutex:
                heir = self._waiting[0] if self._waiting else None
                self._busy = heir is not None
            for job in batch:
                job.done = True
                job.turn.release()
            if heir is not None:
                heir.turn.release()

    def _transact(self, batch: list[_Job]) -> None:
        """Write a batch in one transaction. If even that fails, everybody in it hears so, and nothing was written."""
        execute = self._connection.raw.execute
        try:
            execute("BEGIN IMMEDIATE")
            for job in batch:
                self._savepoint(job)
            execute("COMMIT")
        except BaseException as error:
            if self._connection.raw.in_transaction:
                execute("ROLLBACK")
            told = failure(error) if isinstance(error, sqlite3.OperationalError) else error
            for job in batch:
                job.error = job.error or told
        finally:
            self._connection.ground = None

    def _savepoint(self, job: _Job) -> None:
        execute = self._connection.raw.execute
        execute("SAVEPOINT job")
        try:
            job.run(self._applier)
        except sqlite3.OperationalError:
            raise
        except BaseException as error:
            job.error = error
            execute("ROLLBACK TO job")
        execute("RELEASE job")

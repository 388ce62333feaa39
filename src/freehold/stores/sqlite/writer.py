"""One writer, many callers: whoever finds it idle writes for all that are waiting, and one flush makes all durable.

A caller queues a job and either leads (it writes what is queued, its own job first) or sleeps until a leader has done
its job or passes the lead on. Each job is a savepoint, so one that fails takes nobody else's with it. Nobody is told
of success before COMMIT, with `synchronous=FULL`, has returned: acknowledged means durable.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from itertools import takewhile

from freehold.runtime.failures import Overloaded, StorageFull
from freehold.stores.sqlite.apply import Applier
from freehold.stores.sqlite.connection import Connection, closed, failure

Run = Callable[[Applier], None]
MOST = 256


class _Job:
    """One caller's changes. `error` stays until a COMMIT with them has returned."""

    __slots__ = ("error", "leads", "own_thread", "run", "turn")

    def __init__(self, run: Run, *, own_thread: bool) -> None:
        self.run, self.own_thread = run, own_thread
        self.turn = threading.Lock()
        self.turn.acquire()
        self.leads = False
        self.error: BaseException | None = _NOT_DONE


_NOT_DONE = RuntimeError("the writer stopped before it came to this")


class Writer:
    """The one connection that writes, and the queue before it."""

    def __init__(self, connection: Connection, applier: Applier) -> None:
        """Take over a connection for writing."""
        self._connection, self._applier = connection, applier
        self._mutex = threading.Lock()
        self._waiting: list[_Job] = []
        self._busy = self._closed = False
        self._leader = 0

    def write(self, run: Run, *, own_thread: bool = False) -> None:
        """Run `run` within a transaction and return when it is durable. Raises whatever `run` raised.

        It may run on the thread of another caller; with `own_thread`, which is for work that is not ours, it does not.
        """
        self._do(_Job(run, own_thread=own_thread))

    def close(self) -> None:
        """Let nobody in any more, and close the connection once all who are in are done."""
        with self._mutex:
            was_closed, self._closed = self._closed, True
        if not was_closed:
            self._do(_Job(lambda _: None, own_thread=True), last=True)
            self._connection.close()

    def _do(self, job: _Job, *, last: bool = False) -> None:
        if self._leader == threading.get_ident():
            message = "who writes alone cannot commit meanwhile: return the changes instead"
            raise RuntimeError(message)
        with self._mutex:
            if self._closed and not last:
                raise closed()
            self._waiting.append(job)
            job.leads, self._busy = not self._busy, True
        if not job.leads:
            self._wait(job)
        if job.leads:
            self._lead()
        if job.error is not None:
            raise job.error

    def _wait(self, job: _Job) -> None:
        """Sleep until the job is done, or leads. Whoever is torn out of it leaves the queue, or passes the lead on."""
        try:
            job.turn.acquire()
        except BaseException:
            with self._mutex:
                if not job.leads and job in self._waiting:
                    self._waiting.remove(job)
            if job.leads:
                self._lead()
            raise

    def _lead(self) -> None:
        with self._mutex:
            followers = takewhile(lambda job: not job.own_thread, self._waiting[1:MOST])
            batch = [self._waiting[0], *followers]
            del self._waiting[: len(batch)]
        try:
            self._transact(batch)
            if len(batch) > 1 and isinstance(batch[0].error, StorageFull):
                for job in batch:  # there may be room for some
                    self._transact([job])
        finally:
            with self._mutex:
                heir = self._waiting[0] if self._waiting else None
                self._busy = heir is not None
                if heir is not None:
                    heir.leads = True
            for job in batch[1:] if heir is None else (*batch[1:], heir):
                job.turn.release()

    def _transact(self, batch: Sequence[_Job]) -> None:
        """Write a batch in one transaction. If even that fails, everybody in it hears so, and nothing was written."""
        for job in batch:
            job.error = _NOT_DONE
        self._leader = threading.get_ident()
        try:
            self._rollback()  # nothing, unless rolling back has failed before
            self._execute("BEGIN IMMEDIATE")
            if len(batch) == 1:
                batch[0].run(self._applier)
            else:
                for job in batch:
                    self._among_others(job)
            self._execute("COMMIT")
        except BaseException as error:  # noqa: BLE001  # the leader raises it: it is its own job's error
            for job in batch:
                job.error = _told(error, leads=job.leads)
            self._rollback()
        else:
            for job in batch:
                job.error = None if job.error is _NOT_DONE else job.error
        finally:
            self._connection.ground, self._leader = None, 0

    def _among_others(self, job: _Job) -> None:
        """Write one job of several: if it fails, it fails alone."""
        self._execute("SAVEPOINT job")
        try:
            job.run(self._applier)
        except sqlite3.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001  # whoever waits for this job raises it
            job.error = error
            self._execute("ROLLBACK TO job")
        self._execute("RELEASE job")

    def _rollback(self) -> None:
        if self._connection.raw.in_transaction:
            self._execute("ROLLBACK")

    def _execute(self, statement: str) -> None:
        self._connection.raw.execute(statement)


def _told(error: BaseException, *, leads: bool) -> BaseException:
    """What a caller whose batch has failed hears. An interrupt of the leader's is nobody else's."""
    if isinstance(error, sqlite3.OperationalError):
        return failure(error)
    return error if leads or isinstance(error, Exception) else Overloaded()

"""`Sqlite`: the embedded store, filling the port `Database`."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from freehold.model.model import Model
from freehold.runtime.ports import AuditEntry, Changes, Snapshot
from freehold.runtime.scope import Scope
from freehold.stores.forms import moment
from freehold.stores.schema import schema_of
from freehold.stores.sqlite.apply import Applier
from freehold.stores.sqlite.connection import PATIENCE, Connection, Readers, failure
from freehold.stores.sqlite.migrations import SqliteMigrations, check_fits
from freehold.stores.sqlite.snapshot import SqliteSnapshot
from freehold.stores.sqlite.statements import Book
from freehold.stores.sqlite.writer import Writer

BUSY = """
WITH RECURSIVE grounds (tenant) AS (
    SELECT min(tenant) FROM busy
    UNION ALL
    SELECT (SELECT min(tenant) FROM busy WHERE tenant > grounds.tenant) FROM grounds WHERE grounds.tenant IS NOT NULL
)
SELECT tenant FROM grounds WHERE (SELECT min(due) FROM busy WHERE busy.tenant = grounds.tenant) <= ? LIMIT 1000
"""
"""Steps from tenant to tenant: what it costs follows how many are busy, not how much one of them has waiting."""

AUDIT = """
SELECT number, text, before, hash FROM ground_freehold_audit WHERE tenant = ? AND number > ? ORDER BY number LIMIT ?
"""


class Sqlite:
    """One file, in WAL mode. What is acknowledged has been flushed to the disk (`synchronous=FULL`).

    Without a file it keeps everything in a temporary one that goes with it: the fake for tests is the real thing.
    """

    def __init__(self, model: Model, file: str | None = None, *, patience: float = PATIENCE) -> None:
        """Open the file, which must have been migrated to this model; a temporary one is.

        Raises `ModelError` (FH303) when it was not. `patience` is how many seconds to wait for another process that
        holds the file, before a call is answered `Overloaded`.
        """
        self._temporary = tempfile.TemporaryDirectory(prefix="freehold-") if file is None else None
        self.file = file or str(Path(self._temporary.name) / "data.db" if self._temporary else "")
        self.schema = schema_of(model)
        if self._temporary is not None:
            with SqliteMigrations(self.file, self.schema) as migrations:
                migrations.up()
        else:
            check_fits(self.file, self.schema)
        self._book = Book(model)
        synchronous = "OFF" if self._temporary else "FULL"
        writing = Connection(self.file, self.schema, writes=True, synchronous=synchronous, patience=patience)
        self._writer = Writer(writing, Applier(writing, self._book, model, self.schema))
        self._readers = Readers(self.file, self.schema, patience)

    def snapshot(self, scope: Scope, beside: Snapshot | None = None) -> Snapshot:  # noqa: ARG002  # there are enough
        """See `Database.snapshot`."""
        return SqliteSnapshot(scope, self._readers.take(scope.tenant), self._book, self._readers)

    def commit(self, parts: Sequence[Changes]) -> None:
        """See `Database.commit`."""
        for part in parts:
            part.scope.tenant  # noqa: B018  # refuses before anything is queued
        self._writer.write(lambda applier: applier.apply(parts))

    def exclusively(self, scope: Scope, work: Callable[[Snapshot], Sequence[Changes]]) -> None:
        """See `Database.exclusively`."""
        scope.tenant  # noqa: B018  # refuses before anything is queued
        self._writer.write(lambda applier: applier.apply(work(applier.snapshot(scope))), own_thread=True)

    def busy_grounds(self, before: datetime) -> list[str]:
        """See `Database.busy_grounds`."""
        with self._reader(None) as raw:
            return [tenant for (tenant,) in raw.execute(BUSY, (moment(before),))]

    def audit(self, scope: Scope, after: int, limit: int) -> list[AuditEntry]:
        """See `Database.audit`."""
        with self._reader(scope.tenant) as raw:
            return [AuditEntry(*row) for row in raw.execute(AUDIT, (scope.tenant, after, limit))]

    def close(self) -> None:
        """See `Database.close`."""
        self._writer.close()
        self._readers.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    @contextmanager
    def _reader(self, ground: str | None) -> Iterator[sqlite3.Connection]:
        reader = self._readers.take(ground)
        try:
            yield reader.raw
        except sqlite3.OperationalError as error:
            raise failure(error) from error
        finally:
            self._readers.give_back(reader)

"""`Sqlite`: the embedded store, filling the port `Database`."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from freehold.model.model import Model
from freehold.runtime.ports import AuditEntry, Changes, Snapshot
from freehold.runtime.scope import Scope
from freehold.stores.schema import schema_of
from freehold.stores.sqlite.apply import Applier
from freehold.stores.sqlite.connection import Connection, Readers, failure
from freehold.stores.sqlite.migrations import Migrations
from freehold.stores.sqlite.snapshot import SqliteSnapshot
from freehold.stores.sqlite.statements import Book
from freehold.stores.sqlite.values import moment
from freehold.stores.sqlite.writer import Writer

BUSY = "SELECT DISTINCT tenant FROM busy WHERE due <= ? LIMIT 1000"
AUDIT = "SELECT number, text, before, hash FROM ground_freehold_audit WHERE tenant = ? AND number > ? ORDER BY number LIMIT ?"


class Sqlite:
    """One file, in WAL mode. What is acknowledged has been flushed to the disk (`synchronous=FULL`).

    Without a file it keeps everything in a temporary one that goes with it: the fake for tests is the real thing.
    """

    def __init__(self, model: Model, file: str | None = None) -> None:
        """Open the file, which must have been migrated to this model; a temporary one is."""
        self._temporary = tempfile.TemporaryDirectory(prefix="freehold-") if file is None else None
        self.file = file or str(Path(self._temporary.name) / "data.db" if self._temporary else "")
        self.schema = schema_of(model)
        if self._temporary is not None:
            with Migrations(self.file, self.schema) as migrations:
                migrations.up()
        self._book = Book(model)
        writing = Connection(self.file, self.schema, writes=True, synchronous="OFF" if self._temporary else "FULL")
        self._writer = Writer(writing, Applier(writing, self._book, model))
        self._readers = Readers(self.file, self.schema)

    def snapshot(self, scope: Scope) -> Snapshot:
        """See `Database.snapshot`."""
        try:
            return SqliteSnapshot(scope, self._readers.take(scope.tenant), self._book, self._readers)
        except sqlite3.OperationalError as error:
            raise failure(error) from error

    def commit(self, parts: Sequence[Changes]) -> None:
        """See `Database.commit`."""
        for part in parts:
            part.scope.tenant  # noqa: B018  # refuses before anything is queued
        self._writer.write(lambda applier: applier.apply(parts))

    def exclusively(self, scope: Scope, work: Callable[[Snapshot], Sequence[Changes]]) -> None:
        """See `Database.exclusively`."""
        scope.tenant  # noqa: B018  # refuses before anything is queued
        self._writer.write(lambda applier: applier.apply(work(applier.snapshot(scope))))

    def busy_grounds(self, before: datetime) -> list[str]:
        """See `Database.busy_grounds`."""
        reader = self._readers.take(None)
        try:
            return [tenant for (tenant,) in reader.raw.execute(BUSY, (moment(before),))]
        finally:
            self._readers.give_back(reader)

    def audit(self, scope: Scope, after: int, limit: int) -> list[AuditEntry]:
        """See `Database.audit`."""
        reader = self._readers.take(scope.tenant)
        try:
            return [AuditEntry(*row) for row in reader.raw.execute(AUDIT, (scope.tenant, after, limit))]
        finally:
            self._readers.give_back(reader)

    def close(self) -> None:
        """See `Database.close`."""
        self._writer.close()
        self._readers.close()
        if self._temporary is not None:
            self._temporary.cleanup()

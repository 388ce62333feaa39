"""Whole grounds of a SQLite file, for operators: on a connection of its own, bound to one ground as every other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from freehold.model.data import Entity
from freehold.model.model import Model, table_of
from freehold.model.names import PLATFORM
from freehold.runtime.audit import GENESIS
from freehold.runtime.ports import AuditEntry, Changes, Verb, Write
from freehold.runtime.scope import Scope
from freehold.stores.estate import AUDIT, Claimed, Mark, check_links, fitting, kinds_of
from freehold.stores.schema import schema_of
from freehold.stores.sqlite.apply import LINK, TIP, Applier
from freehold.stores.sqlite.connection import PATIENCE, Connection, failure
from freehold.stores.sqlite.database import AUDIT as CHAIN
from freehold.stores.sqlite.migrations import check_fits
from freehold.stores.sqlite.statements import Book, quoted


class SqliteEstate:
    """Fills the port `Estate`. A hold is one transaction: SQLite has one writer, so others wait for it, too."""

    takes_back = True

    def __init__(self, model: Model, file: str, *, patience: float = PATIENCE) -> None:
        """Open the file, which must have been migrated to this model. Raises `ModelError` (FH303)."""
        self._file, schema = file, schema_of(model)
        check_fits(file, schema)
        self._connection = Connection(file, schema, writes=True, erases=True, patience=patience)
        self._raw = self._connection.raw
        self._book = Book(model)
        self._applier = Applier(self._connection, self._book, model, schema)
        self._kinds = kinds_of(model)
        self._has_erased = False

    @property
    def kinds(self) -> Sequence[type[Entity]]:
        """See `Estate.kinds`."""
        return self._kinds

    def rows(self, scope: Scope, kind: type[Entity], after: str, limit: int) -> list[Entity]:
        """See `Estate.rows`."""
        of = self._book.of[kind]
        query = f"SELECT {of.columns} FROM {of.view} WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?"
        with self._on(scope) as tenant:
            found = list(fitting(self._raw.execute(query, (tenant, after, limit))))
        return [of.codec.decode(row)[1] for row in found]

    def those(self, scope: Scope, kind: type[Entity], ids: Sequence[str]) -> list[Entity]:
        """See `Estate.those`."""
        of = self._book.of[kind]
        query = f"SELECT {of.columns} FROM {of.view} WHERE tenant = ? AND id = ?"
        with self._on(scope) as tenant:
            return [of.codec.decode(row)[1] for id in ids for row in self._raw.execute(query, (tenant, id))]

    def marks(self, scope: Scope, kind: type[Entity], after: str, limit: int) -> list[Mark]:
        """See `Estate.marks`."""
        of = self._book.of[kind]
        query = f"SELECT id, version, updated_at FROM {of.view} WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?"
        with self._on(scope) as tenant:
            return [Mark(*row) for row in self._raw.execute(query, (tenant, after, limit))]

    def chain(self, scope: Scope, after: int, limit: int) -> list[AuditEntry]:
        """See `Estate.chain`."""
        with self._on(scope) as tenant:
            return [AuditEntry(*row) for row in self._raw.execute(CHAIN, (tenant, after, limit))]

    def put(self, scope: Scope, entities: Sequence[Entity]) -> None:
        """See `Estate.put`."""
        writes = [Write(Verb.ADD, type(entity), entity, 0) for entity in entities]
        with self._writing(scope):
            self._applier.apply([Changes(scope, writes, [])])

    def link(self, scope: Scope, entries: Sequence[AuditEntry]) -> None:
        """See `Estate.link`."""
        with self._writing(scope) as tenant:
            number, before = self._raw.execute(TIP, (tenant,)).fetchone() or (0, GENESIS)
            check_links(number, before, entries)
            rows = [(tenant, entry.number, entry.text, entry.before, entry.hash) for entry in entries]
            self._raw.executemany(LINK, rows)

    def empty(self, scope: Scope) -> Mapping[str, int]:
        """See `Estate.empty`. What is deleted is overwritten in the file (`secure_delete`)."""
        tables = [*(table_of(kind) for kind in reversed(self._kinds)), AUDIT]
        with self._writing(scope) as tenant:
            counts = {
                table: self._raw.execute(f"DELETE FROM {quoted(table)} WHERE tenant = ?", (tenant,)).rowcount
                for table in tables
            }
        self._has_erased = True
        return counts

    def erase(self, scope: Scope) -> Mapping[str, int]:
        """See `Estate.erase`. A ground is its rows here, and nothing besides."""
        return self.empty(scope)

    def residue(self, scope: Scope) -> Mapping[str, int]:
        """See `Estate.residue`. Looks into every table of the file, through a connection that nothing guards."""
        tenant, found = scope.tenant, dict[str, int]()
        with self._explained(), closing(self._reader()) as raw:
            tables = raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
            for (table,) in tables:
                names = [quoted(column) for _, column, *_ in raw.execute(f"PRAGMA table_info({quoted(table)})")]
                (count,) = raw.execute(_search(table, names), {"tenant": tenant}).fetchone()
                if count:
                    found[table] = count
        return found

    @contextmanager
    def still(self, scope: Scope) -> Iterator[None]:
        """See `Estate.still`. A read transaction: in WAL mode it keeps nobody from writing."""
        with self._block(scope, "BEGIN"):
            yield

    @contextmanager
    def hold(self, scope: Scope) -> Iterator[None]:
        """See `Estate.hold`."""
        with self._block(scope, "BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def claim(self, scope: Scope) -> Iterator[None]:
        """See `Estate.claim`. A file beside the database is locked, for all its grounds: it is seldom, and short."""
        scope.tenant  # noqa: B018  # refuses without one
        with ExitStack() as opened:
            try:
                raw = sqlite3.connect(f"{self._file}-claim", timeout=0, isolation_level=None)
                opened.enter_context(closing(raw))
                raw.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                is_held = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                raise Claimed if is_held else failure(error) from error
            yield

    def close(self) -> None:
        """See `Estate.close`. What was erased leaves the write-ahead log, too, once nobody reads in it any more."""
        self._connection.close()
        if self._has_erased:
            with closing(sqlite3.connect(self._file, timeout=PATIENCE)) as raw:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _reader(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{Path(self._file).absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)

    @contextmanager
    def _on(self, scope: Scope) -> Iterator[str]:
        """Bind the connection to a ground, for one method."""
        tenant = self._connection.ground = scope.tenant
        try:
            with self._explained():
                yield tenant
        finally:
            self._connection.ground = None

    @contextmanager
    def _writing(self, scope: Scope) -> Iterator[str]:
        """All or nothing: a transaction, or a part of the one that a hold has begun."""
        inner = self._raw.in_transaction
        begin, end, undo = ("SAVEPOINT part", "RELEASE part", "ROLLBACK TO part") if inner else _WHOLE
        with self._on(scope) as tenant:
            self._raw.execute(begin)
            try:
                yield tenant
                self._raw.execute(end)
            except BaseException:
                if self._raw.in_transaction:
                    self._raw.execute(undo)
                raise

    @contextmanager
    def _block(self, scope: Scope, begin: str) -> Iterator[None]:
        scope.tenant  # noqa: B018  # refuses without one
        with self._explained():
            self._raw.execute(begin)
            self._raw.execute(
                "SELECT 1 FROM ground_freehold_audit LIMIT 1"
            ).fetchone()  # a view begins with the first look
        try:
            yield
            with self._explained():
                self._raw.execute("COMMIT")
        finally:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise failure(error) from error


_WHOLE = ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")


def _search(table: str, columns: Sequence[str]) -> str:
    """Rows of the tenant; and rows that are no tenant's, with its id anywhere in them."""
    named = " OR ".join(f"instr({column}, :tenant)" for column in columns)
    if '"tenant"' not in columns:
        return f"SELECT count(*) FROM {quoted(table)} WHERE {named}"
    beside = "FALSE" if table == AUDIT else f"tenant = '{PLATFORM}' AND ({named})"
    return f"SELECT count(*) FROM {quoted(table)} WHERE tenant = :tenant OR ({beside})"

"""Connections that are bound to one ground at a time, and refuse what no call of ours needs (layer 4)."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable

from freehold.runtime.failures import Overloaded, StorageFull
from freehold.stores.schema import Schema
from freehold.stores.sqlite.ddl import AUDIT, erasing, guards, views

PATIENCE = 5.0
"""Seconds to wait for another process that holds the file."""

LARGEST_LOG = 64 * 1024 * 1024
"""Bytes that the write-ahead log keeps on the disk once a long reader has let it grow."""

Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]

KEYS = {"tenant", "id", "version"}
"""The columns by which a row to write is found."""

FUNCTIONS = {"ground", "coalesce", "min"}

_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_RECURSIVE}
_WRITES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}


class Connection:
    """One SQLite connection. `ground` is the tenant it shows; with None it shows, and writes, nothing."""

    def __init__(
        self, file: str, schema: Schema, *, writes: bool, erases: bool = False, synchronous: str = "FULL",
        patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        """Open it, set it up, and lock it down.

        One that `erases` overwrites what it deletes, and keeps what it might have to undo in a file: that may be much.
        """
        self.ground: str | None = None
        self.raw = sqlite3.connect(
            file, timeout=patience, isolation_level=None, check_same_thread=False, cached_statements=1024
        )
        self.raw.create_function("ground", 0, lambda: self.ground, deterministic=True)
        for pragma in (
            "journal_mode = WAL", f"synchronous = {synchronous}", f"journal_size_limit = {LARGEST_LOG}",
            "foreign_keys = ON", "recursive_triggers = ON",  # else REPLACE deletes past the guards
            f"temp_store = {'FILE' if erases else 'MEMORY'}",
        ):  # fmt: skip
            self.raw.execute(f"PRAGMA {pragma}")
        for statement in (*guards(schema), *(("PRAGMA secure_delete = ON", *erasing()) if erases else ())):
            self.raw.execute(statement)
        if not writes:
            self.raw.execute("PRAGMA query_only = ON")
        self.raw.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self.raw.set_authorizer((_writer if writes else _reader)(schema))
        self.run = self.raw.cursor().execute
        """Executes one statement on the connection's one cursor: to make one each time is a tenth of a lookup."""

    def close(self) -> None:
        """Let go of the file."""
        self.raw.close()


def _reader(schema: Schema) -> Authorizer:
    """For connections that read: tables only through the views that show one tenant's rows, and nothing else."""
    shown = set(views(schema))
    names = {view for _, view in shown}

    def allow(action: int, subject: str | None, detail: str | None, _database: str | None, within: str | None) -> int:
        if action == sqlite3.SQLITE_READ:
            seen = subject in names or (subject, within) in shown
        else:
            seen = detail in FUNCTIONS if action == sqlite3.SQLITE_FUNCTION else action in _READS
        return sqlite3.SQLITE_OK if seen else sqlite3.SQLITE_DENY

    return allow


def _writer(schema: Schema) -> Authorizer:
    """For the connection that writes: rows as well, which triggers guard, found by their keys; no schema or PRAGMA."""
    reads, guarded = _reader(schema), {*schema.tables, AUDIT}
    parents = {(table.name, table.parent_field) for table in schema.tables.values()}

    def allow(action: int, subject: str | None, detail: str | None, database: str | None, within: str | None) -> int:
        keys = action == sqlite3.SQLITE_READ and (detail in KEYS or (subject, detail) in parents)
        rows = (action in _WRITES and subject in guarded) or action == sqlite3.SQLITE_SAVEPOINT
        return sqlite3.SQLITE_OK if keys or rows else reads(action, subject, detail, database, within)

    return allow


class Readers:
    """Connections for reading, handed out last in first out. As many as there are calls at one time."""

    def __init__(self, file: str, schema: Schema, patience: float = PATIENCE) -> None:
        """Open none yet."""
        self._file, self._schema, self._patience = file, schema, patience
        self._free: deque[Connection] = deque()
        self._closed = False

    def take(self, ground: str | None) -> Connection:
        """A connection bound to `ground`, in a transaction of its own. Raises `Overloaded` when none can be had."""
        if self._closed:
            raise closed()
        try:
            connection = self._free.pop()
        except IndexError:
            connection = self._opened()
        connection.ground = ground
        connection.run("BEGIN")
        return connection

    def give_back(self, connection: Connection) -> None:
        """Unbind it and keep it for the next call."""
        connection.ground = None
        connection.run("ROLLBACK")
        self._free.append(connection)
        if self._closed:
            self.close()

    def close(self) -> None:
        """Close those that are free, and each one in use when it comes back."""
        self._closed = True
        while self._free:
            self._free.pop().close()

    def _opened(self) -> Connection:
        try:
            return Connection(self._file, self._schema, writes=False, patience=self._patience)
        except sqlite3.OperationalError as error:
            raise failure(error) from error


def closed() -> Overloaded:
    """What a caller is told who comes too late."""
    return Overloaded("STORE_CLOSED", "The store is closed: this process is about to end.", retry_after=1)


def failure(error: sqlite3.OperationalError) -> Exception:
    """What a caller is told when SQLite could not: no room, or busy. Anything else is a mistake and stays one."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageFull()
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        return Overloaded("STORE_BUSY", "The store cannot answer now: wait and retry.", retry_after=1)
    return error

"""Connections that are bound to one ground at a time, and refuse what no call of ours needs (layer 4)."""

from __future__ import annotations

import sqlite3
from collections import deque
from pathlib import Path

from freehold.runtime.failures import Overloaded, StorageFull
from freehold.stores.schema import Schema
from freehold.stores.sqlite.ddl import guards

BUSY_SECONDS = 5.0

_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_RECURSIVE}
_WRITES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_SAVEPOINT}


class Connection:
    """One SQLite connection. `ground` is the tenant it shows; with None it shows, and writes, nothing."""

    def __init__(self, file: str, schema: Schema, *, writes: bool, synchronous: str = "FULL") -> None:
        """Open it, set it up, and lock it down."""
        self.ground: str | None = None
        self.raw = sqlite3.connect(
            file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=1024
        )
        self.raw.create_function("ground", 0, lambda: self.ground, deterministic=True)
        self.raw.execute("PRAGMA journal_mode = WAL")
        self.raw.execute(f"PRAGMA synchronous = {synchronous}")
        self.raw.execute("PRAGMA foreign_keys = ON")
        self.raw.execute("PRAGMA temp_store = MEMORY")
        for statement in guards(schema):
            self.raw.execute(statement)
        if not writes:
            self.raw.execute("PRAGMA query_only = ON")
        self.raw.set_authorizer(_writer if writes else _reader)

    def close(self) -> None:
        """Let go of the file."""
        self.raw.close()


def _reader(action: int, table: str | None, column: str | None, database: str | None, view: str | None) -> int:
    """For connections that read: tables only through the views that show one tenant's rows."""
    if action == sqlite3.SQLITE_READ:
        seen = database == "temp" or (view is not None and (view.startswith("ground_") or view == "busy"))
        return sqlite3.SQLITE_OK if seen else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY


def _writer(action: int, table: str | None, column: str | None, database: str | None, view: str | None) -> int:
    """For the connection that writes: rows, which triggers guard; no schema, no ATTACH, no PRAGMA."""
    allowed = action in _READS or action in _WRITES or action == sqlite3.SQLITE_READ
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


class Readers:
    """Connections for reading, handed out last in first out. As many as there are calls at one time."""

    def __init__(self, file: str, schema: Schema) -> None:
        """Open none yet."""
        self._file, self._schema = file, schema
        self._free: deque[Connection] = deque()

    def take(self, ground: str | None) -> Connection:
        """A connection bound to `ground`, in a transaction of its own."""
        try:
            connection = self._free.pop()
        except IndexError:
            connection = Connection(self._file, self._schema, writes=False)
        connection.ground = ground
        connection.raw.execute("BEGIN")
        return connection

    def give_back(self, connection: Connection) -> None:
        """Unbind it and keep it for the next call."""
        connection.ground = None
        connection.raw.execute("ROLLBACK")
        self._free.append(connection)

    def close(self) -> None:
        """Close those that are free; one in use is closed with its call's process."""
        while self._free:
            self._free.pop().close()


def exists(file: str) -> bool:
    """Whether the database file is there."""
    return Path(file).exists()


def failure(error: sqlite3.OperationalError) -> Exception:
    """What a caller is told when SQLite could not: no room, or busy. Anything else is a mistake and stays one."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageFull()
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        return Overloaded("STORE_BUSY", "The store cannot answer now: wait and retry.", retry_after=1)
    return error

"""Looks at what is kept, past every layer: straight into the file, as no call of an app can."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import Protocol

from freehold.runtime.ports import Database
from freehold.stores.sqlite import Sqlite

Row = tuple[object, ...]
Rows = Mapping[tuple[str, str], Row]
"""Every row, by table and id."""


class Witness(Protocol):
    """Sees all grounds. One for each kind of store."""

    def changed(self) -> bool:
        """Whether anything was committed since this was last asked."""
        ...

    def rows(self, tenant: str, only: Collection[str] = ()) -> Rows:
        """Everything on one ground: entities, outbox, receipts and audit; or `only` what has one of these ids."""
        ...

    def close(self) -> None:
        """Look no more."""
        ...


class SqliteWitness:
    """Reads the file through a connection of its own."""

    def __init__(self, file: str) -> None:
        """Open it for reading."""
        self._connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)
        self._seen = -1
        names = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        self._tables: dict[str, str] = {}
        for (name,) in names:
            columns = {column[1] for column in self._connection.execute(f'PRAGMA table_info("{name}")')}
            if "tenant" in columns:
                self._tables[name] = "number" if name == "freehold_audit" else "id"

    def changed(self) -> bool:
        """See `Witness.changed`."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        before, self._seen = self._seen, version
        return before != version

    def rows(self, tenant: str, only: Collection[str] = ()) -> Rows:
        """See `Witness.rows`."""
        found: dict[tuple[str, str], Row] = {}
        for table, key in self._tables.items():
            narrowed = f' AND "{key}" IN ({", ".join("?" * len(only))})' if only else ""
            query = f'SELECT "{key}", * FROM "{table}" WHERE tenant = ?{narrowed}'  # noqa: S608  # names from the file
            found.update(((table, str(row[0])), row) for row in self._connection.execute(query, (tenant, *only)))
        return found

    def close(self) -> None:
        """See `Witness.close`."""
        self._connection.close()


def witness_of(database: Database) -> Witness:
    """The witness for a store. Raises `TypeError` for one that nobody can look into."""
    if isinstance(database, Sqlite):
        return SqliteWitness(database.file)
    raise TypeError(f"the suite has no witness for {type(database).__name__}")

"""Reading on one tenant's ground, as it was when the call first read."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from freehold.model.data import Entity
from freehold.model.lookup import Lookup
from freehold.runtime.failures import TenantScopeMissing
from freehold.runtime.ports import Found, Span
from freehold.runtime.scope import Scope
from freehold.stores.forms import Plain
from freehold.stores.sqlite.connection import Connection, Readers, failure
from freehold.stores.sqlite.statements import Book

Row = Sequence[Plain]


class SqliteSnapshot:
    """A read transaction, bound to a scope. Once either is closed, every method raises `TenantScopeMissing`."""

    __slots__ = ("_book", "_connection", "_readers", "_scope")

    def __init__(self, scope: Scope, connection: Connection, book: Book, readers: Readers | None) -> None:
        """Read through `connection`, which goes back to `readers` at the end."""
        self._scope, self._book, self._readers = scope, book, readers
        self._connection: Connection | None = connection

    def get(self, kind: type[Entity], id: str) -> Found | None:
        """See `Snapshot.get`."""
        statements = self._book.of[kind]
        rows = self._rows(statements.get, (self._scope.tenant, id))
        return statements.codec.decode(rows[0]) if rows else None

    def page(self, lookup: Lookup, values: Sequence[object], span: Span) -> list[Found]:
        """See `Snapshot.page`."""
        listing = self._book.listings[lookup]
        rows = self._rows(listing.text(span), listing.values(self._scope.tenant, values, span))
        return list(map(listing.codec.decode, rows))

    def close(self) -> None:
        """Give the connection back, bound to nobody."""
        connection, self._connection = self._connection, None
        if connection is not None and self._readers is not None:
            self._readers.give_back(connection)

    def _rows(self, statement: str, values: Sequence[Plain]) -> list[Row]:
        if self._connection is None:
            message = "this view is closed: the call it was opened for is over"
            raise TenantScopeMissing(message)
        try:
            return self._connection.run(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            raise failure(error) from error
        except UnicodeEncodeError:  # half of a surrogate pair is no text: nothing can have it as its value
            return []

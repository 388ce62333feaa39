"""Reading on one tenant's ground, as it was when the call began."""

from __future__ import annotations

from collections.abc import Sequence

from freehold.model.data import Entity
from freehold.model.lookup import Lookup
from freehold.runtime.ports import Found, Span
from freehold.runtime.scope import Scope
from freehold.stores.sqlite.connection import Connection, Readers
from freehold.stores.sqlite.statements import Book


class SqliteSnapshot:
    """A read transaction, bound to a scope. Once the scope is closed every method raises `TenantScopeMissing`."""

    __slots__ = ("_book", "_connection", "_readers", "_scope")

    def __init__(self, scope: Scope, connection: Connection, book: Book, readers: Readers | None) -> None:
        """Read through `connection`, which goes back to `readers` at the end."""
        self._scope, self._connection, self._book, self._readers = scope, connection, book, readers

    def get(self, kind: type[Entity], id: str) -> Found | None:
        """See `Snapshot.get`."""
        statements = self._book.of[kind]
        row = self._connection.raw.execute(statements.get, (self._scope.tenant, id)).fetchone()
        return None if row is None else statements.codec.decode(row)

    def page(self, lookup: Lookup, values: Sequence[object], span: Span) -> list[Found]:
        """See `Snapshot.page`."""
        listing = self._book.listings[lookup]
        text = listing.text(start=span.start is not None, stop=span.stop is not None, after=span.after is not None)
        rows = self._connection.raw.execute(text, listing.values(self._scope.tenant, values, span))
        decode = self._book.of[lookup.entity].codec.decode
        return [decode(row) for row in rows]

    def close(self) -> None:
        """Give the connection back, bound to nobody."""
        readers, self._readers = self._readers, None
        if readers is not None:
            readers.give_back(self._connection)

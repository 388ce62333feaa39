"""Reading on one tenant's ground, as it was when the call first read."""

from __future__ import annotations

from collections.abc import Sequence

from freehold.model.data import Entity
from freehold.model.lookup import Lookup
from freehold.model.names import is_id
from freehold.runtime.failures import TenantScopeMissing
from freehold.runtime.ports import Found, Span
from freehold.runtime.scope import Scope
from freehold.stores.forms import Plain
from freehold.stores.postgres.names import Template
from freehold.stores.postgres.session import Session
from freehold.stores.postgres.statements import Book
from freehold.stores.postgres.wire import Row, Value


class PostgresSnapshot:
    """Part of a read transaction, bound to a scope. Once either is closed, every method raises `TenantScopeMissing`."""

    __slots__ = ("_book", "_scope", "_session")

    def __init__(self, scope: Scope, session: Session, book: Book) -> None:
        """Read through `session`, together with whoever does so beside."""
        self._scope, self._book = scope, book
        self._session: Session | None = session
        session.join()

    def get(self, kind: type[Entity], id: str) -> Found | None:
        """See `Snapshot.get`."""
        statements = self._book.of[kind]
        if not is_id(id) or not self._book.lies(kind, self._scope.tenant):
            self._open()
            return None
        rows = self._rows(statements.get, [self._scope.tenant, id])
        return statements.codec.decode(rows[0]) if rows else None

    def page(self, lookup: Lookup, values: Sequence[object], span: Span) -> list[Found]:
        """See `Snapshot.page`."""
        listing, tenant = self._book.listings[lookup], self._scope.tenant
        bound = listing.values(tenant, values, span)
        if bound is None or not self._book.lies(lookup.entity, tenant):
            self._open()
            return []
        rows = self._rows(listing.template(values, span), bound)
        return list(map(self._book.of[lookup.entity].codec.decode, rows))

    def close(self) -> None:
        """Give the connection back, unless somebody beside still reads."""
        session, self._session = self._session, None
        if session is not None:
            session.leave()

    def _open(self) -> tuple[Session, str]:
        tenant = self._scope.tenant
        if self._session is None:
            message = "this view is closed: the call it was opened for is over"
            raise TenantScopeMissing(message)
        return self._session, tenant

    def _rows(self, template: Template, values: Sequence[Plain]) -> list[Row]:
        session, tenant = self._open()
        try:
            bound = sent(values)
        except UnicodeEncodeError:  # half of a surrogate pair is no text: nothing can have it as its value
            return []
        return session.found(tenant, template, bound)


def sent(values: Sequence[Plain]) -> list[Value]:
    """Values as they go to the server. Raises `UnicodeEncodeError` for what is no text."""
    return [None if value is None else str(value).encode() for value in values]


def session_of(beside: object) -> Session | None:
    """What another view reads through, if it is still open."""
    return beside._session if isinstance(beside, PostgresSnapshot) else None  # noqa: SLF001  # a friend of its own kind

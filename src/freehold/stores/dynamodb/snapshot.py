"""Reading on one tenant's ground. DynamoDB has no snapshots: each answer is as of when it was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from freehold.model.data import Entity
from freehold.model.layout import Layout, Served, Way, tag
from freehold.model.lookup import Lookup
from freehold.model.names import is_id
from freehold.runtime.failures import TenantScopeMissing
from freehold.runtime.ports import Found, Span
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb.items import ItemCodec, key, key_of, text
from freehold.stores.dynamodb.keys import END, LAST, ground, guard, ordered, partition, sort
from freehold.stores.dynamodb.table import Table
from freehold.stores.rows import is_text


class Book:
    """How each kind is written, and each lookup served."""

    def __init__(self, layout: Layout, kinds: Sequence[type[Entity]], generation: int) -> None:
        """Work everything out. What is written is of this generation."""
        self.of = {kind: ItemCodec(kind, layout, generation) for kind in kinds}
        self.ways: Mapping[Lookup, Way] = {way.lookup: way for way in layout.ways}


class DynamoSnapshot:
    """What a call reads, bound to a scope. Once either is closed, every method raises `TenantScopeMissing`."""

    __slots__ = ("_book", "_scope", "_table")

    def __init__(self, scope: Scope, table: Table, book: Book) -> None:
        """Read from `table`."""
        self._scope, self._book = scope, book
        self._table: Table | None = table

    def get(self, kind: type[Entity], id: str) -> Found | None:
        """See `Snapshot.get`."""
        table, tenant, codec = self._open(), self._scope.tenant, self._book.of[kind]
        if not is_id(id):
            return None
        item = table.get(self._scope, key_of(tenant, kind, id))
        return codec.decode(item) if item else None

    def page(self, lookup: Lookup, values: Sequence[object], span: Span) -> list[Found]:
        """See `Snapshot.page`."""
        table, tenant, way = self._open(), self._scope.tenant, self._book.ways[lookup]
        named = dict(zip(lookup.keys, values, strict=True))
        if not all(is_text(value) for value in (*values, *(span.after or ())) if isinstance(value, str)):
            return []  # half of a surrogate pair is no text: nothing can have it as its value
        if way.served is Served.GUARD:
            return self._one(table, tenant, lookup, named)
        request = _request(way, tenant, named, span)
        codec = self._book.of[lookup.entity]
        return [codec.decode(item) for item in table.query(self._scope, request, span.limit)]

    def close(self) -> None:
        """See `Snapshot.close`. It holds nothing that others could want."""
        self._table = None

    def _open(self) -> Table:
        self._scope.tenant  # noqa: B018  # refuses when the call is over
        if self._table is None:
            message = "this view is closed: the call it was opened for is over"
            raise TenantScopeMissing(message)
        return self._table

    def _one(self, table: Table, tenant: str, lookup: Lookup, values: Mapping[str, object]) -> list[Found]:
        """What the guard of a unique value names, if it still has the value."""
        sort_key = guard(lookup, values)
        held = table.get(self._scope, key(tenant, sort_key)) if sort_key is not None else None
        found = self.get(lookup.entity, str(held["owner"]["S"])) if held else None
        if found is None or guard(lookup, found[1].__dict__) != sort_key:
            return []
        return [found]


def _request(way: Way, tenant: str, values: Mapping[str, object], span: Span) -> Mapping[str, object]:
    """A Query: one partition, and one stretch of it."""
    low, high = _stretch(way.lookup, span)
    index = way.index
    slot = way.slot
    whole = ground(tenant) if slot is None else partition(slot, tenant, values)
    named = {":p": text(whole), ":l": text(low), ":h": text(high)}
    condition = f"{index}PK = :p AND {index}SK BETWEEN :l AND :h"
    more: dict[str, object] = {"IndexName": index} if index else {"ConsistentRead": True}
    return {
        "KeyConditionExpression": condition, "ExpressionAttributeValues": named,
        "ScanIndexForward": not way.lookup.descending, **more,
    }  # fmt: skip


def _stretch(lookup: Lookup, span: Span) -> tuple[str, str]:
    """The first and the last sort key that may be found: no entity has either, so neither is found itself."""
    kind, order = lookup.entity, lookup.order
    opening = f"{tag(kind)}{END}"
    low, high = opening, f"{tag(kind)}{LAST}"
    if span.start is not None or span.stop is not None:
        low = f"{opening}{LAST}"  # behind those that have no value
    if span.start is not None:
        low = opening + ordered(kind, order, span.start)
    if span.stop is not None:
        high = opening + ordered(kind, order, span.stop)
    if span.after is not None:
        there = sort(kind, order, *span.after)
        if lookup.descending:
            high = min(high, _just_before(there))
        else:
            low = max(low, there + LAST)
    return low, max(low, high)


def _just_before(place: str) -> str:
    """A text that is less than `place`, with no key in between: ids end in a hexadecimal digit."""
    return f"{place[:-1]}{chr(ord(place[-1]) - 1)}\U0010ffff"

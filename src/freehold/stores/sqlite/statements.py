"""Every statement the store can run, compiled from the model when it starts. Input is only ever bound, never built in.

Reading goes through the views `ground_<table>`, which show the rows of the tenant that the connection is bound to
(layer 4), and each statement names the tenant once more (layer 3). Writing goes to the tables, guarded by triggers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from freehold.model.data import Entity
from freehold.model.lookup import Lookup, is_optional
from freehold.model.model import Model, table_of
from freehold.runtime.ports import Span
from freehold.stores.schema import TEXT, kept
from freehold.stores.sqlite.values import RowCodec, Value

TENANT = "tenant"


def quoted(name: str) -> str:
    """An identifier of the model's as SQL writes it."""
    return f'"{name}"'


class Statements:
    """The statements for one kind of entity."""

    def __init__(self, kind: type[Entity]) -> None:
        """Compile them."""
        self.kind, self.codec, self.table = kind, RowCodec(kind), table_of(kind)
        names = [quoted(name) for name in self.codec.names]
        table, view = quoted(self.table), quoted(f"ground_{self.table}")
        changing = ", ".join(f"{name} = ?" for name in names)
        holes = ", ".join("?" * (len(names) + 1))
        self.columns = ", ".join((TENANT, *names))
        self.view = view
        self.get = f"SELECT {self.columns} FROM {view} WHERE tenant = ? AND id = ?"
        self.exists = f"SELECT 1 FROM {view} WHERE tenant = ? AND id = ?"
        self.insert = f"INSERT INTO {table} ({self.columns}) VALUES ({holes})"
        self.update = f"UPDATE {table} SET {changing} WHERE tenant = ? AND id = ? AND version = ?"
        self.delete = f"DELETE FROM {table} WHERE tenant = ? AND id = ? AND version = ?"


class Listing:
    """The statements of one lookup: with and without bounds, at the start and further on."""

    def __init__(self, lookup: Lookup, statements: Statements) -> None:
        """Prepare to compile; each of the eight variants is compiled when first needed and kept."""
        self.lookup, self._of = lookup, statements
        self._texts: dict[tuple[bool, bool, bool], str] = {}
        info = lookup.entity.model_fields[lookup.order]
        self._nullable = is_optional(info.annotation)
        self._type = kept(info.annotation).type

    @cached_property
    def order(self) -> str:
        """What rows are sorted by: nulls come first, so they stand for less than anything."""
        return ordering(self.lookup.order, self._type, nullable=self._nullable)

    def text(self, *, start: bool, stop: bool, after: bool) -> str:
        """The SQL for this combination."""
        known = self._texts.get((start, stop, after))
        if known is None:
            known = self._texts[start, stop, after] = self._compile(start=start, stop=stop, after=after)
        return known

    def _compile(self, *, start: bool, stop: bool, after: bool) -> str:
        lookup = self.lookup
        fields = lookup.entity.model_fields
        way, beyond = ("DESC", "<") if lookup.descending else ("ASC", ">")
        where = ["tenant = ?"]
        where += [f"{quoted(key)} {'IS' if is_optional(fields[key].annotation) else '='} ?" for key in lookup.keys]
        where += [f"{self.order} >= ?"] * start + [f"{self.order} < ?"] * stop
        if (start or stop) and self._nullable:
            where.append(f"{quoted(lookup.order)} IS NOT NULL")
        by_id = lookup.order == "id"
        if after:
            where.append(f"id {beyond} ?" if by_id else f"({self.order}, id) {beyond} (?, ?)")
        order = f"id {way}" if by_id else f"{self.order} {way}, id {way}"
        return f"SELECT {self._of.columns} FROM {self._of.view} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?"

    def values(self, tenant: str, keys: Sequence[object], span: Span) -> list[Value]:
        """What is bound, in the order of the text."""
        codec, lookup = self._of.codec, self.lookup
        bound: list[Value] = [tenant, *(codec.key(name, value) for name, value in zip(lookup.keys, keys, strict=True))]
        bound += [codec.key(lookup.order, edge) for edge in (span.start, span.stop) if edge is not None]
        if span.after is not None:
            value, id = span.after
            encoded = codec.key(lookup.order, value)
            bound += [id] if lookup.order == "id" else [lowest(self._type) if encoded is None else encoded, id]
        return [*bound, span.limit]


def lowest(type: str) -> str | float:
    """What nulls stand for in an order: less than every value of the column."""
    return "" if type == TEXT else float("-inf")


def ordering(field: str, type: str, *, nullable: bool) -> str:
    """The expression an index and a query sort by; both must write it the same way."""
    if not nullable:
        return quoted(field)
    stand_in = "''" if type == TEXT else "-9e999"
    return f"coalesce({quoted(field)}, {stand_in})"


class Book:
    """All statements of a model."""

    def __init__(self, model: Model) -> None:
        """Compile everything."""
        self.of = {kind: Statements(kind) for kind in model.entities.values()}
        self.listings = {lookup: Listing(lookup, self.of[lookup.entity]) for lookup in model.lookups}

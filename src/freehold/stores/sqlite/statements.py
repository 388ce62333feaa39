"""Every statement the store can run, compiled from the model when it starts. Input is only ever bound, never built in.

Reading goes through the views `ground_<table>`, which show the rows of the tenant that the connection is bound to
(layer 4), and each statement names the tenant once more (layer 3). Writing goes to the tables, guarded by triggers.
"""

from __future__ import annotations

from collections.abc import Sequence

from freehold.model.data import Entity
from freehold.model.lookup import Lookup
from freehold.model.model import Model, table_of
from freehold.runtime.ports import Span
from freehold.stores.forms import Plain, may_lack
from freehold.stores.rows import RowCodec

LOWEST = float("-inf")
"""What None stands for in an order: less than every number, and SQLite sorts numbers before texts."""


def quoted(name: str) -> str:
    """An identifier of the model's as SQL writes it."""
    return f'"{name}"'


def ordering(field: str, *, nullable: bool) -> str:
    """The expression an index and a query sort by; both must write it the same way."""
    return f"coalesce({quoted(field)}, -9e999)" if nullable else quoted(field)


class Statements:
    """The statements for one kind of entity. `insert` and `update` are bound to a row of the codec's, and more."""

    def __init__(self, kind: type[Entity]) -> None:
        """Compile them."""
        self.kind, self.codec = kind, RowCodec(kind)
        names = [quoted(name) for name in self.codec.names]
        self.table = table_of(kind)
        table, self.view = quoted(self.table), quoted(f"ground_{self.table}")
        changing = ", ".join(f"{name} = ?{hole}" for hole, name in enumerate(names, 1) if name != '"id"')
        id, tenant = names.index('"id"') + 1, len(names) + 1
        self.columns = ", ".join((*names, "tenant"))
        self.get = f"SELECT {self.columns} FROM {self.view} WHERE tenant = ? AND id = ?"
        self.exists = f"SELECT 1 FROM {self.view} WHERE tenant = ? AND id = ?"
        self.insert = f"INSERT INTO {table} ({self.columns}) VALUES ({', '.join('?' * tenant)})"
        place = f"tenant = ?{tenant} AND id = ?{id} AND version = ?{tenant + 1}"
        self.update = f"UPDATE {table} SET {changing} WHERE {place}"
        self.delete = f"DELETE FROM {table} WHERE tenant = ? AND id = ? AND version = ?"


class Listing:
    """The statements of one lookup: with and without bounds, at the start and further on."""

    def __init__(self, lookup: Lookup, statements: Statements) -> None:
        """Compile the eight variants."""
        self.lookup, self.codec = lookup, statements.codec
        fields = lookup.entity.model_fields
        self._nullable = may_lack(fields[lookup.order].annotation)
        lacking = {key for key in lookup.keys if may_lack(fields[key].annotation) and not lookup.unique}
        keys = [f"{quoted(key)} {'IS' if key in lacking else '='} ?" for key in lookup.keys]
        opening = f"SELECT {statements.columns} FROM {statements.view} WHERE {' AND '.join(('tenant = ?', *keys))}"
        either = (False, True)
        self._texts = {
            (start, stop, after): opening + self._rest(start=start, stop=stop, after=after)
            for start in either for stop in either for after in either
        }  # fmt: skip

    def text(self, span: Span) -> str:
        """The SQL for these bounds."""
        return self._texts[span.start is not None, span.stop is not None, span.after is not None]

    def values(self, tenant: str, keys: Sequence[object], span: Span) -> list[Plain]:
        """What is bound, in the order of the text."""
        key, lookup = self.codec.key, self.lookup
        bound: list[Plain] = [tenant, *map(key, lookup.keys, keys)]
        bound += [key(lookup.order, edge) for edge in (span.start, span.stop) if edge is not None]
        if span.after is not None:
            value, id = span.after
            bound += [id] if lookup.order == "id" else [LOWEST if value is None else key(lookup.order, value), id]
        bound.append(span.limit)
        return bound

    def _rest(self, *, start: bool, stop: bool, after: bool) -> str:
        field, by_id = self.lookup.order, self.lookup.order == "id"
        order = ordering(field, nullable=self._nullable)
        way, beyond = ("DESC", "<") if self.lookup.descending else ("ASC", ">")
        where = [f"{order} >= ?"] * start + [f"{order} < ?"] * stop
        if (start or stop) and self._nullable:
            where.append(f"{quoted(field)} IS NOT NULL")
        if after:
            where.append(f"id {beyond} ?" if by_id else f"({order}, id) {beyond} (?, ?)")
        place = f"id {way}" if by_id else f"{order} {way}, id {way}"
        sorting = "" if self.lookup.unique else f" ORDER BY {place}"
        return f"{''.join(f' AND {condition}' for condition in where)}{sorting} LIMIT ?"


class Book:
    """All statements of a model."""

    def __init__(self, model: Model) -> None:
        """Compile everything."""
        self.of = {kind: Statements(kind) for kind in model.entities.values()}
        self.listings = {lookup: Listing(lookup, self.of[lookup.entity]) for lookup in model.lookups}

"""Every statement the store can run, compiled from the model when it starts. Input is only ever bound, never built in.

Each names the schema of the place it is run at, and the tenant once more (layer 3). What a row must match to be
written is part of the statement: it refuses by itself, so that a whole call can be sent at once, COMMIT and all.
"""

from __future__ import annotations

from collections.abc import Sequence

from freehold.model.data import Entity
from freehold.model.lookup import Lookup
from freehold.model.model import Model, table_of
from freehold.model.names import PLATFORM, is_id
from freehold.runtime.ports import Span
from freehold.stores.forms import Form, Plain, kept, may_lack
from freehold.stores.postgres.names import GROUND, Template, quoted
from freehold.stores.postgres.types import CODECS, bare, lowest, shown
from freehold.stores.rows import RowCodec
from freehold.stores.schema import schema_of

OR_STALE = "SELECT freehold.refuse() WHERE NOT EXISTS (SELECT FROM done)"


class Statements:
    """The statements for one kind of entity. `insert` and `update` are bound to a row of the codec's, and more."""

    def __init__(self, kind: type[Entity]) -> None:
        """Compile them."""
        self.kind, self.codec = kind, RowCodec(kind, CODECS)
        self.forms = {name: kept(info.annotation).form for name, info in kind.model_fields.items()}
        self.ids = frozenset(name for name, form in self.forms.items() if form is Form.ID)
        names = self.codec.names
        self.table = f"{GROUND}.{quoted(table_of(kind))}"
        holes = [f"${hole}::{bare(self.forms[name])}" for hole, name in enumerate(names, 1)]
        id, tenant, version = names.index("id") + 1, len(names) + 1, len(names) + 2
        changing = ", ".join(
            f"{quoted(name)} = {hole}" for name, hole in zip(names, holes, strict=True) if name != "id"
        )
        self.columns = ", ".join((*(shown(quoted(name), self.forms[name]) for name in names), "tenant::text"))
        mine = "tenant = $1::uuid AND id = $2::uuid"
        self.get = Template(f"SELECT {self.columns} FROM {self.table} WHERE {mine}")
        # KEY SHARE: what is referred to stays there until the commit.
        there = f"SELECT FROM {self.table} WHERE {mine} FOR KEY SHARE"
        self.must_exist = Template(f"SELECT freehold.refuse() WHERE NOT EXISTS ({there})")
        columns = ", ".join((*map(quoted, names), "tenant"))
        self.insert = Template(f"INSERT INTO {self.table} ({columns}) VALUES ({', '.join(holes)}, ${tenant}::uuid)")
        place = f"tenant = ${tenant}::uuid AND id = ${id}::uuid AND version = ${version}::bigint"
        update = f"UPDATE {self.table} SET {changing} WHERE {place} RETURNING 1"
        self.update = Template(f"WITH done AS ({update}) {OR_STALE}")
        delete = f"DELETE FROM {self.table} WHERE {mine} AND version = $3::bigint RETURNING 1"
        self.delete = Template(f"WITH done AS ({delete}) {OR_STALE}")


class Listing:
    """The statements of one lookup: with and without bounds, at the start and further on."""

    def __init__(self, lookup: Lookup, statements: Statements) -> None:
        """Compile the eight variants, and those of them that look for a lack."""
        self.lookup, self._of = lookup, statements
        fields = lookup.entity.model_fields
        self._order = statements.forms[lookup.order]
        self._nullable = may_lack(fields[lookup.order].annotation)
        self._may_lack = [may_lack(fields[key].annotation) and not lookup.unique for key in lookup.keys]
        self._made: dict[tuple[bool, ...], Template] = {}

    def template(self, keys: Sequence[object], span: Span) -> Template:
        """The SQL for these bounds, and for the keys that are None."""
        lacking = [key is None and may for key, may in zip(keys, self._may_lack, strict=True)]
        shape = (span.start is not None, span.stop is not None, span.after is not None, *lacking)
        if shape not in self._made:
            self._made[shape] = self._compiled(*shape[:3], lacking)
        return self._made[shape]

    def values(self, tenant: str, keys: Sequence[object], span: Span) -> list[Plain] | None:
        """What is bound, in the order of the text. None when one of them is no id: then there is nothing to find."""
        lookup = self.lookup
        wanted = [
            (name, key) for name, key, may in zip(lookup.keys, keys, self._may_lack, strict=True)
            if not (key is None and may)
        ]  # fmt: skip
        wanted += [(lookup.order, edge) for edge in (span.start, span.stop) if edge is not None]
        if span.after is not None:
            value, id = span.after
            wanted += [("id", id)] if lookup.order == "id" else [(lookup.order, value), ("id", id)]
        if any(name in self._of.ids and value is not None and not is_id(value) for name, value in wanted):
            return None
        return [tenant, *(self._of.codec.key(name, value) for name, value in wanted), str(span.limit)]

    def _compiled(self, start: bool, stop: bool, after: bool, lacking: Sequence[bool]) -> Template:  # noqa: FBT001  # a shape
        of, holes = self._of, iter(range(2, 99))
        where = ["tenant = $1::uuid"]
        for key, lacks in zip(self.lookup.keys, lacking, strict=True):
            where.append(f"{quoted(key)} {'IS NULL' if lacks else f'= {self._hole(key, next(holes))}'}")
        field, by_id = self.lookup.order, self.lookup.order == "id"
        order = self._sorting(quoted(field))
        edges = [">="] * start + ["<"] * stop
        where += [f"{order} {sign} {self._sorting(self._hole(field, next(holes)))}" for sign in edges]
        if (start or stop) and self._nullable:
            where.append(f"{quoted(field)} IS NOT NULL")
        way, beyond = ("DESC", "<") if self.lookup.descending else ("ASC", ">")
        if after:
            there = "" if by_id else self._sorting(self._hole(field, next(holes)))
            id = self._hole("id", next(holes))
            where.append(f"id {beyond} {id}" if by_id else f"({order}, id) {beyond} ({there}, {id})")
        id = f"{of.table}.id"  # in full: what is selected is called id, too, and is its text, by which no index goes
        place = f"{id} {way}" if by_id else f"{order} {way}, {id} {way}"
        sorting = "" if self.lookup.unique else f" ORDER BY {place}"
        rows = f"SELECT {of.columns} FROM {of.table} WHERE {' AND '.join(where)}"
        return Template(f"{rows}{sorting} LIMIT ${next(holes)}::bigint")

    def _hole(self, field: str, number: int) -> str:
        return f"${number}::{bare(self._of.forms[field])}"

    def _sorting(self, value: str) -> str:
        return lowest(value, self._order) if self._nullable else value


class Book:
    """All statements of a model."""

    def __init__(self, model: Model) -> None:
        """Compile everything."""
        self.of = {kind: Statements(kind) for kind in model.entities.values()}
        self.listings = {lookup: Listing(lookup, self.of[lookup.entity]) for lookup in model.lookups}
        tables = schema_of(model).tables
        self._elsewhere = {
            platform: {kind for kind in self.of if not tables[table_of(kind)].is_on(platform=platform)}
            for platform in (True, False)
        }

    def lies(self, kind: type[Entity], tenant: str) -> bool:
        """Whether a ground has a kind at all. Of what it has no table for, there is nothing to be found."""
        return kind not in self._elsewhere[tenant == PLATFORM]

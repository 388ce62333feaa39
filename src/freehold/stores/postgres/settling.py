"""Takes a tenant from one tier to the other: statements that run as the owner of both, on that tenant's rows alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from freehold.model.data import Entity
from freehold.model.model import table_of
from freehold.stores.estate import AUDIT, Unequal
from freehold.stores.postgres.ddl import DELIVERIES
from freehold.stores.postgres.names import Place, Statement, quoted
from freehold.stores.postgres.snapshot import sent
from freehold.stores.postgres.wire import Row, Step

FORGET = Statement(b"DELETE FROM freehold.ground WHERE tenant = $1::uuid")
BEHIND = Statement(b"""SELECT count(*) FROM freehold.ground WHERE tenant IN ($1::uuid, $2::uuid)
AND version <> (SELECT max(number) FROM freehold.migration WHERE NOT undone)""")
"""Whether a tenant, or the pool, is at another version than the newest: then their tables differ."""


class Settling:
    """The tables of a ground, and how they are copied."""

    def __init__(self, kinds: Sequence[type[Entity]]) -> None:
        """Work out the columns. Parents come first."""
        self._columns = {table_of(kind): ["tenant", *kind.model_fields] for kind in kinds}
        self._columns[AUDIT] = ["tenant", "number", "text", "before", "hash"]

    def digests(self, place: Place, tenant: str) -> list[Step]:
        """Of each table: how many rows, and a hash over all of them, whatever their order."""
        return [(self._digest(place, table, columns), sent([tenant])) for table, columns in self._columns.items()]

    def counts(self, found: Sequence[list[Row]]) -> Mapping[str, int]:
        """How many rows each table has, by what `digests` has found."""
        return {table: int(str(rows[0][0])) for table, rows in zip(self._columns, found, strict=True)}

    def check(self, before: Sequence[list[Row]], after: Sequence[list[Row]]) -> None:
        """Raises `Unequal` unless two places hold the same."""
        for table, one, other in zip(self._columns, before, after, strict=True):
            if one != other:
                message = f"{table} had {one[0][0]} rows and has {other[0][0]} where they were copied to, or others"
                raise Unequal(message)

    def copying(self, old: Place, new: Place, tenant: str) -> Iterator[Step]:
        """Copies every table, parents first."""
        for table, columns in self._columns.items():
            names = ", ".join(map(quoted, columns))
            rows = f"SELECT {names} FROM {_named(old, table)} WHERE tenant = $1::uuid"
            yield Statement(f"INSERT INTO {_named(new, table)} ({names}) {rows}".encode()), sent([tenant])

    def leaving(self, old: Place, new: Place, tenant: str) -> Iterator[Step]:
        """Ends the old place. Who still believes in it is refused from here on."""
        if not old.is_shared:
            schema, role = quoted(old.schema), quoted(old.role)
            yield Statement(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}".encode()), ()
            return
        for table in reversed(self._columns):
            yield Statement(f"DELETE FROM {_named(old, table)} WHERE tenant = $1::uuid".encode()), sent([tenant])
        if DELIVERIES in self._columns:  # what was deleted has been noted as nothing left to do
            due = (
                f"SELECT tenant, min(due) FROM {_named(new, DELIVERIES)} WHERE tenant = $1::uuid AND state = 'waiting'"
            )
            note = f"INSERT INTO freehold.busy (tenant, due) {due} GROUP BY tenant"
            again = "ON CONFLICT (tenant) DO UPDATE SET due = excluded.due"
            yield Statement(f"{note} {again}".encode()), sent([tenant])

    def _digest(self, place: Place, table: str, columns: Sequence[str]) -> Statement:
        """Sums of two hashes of each row: quick, since writers wait. They are against errors; nobody forges here."""
        row = f"ROW({', '.join(f'one.{quoted(column)}' for column in columns)})::text"
        sums = ", ".join(f"sum(hashtextextended({row}, {seed}))" for seed in (0, 1))
        return Statement(f"SELECT count(*), {sums} FROM {_named(place, table)} AS one WHERE tenant = $1::uuid".encode())


def _named(place: Place, table: str) -> str:
    return f"{quoted(place.schema)}.{quoted(table)}"

"""Takes a tenant from one tier to the other: statements that run as the owner of both, on that tenant's rows alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from freehold.stores.estate import AUDIT, Unequal
from freehold.stores.postgres.names import Place, Statement, quoted
from freehold.stores.postgres.snapshot import sent
from freehold.stores.postgres.wire import Row, Step
from freehold.stores.schema import Table

MOVING: list[Step] = [
    (Statement(b"SET LOCAL freehold.moving = 'on'"), ()),
    # What has just been filled has no statistics: as few rows as are thought to be there, each would look at all.
    (Statement(b"SET LOCAL enable_nestloop = off"), ()),
    (Statement(b"SET LOCAL work_mem = '64MB'"), ()),
]
MIGRATIONS_WAIT = Statement(b"SELECT pg_try_advisory_xact_lock_shared(1, 1)")
"""Whether nobody migrates, who then waits for us: tables must not change while they are copied."""

BEHIND = Statement(b"""SELECT count(*) FROM freehold.ground WHERE tenant IN ($1::uuid, $2::uuid)
AND version <> (SELECT max(number) FROM freehold.migration WHERE NOT undone)""")
"""Whether a tenant, or the pool, is at another version than the newest: then their tables differ."""

MAKE_TABLES = Statement(b"SELECT freehold.make_tables($1::uuid)")
OPEN = Statement(b"SELECT freehold.open_ground($1::uuid, $2::text)")
SINCE = Statement(b"SELECT pg_snapshot_xmin(pg_current_snapshot())::xid::text")
"""The oldest transaction under way: whatever is not seen at this moment will have been written by it or a later one."""

WAITING = Statement(b"""SELECT count(*) FROM pg_locks AS theirs JOIN pg_locks AS ours
USING (locktype, database, classid, objid, objsubid)
WHERE ours.locktype = 'advisory' AND ours.pid = pg_backend_pid() AND ours.granted AND NOT theirs.granted""")


@dataclass(frozen=True, slots=True)
class _Copied:
    """A table that is copied: its columns, the tenant first, and those that no two rows may have the same of."""

    name: str
    columns: tuple[str, ...]
    uniques: tuple[str, ...]

    @property
    def key(self) -> str:
        """What tells a tenant's rows apart."""
        return "number" if self.name == AUDIT else "id"


class Settling:
    """The tables of a ground, and how they are taken from `old` to `new`."""

    def __init__(self, tables: Sequence[Table]) -> None:
        """Work out the columns. Parents come first."""
        chain = _Copied(AUDIT, ("tenant", "number", "text", "before", "hash"), ())
        self._tables = [*map(_copied, tables), chain]

    def counts(self, found: Sequence[Row]) -> Mapping[str, int]:
        """How many rows each table has, by what `copying`, `digests` or `counting` has found."""
        return {table.name: int(str(row[1])) for table, row in zip(self._tables, found, strict=True)}

    def check(self, before: Sequence[Row], after: Sequence[Row]) -> None:
        """Raises `Unequal` unless two places hold the same."""
        for table, one, other in zip(self._tables, before, after, strict=True):
            if one != other:
                message = f"{table.name} had {one[1]} rows and has {other[1]} where they were copied to, or others"
                raise Unequal(message)

    def copying(self, old: Place, new: Place, tenant: str) -> Step:
        """Copies every table, and finds what `digests` would: one statement, which sees all of it at one moment."""
        copies = []
        for number, table in enumerate(self._tables):
            names = _names(table.columns)
            rows = f"SELECT {names} FROM {_named(old, table)} WHERE tenant = $1::uuid"
            copies.append(f"copy{number} AS (INSERT INTO {_named(new, table)} ({names}) {rows})")
        return Statement(f"WITH {', '.join(copies)} {self._digests(old)}".encode()), sent([tenant])

    def digests(self, place: Place, tenant: str) -> Step:
        """Of each table: how many rows, and a hash over all of them, whatever their order."""
        return Statement(self._digests(place).encode()), sent([tenant])

    def counting(self, place: Place, tenant: str) -> Step:
        """Of each table: how many rows."""
        counts = [
            f"SELECT {number} AS place, count(*) FROM {_named(place, table)} WHERE tenant = $1::uuid"
            for number, table in enumerate(self._tables)
        ]
        return Statement(f"{' UNION ALL '.join(counts)} ORDER BY place".encode()), sent([tenant])

    def leaving_out(self, old: Place, new: Place, tenant: str) -> Iterator[Step]:
        """Takes off the copy what is gone since, or has given up what no two may have. Children go first."""
        for table in reversed(self._tables):
            if table.key != "id":
                continue
            same = [f"here.{name} IS NOT DISTINCT FROM there.{name}" for name in map(quoted, table.uniques)]
            found = " AND ".join(["here.tenant = $1::uuid", "here.id = there.id", *same])
            gone = f"NOT EXISTS (SELECT FROM {_named(old, table)} AS here WHERE {found})"
            delete = f"DELETE FROM {_named(new, table)} AS there WHERE there.tenant = $1::uuid AND {gone}"
            yield Statement(delete.encode()), sent([tenant])

    def following(self, old: Place, new: Place, tenant: str, since: str) -> Iterator[Step]:
        """Brings over what the copy lacks, or was written since, parents first. Finds digests of both sides of it.

        What was written is known by the transaction that did so: a row that was removed and added again may have its
        id and its first version once more.
        """
        for table in self._tables:
            names, key = _names(table.columns), quoted(table.key)
            late = f"there.{key} IS NULL OR age(here.xmin) <= age($2::xid)"
            join = f"there.tenant = $1::uuid AND there.{key} = here.{key}"
            rows = f"SELECT {_names(table.columns, 'here')} FROM {_named(old, table)} AS here"
            due = f"{rows} LEFT JOIN {_named(new, table)} AS there ON {join} WHERE here.tenant = $1::uuid AND ({late})"
            over = ", ".join(f"{name} = excluded.{name}" for name in map(quoted, table.columns))
            put = f"INSERT INTO {_named(new, table)} ({names}) SELECT {names} FROM due"
            again = f"ON CONFLICT (tenant, {key}) DO UPDATE SET {over} RETURNING {names}"
            both = f"SELECT {_sums(table)} FROM due AS one UNION ALL SELECT {_sums(table)} FROM put AS one"
            yield Statement(f"WITH due AS ({due}), put AS ({put} {again}) {both}".encode()), sent([tenant, since])

    def check_followed(self, found: Sequence[Sequence[Row]]) -> None:
        """Raises `Unequal` unless what `following` has put is what there was to be put."""
        for table, (due, put) in zip(self._tables, found, strict=True):
            if due != put:
                message = f"{table.name}: {due[0]} rows that were written meanwhile are not the same in the copy"
                raise Unequal(message)

    def closing(self, old: Place) -> list[Step]:
        """Shuts the old place to who still believes in it. The pool does so by itself: see `freehold.enter`."""
        if old.is_shared:
            return []
        shut = f"REVOKE ALL ON ALL TABLES IN SCHEMA {quoted(old.schema)} FROM {quoted(old.role)}"
        return [(Statement(shut.encode()), ())]

    def sweeping(self, pool: Place, tenant: str) -> Iterator[Step]:
        """Deletes a tenant's rows from the pool, children first, once it lies elsewhere."""
        for table in reversed(self._tables):
            yield Statement(f"DELETE FROM {_named(pool, table)} WHERE tenant = $1::uuid".encode()), sent([tenant])

    def _digests(self, place: Place) -> str:
        found = [
            f"SELECT {number} AS place, {_sums(table)} FROM {_named(place, table)} AS one WHERE tenant = $1::uuid"
            for number, table in enumerate(self._tables)
        ]
        return f"{' UNION ALL '.join(found)} ORDER BY place"


def _copied(table: Table) -> _Copied:
    uniques = {key for index in table.indexes if index.unique for key in index.keys}
    return _Copied(table.name, ("tenant", *(column.name for column in table.columns)), tuple(sorted(uniques)))


def _sums(table: _Copied) -> str:
    """How many rows, and sums of two hashes of each: quick, and against errors; nobody forges here."""
    row = f"ROW({_names(table.columns, 'one')})::text"
    return ", ".join(("count(*)", *(f"sum(hashtextextended({row}, {seed}))" for seed in (0, 1))))


def _names(columns: Sequence[str], of: str = "") -> str:
    return ", ".join(f"{of}.{quoted(column)}" if of else quoted(column) for column in columns)


def _named(place: Place, table: _Copied) -> str:
    return f"{quoted(place.schema)}.{quoted(table.name)}"

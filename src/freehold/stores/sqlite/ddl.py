"""The schema as SQLite's own statements: tables, indexes, and what guards a connection (layer 4).

The views and triggers are temporary: they belong to a connection, so there is nothing to migrate and other programs
still see plain tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from freehold.stores.schema import INTEGER, JSON, REAL, TEXT, Column, Index, Schema, Table
from freehold.stores.sqlite.statements import ordering, quoted

TYPES = {TEXT: "TEXT", INTEGER: "INTEGER", REAL: "REAL", JSON: "TEXT"}

OWN = (
    "CREATE TABLE IF NOT EXISTS freehold_schema (number INTEGER PRIMARY KEY, at TEXT NOT NULL, label TEXT NOT NULL,"
    " before TEXT NOT NULL, after TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS freehold_audit (tenant TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL,"
    " before TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (tenant, number)) STRICT, WITHOUT ROWID",
)
"""What the store keeps for itself: which migrations were applied, and the audit chains."""


def create_table(table: Table) -> str:
    """A table: tenant first in the primary key, and children deleted with their parent."""
    parts = ["tenant TEXT NOT NULL", *map(column, table.columns), "PRIMARY KEY (tenant, id)"]
    if table.parent and table.parent_field:
        above = f"REFERENCES {quoted(table.parent)} (tenant, id) ON DELETE CASCADE"
        parts.append(f"FOREIGN KEY (tenant, {quoted(table.parent_field)}) {above}")
    return f"CREATE TABLE {quoted(table.name)} ({', '.join(parts)}) STRICT"


def column(of: Column) -> str:
    """A column's definition. The default is for rows that exist when it is added."""
    null = "" if of.nullable else " NOT NULL"
    return f"{quoted(of.name)} {TYPES[of.type]}{null}{_default(of)}"


def _default(of: Column) -> str:
    if not of.has_default or of.default is None:
        return ""
    literal = str(of.default) if isinstance(of.default, (int, float)) else "'" + of.default.replace("'", "''") + "'"
    return f" DEFAULT {literal}"


def create_index(table: Table, index: Index) -> str:
    """An index that serves lookups: the tenant, the keys, then what the list is ordered by."""
    columns = {of.name: of for of in table.columns}
    parts = ["tenant", *map(quoted, index.keys)]
    if not index.unique:
        if index.order != "id":
            of = columns[index.order]
            parts.append(ordering(of.name, of.type, nullable=of.nullable))
        parts.append("id")
    kind = "UNIQUE INDEX" if index.unique else "INDEX"
    return f"CREATE {kind} IF NOT EXISTS {index_name(table, index)} ON {quoted(table.name)} ({', '.join(parts)})"


def index_name(table: Table, index: Index) -> str:
    """What an index is called in the file."""
    return quoted(f"{table.name}.{index.name}")


def busy_index() -> str:
    """The one index that does not begin with the tenant: it says which grounds have deliveries due."""
    return "CREATE INDEX IF NOT EXISTS freehold_busy ON freehold_delivery (state, due, tenant)"


def guards(schema: Schema) -> Iterator[str]:
    """Views that show one tenant's rows, and triggers that let nothing else be written."""
    for name in schema.tables:
        table, view = quoted(name), quoted(f"ground_{name}")
        yield f"CREATE TEMP VIEW {view} AS SELECT * FROM main.{table} WHERE tenant = ground()"
        for verb, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            trigger = quoted(f"guard_{name}_{verb.lower()}")
            refuse = "SELECT raise(ABORT, 'another ground')"
            yield (
                f"CREATE TEMP TRIGGER {trigger} BEFORE {verb} ON main.{table}"
                f" WHEN {row}.tenant IS NOT ground() BEGIN {refuse}; END"
            )
    yield "CREATE TEMP VIEW ground_freehold_audit AS SELECT * FROM main.freehold_audit WHERE tenant = ground()"
    if "freehold_delivery" in schema.tables:
        yield "CREATE TEMP VIEW busy AS SELECT tenant, due FROM main.freehold_delivery WHERE state = 'waiting'"

"""The schema as SQLite's own statements: tables, indexes, and what guards a connection (layer 4).

The views and triggers are temporary: they belong to a connection, so there is nothing to migrate and other programs
still see plain tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from freehold.stores.forms import Form
from freehold.stores.schema import Column, Index, Schema, Table
from freehold.stores.sqlite.statements import ordering, quoted

TYPES = {Form.INTEGER: "INTEGER", Form.BOOLEAN: "INTEGER", Form.REAL: "REAL"}
"""What is not text."""

AUDIT = "freehold_audit"
DELIVERIES = "freehold_delivery"
OWN = (
    """CREATE TABLE IF NOT EXISTS freehold_schema (number INTEGER PRIMARY KEY, at TEXT NOT NULL, label TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS freehold_audit (tenant TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL,
    before TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (tenant, number)) STRICT, WITHOUT ROWID""",
)
"""What the store keeps for itself: which migrations were applied, and the audit chains."""

BUSY = "CREATE INDEX IF NOT EXISTS freehold_busy ON freehold_delivery (state, tenant, due)"
"""The one index that does not begin with the tenant: it says which grounds have deliveries due."""


def create_table(table: Table, name: str | None = None) -> str:
    """A table: tenant first in the primary key, and children deleted with their parent."""
    parts = ["tenant TEXT NOT NULL", *map(column, table.columns), "PRIMARY KEY (tenant, id)"]
    if table.parent and table.parent_field:
        above = f"REFERENCES {quoted(table.parent)} (tenant, id) ON DELETE CASCADE"
        parts.append(f"FOREIGN KEY (tenant, {quoted(table.parent_field)}) {above}")
    return f"CREATE TABLE {quoted(name or table.name)} ({', '.join(parts)}) STRICT"


def column(of: Column) -> str:
    """A column's definition. The default is for rows that exist when it is added, and for programs that know it not."""
    null = "" if of.nullable else " NOT NULL"
    default = "" if of.default is None else f" DEFAULT {literal(of)}"
    return f"{quoted(of.name)} {TYPES.get(of.form, 'TEXT')}{null}{default}"


def literal(of: Column) -> str:
    """A column's default as SQL writes it."""
    if of.default is None:
        return "NULL"
    return text(of.default) if isinstance(of.default, str) else str(of.default)


def text(value: str) -> str:
    """A text as SQL writes it; by its bytes, where it has what cannot stand in a statement."""
    if "\x00" in value:
        return f"(CAST(x'{value.encode().hex()}' AS TEXT))"
    return "'" + value.replace("'", "''") + "'"


def create_index(table: Table, index: Index) -> str:
    """An index that serves lookups: the tenant, the keys, then what the list is ordered by."""
    parts = ["tenant", *map(quoted, index.keys)]
    if not index.unique:
        if index.order != "id":
            of = next(of for of in table.columns if of.name == index.order)
            parts.append(ordering(of.name, nullable=of.nullable))
        parts.append("id")
    kind = "UNIQUE INDEX" if index.unique else "INDEX"
    return f"CREATE {kind} {index_name(table, index)} ON {quoted(table.name)} ({', '.join(parts)})"


def index_name(table: Table, index: Index) -> str:
    """What an index is called in the file."""
    return quoted(f"{table.name}.{index.name}")


def views(schema: Schema) -> Iterator[tuple[str, str]]:
    """Each table, and the view that it may be read through."""
    yield from ((table, f"ground_{table}") for table in (*schema.tables, AUDIT))
    if DELIVERIES in schema.tables:
        yield DELIVERIES, "busy"


def guards(schema: Schema) -> Iterator[str]:
    """Views that show one tenant's rows, and triggers that let nothing else be written."""
    for name in schema.tables:
        yield _view(name)
        yield _trigger(name, "INSERT", "NEW.tenant IS NOT ground()")
        yield _trigger(name, "UPDATE", "OLD.tenant IS NOT ground() OR NEW.tenant IS NOT ground()")
        yield _trigger(name, "DELETE", "OLD.tenant IS NOT ground()")
    yield _view(AUDIT)
    yield _trigger(AUDIT, "INSERT", "NEW.tenant IS NOT ground()")
    yield _trigger(AUDIT, "UPDATE", "TRUE")
    yield _trigger(AUDIT, "DELETE", "TRUE")
    if DELIVERIES in schema.tables:
        yield "CREATE TEMP VIEW busy AS SELECT tenant, due FROM main.freehold_delivery WHERE state = 'waiting'"


def erasing() -> Iterator[str]:
    """For who erases a ground: its audit chain may go. Nobody else may take off any part of one."""
    yield f"DROP TRIGGER {quoted(f'guard_{AUDIT}_delete')}"
    yield _trigger(AUDIT, "DELETE", "OLD.tenant IS NOT ground()")


def _view(table: str) -> str:
    view = quoted(f"ground_{table}")
    return f"CREATE TEMP VIEW {view} AS SELECT * FROM main.{quoted(table)} WHERE tenant = ground()"


def _trigger(table: str, verb: str, when: str) -> str:
    name, refuse = quoted(f"guard_{table}_{verb.lower()}"), "SELECT raise(ABORT, 'this is not ours to write')"
    return f"CREATE TEMP TRIGGER {name} BEFORE {verb} ON main.{quoted(table)} WHEN {when} BEGIN {refuse}; END"

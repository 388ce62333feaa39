"""The schema as PostgreSQL's own statements. Templates: `"ground"` stands for the schema, `'tenant'` for the tenant."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator

from freehold.model.data import NO_ID
from freehold.stores.forms import Form
from freehold.stores.migrate import parents_first
from freehold.stores.postgres.names import GROUND, quoted
from freehold.stores.postgres.types import COLUMNS, bare, lowest
from freehold.stores.schema import Column, Index, Schema, Table

TENANT = "'tenant'"
"""Stands for the id of the tenant in a template."""

DELIVERIES = "freehold_delivery"
AUDIT = f"""CREATE TABLE {GROUND}.freehold_audit (tenant uuid NOT NULL{{only}}, number bigint NOT NULL,
text text NOT NULL, before text NOT NULL, hash text NOT NULL, PRIMARY KEY (tenant, number))"""
BUSY = f"""CREATE TRIGGER busy AFTER INSERT OR UPDATE OR DELETE ON {GROUND}.{DELIVERIES}
FOR EACH ROW EXECUTE FUNCTION freehold.note_busy()"""

MINE = "tenant = nullif(current_setting('freehold.tenant', true), '')::uuid"
"""What the pool shows of a table: never set and set before are null and empty, and both are nobody."""


def ground(schema: Schema, *, platform: bool = False, shared: bool = False) -> Iterator[str]:
    """Everything a ground has: the platform's, one tenant's, or the one that many tenants share."""
    for name in parents_first(schema):
        table = schema.tables[name]
        if table.is_on(platform=platform):
            yield from created(table, shared=shared)
    yield AUDIT.format(only="" if shared else f" CHECK (tenant = {TENANT})")
    if shared:
        yield from guarded("freehold_audit")


def created(table: Table, *, shared: bool) -> Iterator[str]:
    """A table with all that belongs to it."""
    only = "" if shared else f" CHECK (tenant = {TENANT})"
    parts = [f"tenant uuid NOT NULL{only}", *map(column, table.columns), "PRIMARY KEY (tenant, id)"]
    if table.parent:
        parts.append(parent(table))
    yield f"CREATE TABLE {GROUND}.{quoted(table.name)} ({', '.join(parts)})"
    yield from (create_index(table, index) for index in table.indexes)
    if table.name == DELIVERIES:
        yield BUSY
    if shared:
        yield from guarded(table.name)


def guarded(table: str) -> Iterator[str]:
    """Row security for a shared table, for its owner as well. Restrictive: no other policy can let more through."""
    name = f"{GROUND}.{quoted(table)}"
    yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    yield f"CREATE POLICY mine ON {name} USING ({MINE}) WITH CHECK ({MINE})"
    yield f"CREATE POLICY mine_only ON {name} AS RESTRICTIVE USING ({MINE}) WITH CHECK ({MINE})"


def parent(table: Table) -> str:
    """What ties a child to its parent, on the same ground: it is deleted with it."""
    above = f"REFERENCES {GROUND}.{quoted(str(table.parent))} (tenant, id) ON DELETE CASCADE"
    name = quoted(f"{table.name}.within")
    return f"CONSTRAINT {name} FOREIGN KEY (tenant, {quoted(str(table.parent_field))}) {above}"


def column(of: Column) -> str:
    """A column's definition. The default is for rows that exist when it is added, and for programs that know it not."""
    null = "" if of.nullable else " NOT NULL"
    no_id = of.form is Form.ID and of.default == NO_ID
    default = "" if of.default is None or no_id else f" DEFAULT {literal(of)}"
    return f"{quoted(of.name)} {COLUMNS[of.form]}{null}{default}"


def literal(of: Column) -> str:
    """A column's default as SQL writes it. The schema has it in the form that every store starts from."""
    if of.default is None:
        return "NULL"
    value = str(of.default)
    if of.form is Form.BOOLEAN:
        value = "true" if of.default else "false"
    if of.form is Form.BYTES:
        value = "\\x" + b64decode(value).hex()
    return f"{text(value)}::{bare(of.form)}"


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def create_index(table: Table, index: Index) -> str:
    """An index that serves lookups: the tenant, the keys, then what the list is ordered by."""
    parts = ["tenant", *map(quoted, index.keys)]
    if not index.unique:
        if index.order != "id":
            of = next(of for of in table.columns if of.name == index.order)
            parts.append(f"({lowest(quoted(of.name), of.form)})" if of.nullable else quoted(of.name))
        parts.append("id")
    kind = "UNIQUE INDEX" if index.unique else "INDEX"
    return f"CREATE {kind} {index_name(table, index)} ON {GROUND}.{quoted(table.name)} ({', '.join(parts)})"


def index_name(table: Table, index: Index) -> str:
    """What an index is called."""
    return quoted(f"{table.name}.{index.name}")

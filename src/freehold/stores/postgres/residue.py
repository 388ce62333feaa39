"""What still names a tenant in a PostgreSQL database, wherever that is: looked for in what the server says there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from freehold.stores.postgres.grounds import schema_of, short
from freehold.stores.postgres.names import Statement, quoted
from freehold.stores.postgres.snapshot import sent
from freehold.stores.postgres.wire import Row, Value

Ask = Callable[[Statement, Sequence[Value]], list[Row]]

TABLES = Statement(b"""SELECT relname, relnamespace::regnamespace::text FROM pg_class
WHERE relnamespace::regnamespace::text = ANY (ARRAY['freehold', 'freehold_pool', 'freehold_platform'])
AND relkind = 'r' ORDER BY 2, 1""")
SCHEMAS = Statement(b"SELECT count(*) FROM pg_namespace WHERE nspname = $1::text")
ROLES = Statement(b"SELECT count(*) FROM pg_roles WHERE rolname = $1::text")

PLATFORMS_CHAIN = ("freehold_audit", "freehold_platform")
"""Keeps what it has noted."""


def residue(ask: Ask, tenant: str, role: str) -> Mapping[str, int]:
    """Everything that still names a tenant, and how often. `ask` runs as the owner of all tables."""
    found = {
        f"schema {schema_of(tenant)}": _count(ask(SCHEMAS, sent([schema_of(tenant)]))),
        f"role {role}": _count(ask(ROLES, sent([role]))),
    }
    for table, schema in ask(TABLES, ()):
        if (table, schema) != PLATFORMS_CHAIN:
            found[f"{schema}.{table}"] = _count(ask(_search(str(schema), str(table)), sent([tenant, short(tenant)])))
    return {place: count for place, count in found.items() if count}


def _search(schema: str, table: str) -> Statement:
    """Rows of the tenant in the pool, which go by their key; and elsewhere rows with its id anywhere in them."""
    rows = f"SELECT count(*) FROM {quoted(schema)}.{quoted(table)} AS one"
    if schema == "freehold_pool":
        return Statement(f"{rows} WHERE tenant = $1::uuid AND $2::text <> ''".encode())
    return Statement(f"{rows} WHERE strpos(one::text, $1::text) > 0 OR strpos(one::text, $2::text) > 0".encode())


def _count(rows: list[Row]) -> int:
    return int(str(rows[0][0]))

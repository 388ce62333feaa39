"""Which index serves a lookup, as a PostgreSQL server plans it: on the model's tables, with rows in them.

Where there is nothing, all indexes cost the same, and the server takes any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from freehold.cli.indexes import ANY, Served
from freehold.model.lookup import Lookup
from freehold.model.model import Model
from freehold.runtime.ports import Span
from freehold.servers.postgres import LOGIN, PostgresServer
from freehold.stores.postgres.migrations import PostgresMigrations
from freehold.stores.postgres.names import GROUND, quoted
from freehold.stores.postgres.statements import Book
from freehold.stores.schema import schema_of

PLATFORM, POOL = SCHEMAS = ["freehold_platform", "freehold_pool"]
"""The one schema that is no tenant's, and the one many share: there each index has to begin with the tenant."""

HOLE = re.compile(r"\$\d+")
COLUMNS = """SELECT pg_get_indexdef(i.indexrelid, n, true) FROM pg_index i, generate_series(1, i.indnkeyatts) n
WHERE i.indexrelid = %s::regclass ORDER BY n"""

ROWS = 2_000
"""How many there are in each table."""

FEW = "('00000000-0000-7000-8000-' || lpad((random() * 30)::int::text, 12, '0'))::uuid"
VALUES = {
    "id": "gen_random_uuid()", "uuid": FEW, "text": "(random() * 30)::int::text", "bigint": "(random() * 1000)::bigint",
    "boolean": "random() < 0.5", "double precision": "random()", "numeric": "random()::numeric",
    "timestamp with time zone": "now() - random() * interval '90 days'", "date": "current_date - (random() * 90)::int",
    "bytea": "''::bytea", "json": "'[]'::json",
}  # fmt: skip
"""What stands in a column, by its type."""

TABLES = """SELECT c.oid::regclass::text, array_agg(a.attname::text ORDER BY a.attnum),
array_agg(format_type(a.atttypid, NULL) ORDER BY a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace = ANY (%s::regnamespace[]) GROUP BY c.oid"""
CHECKS = """SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname) FROM pg_constraint
WHERE contype = 'c' AND connamespace = ANY (%s::regnamespace[])"""


def planned(model: Model) -> Iterator[Served]:
    """How each of a model's lookups is served, with all the bounds it can have. Starts a server, and ends it."""
    with (
        TemporaryDirectory(prefix="freehold-") as folder,
        PostgresServer(Path(folder), settings=["fsync=off"]) as server,
    ):
        with PostgresMigrations(server.url, schema_of(model), login=LOGIN) as migrations:
            migrations.up()
        with psycopg.connect(server.url, autocommit=True) as connection:
            _fill(connection)
            connection.execute("SET enable_seqscan = off")
            for other in ("bitmapscan", "sort", "incremental_sort"):  # which cost little where there is little
                connection.execute(f"SET enable_{other} = off".encode())
            connection.execute("SET plan_cache_mode = force_generic_plan")
            yield from (_served(connection, Book(model), number, one) for number, one in enumerate(model.lookups))


def _fill(connection: psycopg.Connection) -> None:
    """Put rows into all tables: not such as an app would, but as many of every value as there may be."""
    connection.execute("SET session_replication_role = replica")  # no triggers, and so no foreign keys
    for (drop,) in connection.execute(CHECKS.encode(), [SCHEMAS]).fetchall():
        connection.execute(drop.encode())
    for table, names, types in connection.execute(TABLES.encode(), [SCHEMAS]).fetchall():
        kinds = ("id" if name == "id" else kind for name, kind in zip(names, types, strict=True))
        values = ", ".join(VALUES[kind] for kind in kinds)
        columns = ", ".join(map(quoted, names))
        rows = f"SELECT {values} FROM generate_series(1, {ROWS})"  # noqa: S608  # all of it is ours
        connection.execute(f"INSERT INTO {table} ({columns}) {rows} ON CONFLICT DO NOTHING".encode())
    connection.execute("ANALYZE")


def _served(connection: psycopg.Connection, book: Book, number: int, pattern: Lookup) -> Served:
    bound = ANY if pattern.span else None
    text = book.listings[pattern].template([ANY] * len(pattern.keys), Span(1, bound, bound)).text
    schema = PLATFORM if pattern.entity.facts.platform else POOL
    nulls = ", ".join(["NULL"] * len(set(HOLE.findall(text))))
    connection.execute(f"PREPARE lookup_{number} AS {text.replace(GROUND, quoted(schema))}".encode())
    row = connection.execute(f"EXPLAIN (FORMAT JSON) EXECUTE lookup_{number} ({nulls})".encode()).fetchone()
    nodes = list(_nodes(row[0][0]["Plan"])) if row else []
    lines = tuple(_line(node) for node in nodes)
    found = next((node for node in nodes if "Index Name" in node), None)
    if found is None:
        return Served(pattern, "", (), lines)
    index, condition = str(found["Index Name"]), str(found.get("Index Cond", ""))
    columns = [str(row[0]) for row in connection.execute(COLUMNS.encode(), [f"{quoted(schema)}.{quoted(index)}"])]
    return Served(pattern, index, tuple(_searched(columns, condition)), lines)


def _searched(columns: list[str], condition: str) -> Iterator[str]:
    """What is searched by, in the index's order. A column that values are only compared with is part of a range."""
    for column in columns:
        if f"({column} = " in condition:
            yield f"{column}=?"
        elif f"({column} " in condition:
            yield f"{column}>?"


def _nodes(plan: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    yield plan
    below = plan.get("Plans")
    for node in below if isinstance(below, list) else ():
        yield from _nodes(node)


def _line(node: Mapping[str, object]) -> str:
    """A node of the plan in one line, as EXPLAIN writes it."""
    index = f" using {node['Index Name']}" if "Index Name" in node else ""
    table = f" on {node['Relation Name']}" if "Relation Name" in node else ""
    return f"{node['Node Type']}{index}{table}"

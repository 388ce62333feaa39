"""freehold's side of `bench fleet`: makes a fleet of tenants, or migrates it, in a process of its own.

python -m bench.own_fleet URL make|migrate COLUMNS [TENANTS]
"""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg

from bench.apps.freehold_tasks import app
from bench.calls import tenant_name
from freehold.stores.migrate import Stage
from freehold.stores.postgres.migrations import PostgresMigrations
from freehold.stores.schema import Column, Schema, schema_of
from freehold.wiring import complete

MAKERS = 4


def wanted(columns: int) -> Schema:
    """Return the schema of the bench's app, with so many columns more in its tasks."""
    schema = schema_of(complete(app))
    task = schema.tables["task"]
    like = next(column for column in task.columns if column.name == "title")
    added = [
        Column.model_validate({**like.model_dump(), "name": f"added_{number}", "nullable": True})
        for number in range(columns)
    ]
    grown = task.model_copy(update={"columns": (*task.columns, *added)})
    return schema.model_copy(update={"tables": {**schema.tables, "task": grown}})


def make(url: str, tenants: int) -> None:
    """Make their grounds."""

    def some(first: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for number in range(first, tenants, MAKERS):
                connection.execute("SELECT freehold.make_ground(%s, 'schema')", [tenant_name(number)])

    with ThreadPoolExecutor(MAKERS) as threads:
        list(threads.map(some, range(MAKERS)))


def main(url: str, what: str, columns: str, tenants: str = "0") -> None:
    """Do one thing, and print how long it took and what memory it needed at a quarter of it and at the end."""
    schema, memory = wanted(int(columns)), [0]

    def note(_: Stage) -> None:
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    begun = time.perf_counter()
    with PostgresMigrations(url, schema) as migrations:
        migrations.up(progress=note)
    if what == "make":
        make(url, int(tenants))
    took = time.perf_counter() - begun
    found = {"seconds": took, "quarter": memory[len(memory) // 4], "kilobytes": max(memory)}
    found["kilobytes"] = found["kilobytes"] or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

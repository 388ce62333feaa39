"""bench postgres: a call of freehold's store for PostgreSQL against bare psycopg doing the same work, on one server."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import ours
from bench.calls import (
    PROJECTS,
    TASKS,
    Crowd,
    Works,
    adds,
    compared,
    ids_of,
    new_id,
    pages,
    reads,
    tenant_name,
)  # fmt: skip
from bench.ground import PAGE, task
from bench.ours import StoreSide
from bench.process import WORK, CannotRun
from bench.stacks import Settings
from bench.store import COLUMNS, Task
from bench.table import Report

THREADS = 16
PEOPLE = 10
"""Of a tenant."""
SCHEMA = """
CREATE TABLE task (
  tenant uuid NOT NULL, id uuid NOT NULL, version bigint NOT NULL, created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL, title text NOT NULL, description text NOT NULL, status text NOT NULL,
  priority text NOT NULL, assignee uuid NOT NULL, project uuid NOT NULL, PRIMARY KEY (tenant, id));
CREATE INDEX task_of_project ON task (tenant, project, id);
GRANT SELECT, INSERT, UPDATE, DELETE ON task TO freehold;
GRANT SELECT, INSERT, UPDATE, DELETE ON task TO bench_tenant;
GRANT bench_tenant TO freehold;
"""
BESIDES = """
CREATE TABLE project (tenant uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant, id));
CREATE TABLE member (tenant uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant, id));
CREATE TABLE note (tenant uuid NOT NULL, number bigint NOT NULL, text text NOT NULL, before text NOT NULL,
  hash text NOT NULL, PRIMARY KEY (tenant, number));
GRANT SELECT, INSERT, UPDATE ON project, member, note TO bench_tenant;
"""
THERE = "SELECT 1 FROM {} WHERE tenant = %s AND id = %s FOR KEY SHARE"
LINK = """
INSERT INTO note (tenant, number, text, before, hash)
SELECT %(tenant)s, number + 1, %(text)s::text, hash,
       encode(sha256(convert_to((number + 1) || E'\\n' || hash || E'\\n' || %(text)s::text, 'UTF8')), 'hex')
FROM ((SELECT number, hash FROM note WHERE tenant = %(tenant)s ORDER BY number DESC LIMIT 1)
      UNION ALL SELECT 0, repeat('0', 64) ORDER BY number DESC LIMIT 1) AS tip
"""
READ = COLUMNS.replace("id,", "id::text,", 1).replace("assignee, project", "assignee::text, project::text")
GET = f"SELECT {READ} FROM task WHERE tenant = %s AND id = %s"
LIST = f"SELECT {READ} FROM task WHERE tenant = %s AND project = %s ORDER BY id DESC LIMIT {PAGE}"
ADD = f"INSERT INTO task (tenant, {COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


class Bare:
    """psycopg alone, a connection a thread: one statement in autocommit mode."""

    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415  # the other benches do without

        self.connect: Callable[[], Any] = lambda: psycopg.connect(url, autocommit=True)
        self.local = threading.local()
        self.opened: list[Any] = []

    def connection(self) -> Any:
        """Return this thread's connection."""
        if not hasattr(self.local, "connection"):
            self.local.connection = self.connect()
            self.opened.append(self.local.connection)
        return self.local.connection

    def asked(self, query: str, values: Sequence[object]) -> list[Any]:
        """Return the rows that a statement finds."""
        return self.connection().execute(query, values).fetchall()

    def get(self, tenant: str, task: str) -> object:
        """Return one task as an object."""
        return Task(*self.asked(GET, (tenant, task))[0])

    def first_page(self, tenant: str, project: str) -> list[object]:
        """Return the newest tasks of a project as objects."""
        return [Task(*row) for row in self.asked(LIST, (tenant, project))]

    def add(self, tenant: str, project: str, number: int) -> str:
        """Add one task in a transaction of its own."""
        id, stamp = new_id(), datetime.now(UTC)
        values = task(number, project=project, assignee=project).values()
        self.wrote(ADD, (tenant, id, 1, stamp, stamp, *values))
        return id

    def wrote(self, query: str, values: Sequence[object]) -> None:
        """Run a statement that finds nothing."""
        self.connection().execute(query, values)

    def close(self) -> None:
        """Close every thread's connection."""
        for connection in self.opened:
            connection.close()


class Guarded(Bare):
    """The same work as freehold's layer 4: BEGIN; SET LOCAL ROLE; the statement; COMMIT, in psycopg's pipeline mode."""

    def asked(self, query: str, values: Sequence[object]) -> list[Any]:
        """Return the rows that a statement finds."""
        connection = self.connection()
        with connection.pipeline():
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.execute("SET LOCAL ROLE bench_tenant")
            cursor = connection.execute(query, values)
            connection.execute("COMMIT")
            return cursor.fetchall()

    def wrote(self, query: str, values: Sequence[object]) -> None:
        """Run a statement that finds nothing."""
        connection = self.connection()
        with connection.pipeline():
            connection.execute("BEGIN")
            connection.execute("SET LOCAL ROLE bench_tenant")
            connection.execute(query, values)
            connection.execute("COMMIT")


class InTurn(Guarded):
    """The same without a pipeline, as most programs do it: four exchanges."""

    def asked(self, query: str, values: Sequence[object]) -> list[Any]:
        """Return the rows that a statement finds."""
        connection = self.connection()
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL ROLE bench_tenant")
        found = connection.execute(query, values).fetchall()
        connection.execute("COMMIT")
        return found

    def wrote(self, query: str, values: Sequence[object]) -> None:
        """Run a statement that finds nothing."""
        connection = self.connection()
        connection.execute("BEGIN")
        connection.execute("SET LOCAL ROLE bench_tenant")
        connection.execute(query, values)
        connection.execute("COMMIT")


class SameWork(Guarded):
    """By hand, what freehold's add does besides: checks what a task refers to, and keeps a chain of notes."""

    def add(self, tenant: str, project: str, number: int) -> str:
        """Add one task in a transaction of its own, in one exchange."""
        id, stamp, person = new_id(), datetime.now(UTC), ids_of(3, 0, 1)[0]
        values = task(number, project=project, assignee=person).values()
        note = json.dumps(
            {"actor": person, "at": stamp.isoformat(), "case": "create_task", "on": [["add", "Task", id, 1]]}
        )
        connection = self.connection()
        with connection.pipeline():
            connection.execute("BEGIN")
            connection.execute("SET LOCAL ROLE bench_tenant")
            connection.execute(ADD, (tenant, id, 1, stamp, stamp, *values))
            there = [connection.execute(THERE.format("project"), (tenant, project))]
            there.append(connection.execute(THERE.format("member"), (tenant, person)))
            connection.execute("SELECT pg_advisory_xact_lock(1)")
            connection.execute(LINK, {"tenant": tenant, "text": note})
            connection.execute("COMMIT")
            if not all(found.fetchone() for found in there):
                raise CannotRun("what a task refers to is not there")
        return id


class InSchemas(Guarded):
    """The same with tables of its own for each tenant, in a schema that every statement names."""

    def asked(self, query: str, values: Sequence[object]) -> list[Any]:
        """Return the rows that a statement finds."""
        return super().asked(query.replace("FROM task", f'FROM "{values[0]}".task'), values)


def fill(url: str, tenants: int, tasks: int, *, apart: bool = False) -> None:
    """Make the bare tables, and write tasks, spread evenly over tenants: those of each lie `apart`, or all together."""
    import psycopg  # noqa: PLC0415  # the other benches do without

    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'bench_tenant'").fetchone():
            connection.execute("CREATE ROLE bench_tenant")
        if not apart:
            connection.execute(SCHEMA + BESIDES)
        for tenant in range(tenants):
            if apart:
                name = f'"{tenant_name(tenant)}"'
                connection.execute(f"CREATE SCHEMA {name}; SET search_path TO {name};{SCHEMA}{BESIDES}")
                connection.execute(f"GRANT USAGE ON SCHEMA {name} TO bench_tenant")
            for table, rows in contents(tenant, tasks // tenants).items():
                with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row((tenant_name(tenant), *row))
        connection.execute("VACUUM ANALYZE")


def contents(tenant: int, tasks: int) -> dict[str, Iterator[tuple[object, ...]]]:
    """Return the rows of each table that a tenant begins with."""
    projects, people, stamp = ids_of(2, tenant, PROJECTS), ids_of(3, tenant, PEOPLE), datetime.now(UTC)
    return {
        "project": ((id,) for id in projects),
        "member": ((id,) for id in people),
        f"task (tenant, {COLUMNS})": (
            (id, 1, stamp, stamp, *task(n, project=projects[n % PROJECTS], assignee=people[n % PEOPLE]).values())
            for n, id in enumerate(ids_of(1, tenant, tasks))
        ),
    }


def works(crowd: Crowd) -> Works:
    """Return each kind of work, and how often it is done in a round."""
    return {
        "get by id": (reads, 2_000),
        "list 50": (pages, 400),
        "add, durable": (adds, 150),
        f"add, durable, {THREADS} threads": (crowd.adds, 480),
    }


@contextmanager
def server(name: str) -> Iterator[Any]:
    """Start a server of the bench's own, as `freehold dev` does."""
    ours.cli()  # which also starts the server
    from freehold.servers.postgres import PostgresServer  # noqa: PLC0415  # asked for above

    folder = Path("/tmp/freehold-bench") / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    with PostgresServer(folder, settings=["shared_buffers=256MB"]) as started:
        yield started
    shutil.rmtree(folder, ignore_errors=True)


def sides(started: Any) -> dict[str, StoreSide]:
    """Open every side on the same server, with the same tasks."""
    fill(started.url, 1, TASKS)
    opened: dict[str, StoreSide] = {
        "psycopg, autocommit": Bare(started.serving_url),
        "psycopg, 4 exchanges": InTurn(started.serving_url),
        "psycopg, pipeline": Guarded(started.serving_url),
        "psycopg, same work": SameWork(started.serving_url),
    }
    for name, tier in (("freehold, schema", "schema"), ("freehold, pool", "pool")):
        opened[name] = grown(started, name.replace(", ", "-"), tier, 1, TASKS)
    return opened


def grown(started: Any, name: str, tier: str, tenants: int, tasks: int) -> Any:
    """Fill freehold's side, in a database of its own."""
    import psycopg  # noqa: PLC0415  # the other benches do without

    folder = WORK / "postgres" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    urls = database(started, name)
    side = ours.part("own_postgres").PostgresSide(folder, *urls, tier)
    side.fill(tenants, tasks)
    with psycopg.connect(urls[0], autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return side


def grown_by_hand(started: Any, tier: str, tenants: int, tasks: int) -> Guarded:
    """Fill psycopg's side, in a database of its own."""
    owner_url, url = database(started, f"by-hand-{tier}-{tasks}")
    fill(owner_url, tenants, tasks, apart=tier == "schema")
    return InSchemas(url) if tier == "schema" else Guarded(url)


def database(started: Any, name: str) -> list[str]:
    """Make a database, and return how its owner gets to it, and how who serves does."""
    import psycopg  # noqa: PLC0415  # the other benches do without

    name = name.replace("-", "_")
    with psycopg.connect(started.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return [url.replace("/postgres?", f"/{name}?") for url in (started.url, started.serving_url)]


def run(settings: Settings) -> Report:
    """Time every kind of work on every side, in interleaved rounds."""
    with server("postgres") as started:
        import psycopg  # noqa: PLC0415  # the other benches do without

        with psycopg.connect(started.url) as connection:
            version = connection.info.parameter_status("server_version") or ""
        report = Report("postgres", {"PostgreSQL": version, "psycopg": psycopg.__version__})
        rounds = 3 if settings.quick else 9
        opened, crowd = sides(started), Crowd(THREADS)
        report.tables.append(compared(opened, works(crowd), rounds, 4 if settings.quick else 1, report))
        crowd.close()
        for side in opened.values():
            side.close()
    report.notes.append(f"{rounds} rounds; medians, with min-max; every side makes objects of its rows")
    report.notes.append(
        "same work: in one pipeline, with references checked and a chain of notes; the others have neither"
    )
    return report

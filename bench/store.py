"""bench store: a call of freehold's store against the bare `sqlite3` module doing the same work, in one process."""

import hashlib
import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

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
from bench.table import Report

SCHEMA = """
CREATE TABLE task (
  tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  title TEXT NOT NULL, description TEXT NOT NULL, status TEXT NOT NULL, priority TEXT NOT NULL,
  assignee TEXT NOT NULL, project TEXT NOT NULL, PRIMARY KEY (tenant, id)) WITHOUT ROWID
"""
INDEX = "CREATE INDEX task_of_project ON task (tenant, project, id)"
COLUMNS = "id, version, created_at, updated_at, title, description, status, priority, assignee, project"
GET = f"SELECT {COLUMNS} FROM task WHERE tenant = ? AND id = ?"
LIST = f"SELECT {COLUMNS} FROM task WHERE tenant = ? AND project = ? ORDER BY id DESC LIMIT {PAGE}"
ADD = f"INSERT INTO task (tenant, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
BESIDES = """
CREATE TABLE project (tenant TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (tenant, id)) WITHOUT ROWID;
CREATE TABLE member (tenant TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (tenant, id)) WITHOUT ROWID;
CREATE TABLE note (tenant TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL, before TEXT NOT NULL,
  hash TEXT NOT NULL, PRIMARY KEY (tenant, number)) WITHOUT ROWID;
"""
THERE = "SELECT 1 FROM {} WHERE tenant = ? AND id = ?"
TIP = "SELECT number, hash FROM note WHERE tenant = ? ORDER BY number DESC LIMIT 1"
LINK = "INSERT INTO note (tenant, number, text, before, hash) VALUES (?, ?, ?, ?, ?)"
Row = Sequence[Any]  # the columns, in their order


@dataclass(slots=True)
class Task:
    """What a careful person makes of a row by hand."""

    id: str
    version: int
    created_at: datetime
    updated_at: datetime
    title: str
    description: str
    status: Literal["todo", "doing", "done"]
    priority: Literal["low", "normal", "high"]
    assignee: str
    project: str


def plain(row: Row) -> Task:
    """Make an object of a row, by hand."""
    return Task(row[0], row[1], datetime.fromisoformat(row[2]), datetime.fromisoformat(row[3]), *row[4:])


def validated() -> Callable[[Row], object]:
    """Return what makes a validated Pydantic model of a row, or raise `CannotRun` where there is no Pydantic."""
    try:
        from pydantic import BaseModel  # noqa: PLC0415  # the bench itself needs the standard library alone
    except ImportError as error:
        raise CannotRun("pydantic is not installed in this environment") from error

    class Validated(BaseModel):
        id: str
        version: int
        created_at: datetime
        updated_at: datetime
        title: str
        description: str
        status: Literal["todo", "doing", "done"]
        priority: Literal["low", "normal", "high"]
        assignee: str
        project: str

    names = COLUMNS.split(", ")
    return lambda row: Validated(**dict(zip(names, row, strict=True)))


class Bare:
    """The same work with `sqlite3` alone: a connection a thread, WAL, `synchronous=FULL`, BEGIN IMMEDIATE."""

    def __init__(
        self, folder: Path, make: Callable[[Row], object] = plain, turn: AbstractContextManager[object] | None = None
    ) -> None:
        self.file = folder / "bare.db"
        self.make = make
        self.turn = turn or nullcontext()
        self.local = threading.local()
        self.opened: list[sqlite3.Connection] = []

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        if not hasattr(self.local, "connection"):
            fresh = sqlite3.connect(self.file, timeout=60, isolation_level=None, check_same_thread=False)
            fresh.execute("PRAGMA journal_mode=WAL")
            fresh.execute("PRAGMA synchronous=FULL")
            self.local.connection = fresh
            self.opened.append(fresh)
        return self.local.connection

    def fill(self, tenants: int, tasks: int) -> None:
        """Write all tasks, spread evenly, a transaction a tenant."""
        connection = self.connection()
        connection.execute(SCHEMA)
        connection.execute(INDEX)
        stamp = datetime.now(UTC).isoformat()
        for tenant in range(tenants):
            places, people = ids_of(2, tenant, PROJECTS), ids_of(3, tenant, 10)
            rows = []
            for number, id in enumerate(ids_of(1, tenant, tasks // tenants)):
                one = task(number, project=places[number % PROJECTS], assignee=people[number % 10])
                rows.append((tenant_name(tenant), id, 1, stamp, stamp, *one.values()))
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(ADD, rows)
            connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def get(self, tenant: str, task: str) -> object:
        """Return one task as an object."""
        return self.make(self.connection().execute(GET, (tenant, task)).fetchone())

    def first_page(self, tenant: str, project: str) -> list[object]:
        """Return the newest tasks of a project as objects."""
        return [self.make(row) for row in self.connection().execute(LIST, (tenant, project))]

    def add(self, tenant: str, project: str, number: int) -> str:
        """Add one task in a transaction of its own."""
        id, stamp = new_id(), datetime.now(UTC).isoformat()
        values = task(number, project=project, assignee=project).values()
        self.make((id, 1, stamp, stamp, *values))
        connection = self.connection()
        with self.turn:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(ADD, (tenant, id, 1, stamp, stamp, *values))
            connection.execute("COMMIT")
        return id

    def close(self) -> None:
        """Close every thread's connection."""
        for connection in self.opened:
            connection.close()


class SameWork(Bare):
    """By hand, what freehold does: reads in a transaction, checks what a task refers to, keeps a chain of notes."""

    def fill(self, tenants: int, tasks: int) -> None:
        """Write all tasks, and what they refer to."""
        super().fill(tenants, tasks)
        connection = self.connection()
        connection.executescript(BESIDES)
        for tenant in range(tenants):
            for table, kind, count in (("project", 2, PROJECTS), ("member", 3, 10)):
                rows = [(tenant_name(tenant), id) for id in ids_of(kind, tenant, count)]
                connection.executemany(f"INSERT INTO {table} (tenant, id) VALUES (?, ?)", rows)

    def get(self, tenant: str, task: str) -> object:
        """Return one task as an object, as it was when the transaction began."""
        connection = self.connection()
        connection.execute("BEGIN")
        found = super().get(tenant, task)
        connection.execute("ROLLBACK")
        return found

    def first_page(self, tenant: str, project: str) -> list[object]:
        """Return the newest tasks of a project, as they were when the transaction began."""
        connection = self.connection()
        connection.execute("BEGIN")
        found = super().first_page(tenant, project)
        connection.execute("ROLLBACK")
        return found

    def add(self, tenant: str, project: str, number: int) -> str:
        """Add one task, see that what it refers to is there, and note it in the chain, in one transaction."""
        id, stamp, person = new_id(), datetime.now(UTC).isoformat(), ids_of(3, 0, 1)[0]
        values = task(number, project=project, assignee=person).values()
        self.make((id, 1, stamp, stamp, *values))
        note = json.dumps({"actor": person, "at": stamp, "case": "create_task", "on": [["add", "Task", id, 1]]})
        connection = self.connection()
        with self.turn:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(ADD, (tenant, id, 1, stamp, stamp, *values))
            for table, other in (("project", project), ("member", person)):
                if connection.execute(THERE.format(table), (tenant, other)).fetchone() is None:
                    raise CannotRun(f"no {table} {other}")
            at, before = connection.execute(TIP, (tenant,)).fetchone() or (0, "0" * 64)
            link = hashlib.sha256(f"{at + 1}\n{before}\n{note}".encode()).hexdigest()
            connection.execute(LINK, (tenant, at + 1, note, before, link))
            connection.execute("COMMIT")
        return id


THREADS = 32


def works(crowd: Crowd) -> Works:
    """Return each kind of work, and how often it is done in a round."""
    return {
        "get by id": (reads, 10_000),
        "list 50": (pages, 500),
        "add, durable": (adds, 200),
        f"add, durable, {THREADS} threads": (crowd.adds, 640),
    }


def sides(report: Report) -> dict[str, StoreSide]:
    """Open every side that can be opened, each with a file of its own and the same tasks in it."""
    opened: dict[str, StoreSide] = {}
    makers: Sequence[tuple[str, Callable[[Path], StoreSide]]] = (
        ("sqlite3", lambda folder: filled(Bare(folder))),
        ("sqlite3, own lock", lambda folder: filled(Bare(folder, turn=threading.Lock()))),
        ("sqlite3 + pydantic", lambda folder: filled(Bare(folder, validated()))),
        ("same work by hand", lambda folder: filled(SameWork(folder, validated(), threading.Lock()))),
        ("freehold", lambda folder: ours.fill_store(folder, 1, TASKS)),
    )
    for name, make in makers:
        folder = WORK / "store" / name.replace(" ", "-")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            opened[name] = make(folder)
        except CannotRun as error:
            report.notes.append(f"**{name} is left out**: {error}")
    return opened


def filled(bare: Bare) -> Bare:
    """Fill a bare side with one tenant."""
    bare.fill(1, TASKS)
    return bare


def run(settings: Settings) -> Report:
    """Time every kind of work on every side, in interleaved rounds."""
    report = Report("store", {"SQLite": sqlite3.sqlite_version})
    rounds, part = (3, 2) if settings.quick else (11, 1)
    opened, crowd = sides(report), Crowd(THREADS)
    report.tables.append(compared(opened, works(crowd), rounds, part, report))
    crowd.close()
    for side in opened.values():
        side.close()
    report.notes.append(f"{rounds} rounds; medians, with min-max; every side makes objects of its rows")
    report.notes.append(
        "same work: sqlite3 + pydantic that reads in a transaction, checks references, and keeps a chain of notes"
    )
    return report

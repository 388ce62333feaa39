"""TeamFlow's tasks with FastAPI, SQLModel and SQLite, the way a good FastAPI engineer writes them.

`python -m bench.peers.fastapi_sqlmodel FOLDER` fills a store and prints its ground; uvicorn serves `app`.
"""

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import jwt
from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint, event
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, SQLModel, create_engine, select

from bench.ground import PROJECTS, TENANTS, USERS, seed_tasks
from bench.peers.tokens import Principal, Verifier, make_keys, mint

FOLDER = Path(os.environ["BENCH_DATA"])

# No limit on pooled connections: the thread pool (40 threads) is the limit. With fewer connections than threads,
# requests that hold one can wait for a thread that waits for one.
engine = create_engine(
    f"sqlite:///{FOLDER / 'tasks.db'}", pool_size=0, connect_args={"timeout": 30, "check_same_thread": False}
)

# SQLite takes one writer at a time. Waiting for a lock is fair and cheap; SQLite's own waiting is neither: without this
# line, 32 connections that create see a tenth fewer answers and a p95 six times as long.
WRITER = threading.Lock()


@event.listens_for(engine, "connect")
def durable(connection: sqlite3.Connection, _: object) -> None:
    """Acknowledged means on disk; references are checked by the database."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


class Person(SQLModel, table=True):
    """Somebody who works for a tenant."""

    __table_args__ = (UniqueConstraint("tenant_id", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    tenant_id: int
    name: str


class Project(SQLModel, table=True):
    """A project of a tenant."""

    __table_args__ = (UniqueConstraint("tenant_id", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    tenant_id: int
    name: str


class TaskCreate(SQLModel):
    """What a client sends."""

    title: str = Field(max_length=200)
    description: str = ""
    status: Literal["todo", "doing", "done"] = Field(default="todo", sa_type=String)
    priority: Literal["low", "normal", "high"] = Field(default="normal", sa_type=String)
    assignee: int
    project: int


class TaskRead(TaskCreate):
    """What a client gets."""

    id: int
    version: int
    created_at: datetime
    updated_at: datetime


class TaskPage(SQLModel):
    """Some tasks, and where the next ones begin."""

    items: list[TaskRead]
    next: int | None


class Task(TaskCreate, table=True):
    """A task as it is kept. The database refuses a project or a person of another tenant."""

    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project"], ["project.tenant_id", "project.id"]),
        ForeignKeyConstraint(["tenant_id", "assignee"], ["person.tenant_id", "person.id"]),
        Index("task_of_project", "tenant_id", "project", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    tenant_id: int
    version: int = 1
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


bearer = HTTPBearer(auto_error=False)


def verifier() -> Verifier:
    """Read the key when the first request comes."""
    if not hasattr(app.state, "verifier"):
        app.state.verifier = Verifier(FOLDER)
    return app.state.verifier


async def current_member(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Principal:
    """Verify the token. It waits for nothing, so it is async and costs no thread."""
    try:
        me = verifier().principal(credentials.credentials if credentials else "")
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "Not signed in.", {"WWW-Authenticate": "Bearer"}) from error
    if me.role not in {"member", "owner"}:
        raise HTTPException(403, "Not allowed.")
    return me


def get_session() -> Iterator[Session]:
    """Open a session for one request."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


Me = Annotated[Principal, Depends(current_member)]
Database = Annotated[Session, Depends(get_session)]
app = FastAPI(title="tasks")


@app.post("/api/v1/tasks", status_code=201, response_model=TaskRead)
def create_task(body: TaskCreate, session: Database, me: Me) -> Task:
    """Create a task."""
    task = Task(tenant_id=me.tenant, **body.model_dump())
    session.add(task)
    try:
        with WRITER:
            session.commit()
    except IntegrityError as error:
        raise HTTPException(422, "No such project or person.") from error
    return task


@app.get("/api/v1/tasks/{id}", response_model=TaskRead)
def get_task(id: int, session: Database, me: Me) -> Task:
    """Return a task of the caller's tenant."""
    task = session.exec(select(Task).where(Task.tenant_id == me.tenant, Task.id == id)).first()
    if task is None:
        raise HTTPException(404, "No such task.")
    return task


@app.get("/api/v1/projects/{project}/tasks", response_model=TaskPage)
def list_tasks(
    project: int,
    session: Database,
    me: Me,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: int | None = None,
) -> dict[str, object]:
    """List a project's tasks, newest first."""
    query = select(Task).where(Task.tenant_id == me.tenant, Task.project == project)
    if before is not None:
        query = query.where(Task.id < before)
    found = session.exec(query.order_by(Task.id.desc()).limit(limit + 1)).all()
    return {"items": found[:limit], "next": found[limit - 1].id if len(found) > limit else None}


def seed() -> None:
    """Fill the store, and print the ground."""
    SQLModel.metadata.create_all(engine)
    key = make_keys(FOLDER)
    ground = {}
    with Session(engine, expire_on_commit=False) as session:
        for tenant, name in enumerate(TENANTS, start=1):
            people = [Person(tenant_id=tenant, name=f"Person {n}") for n in range(USERS)]
            projects = [Project(tenant_id=tenant, name=f"Project {n}") for n in range(PROJECTS)]
            session.add_all([*people, *projects])
            session.flush()
            users, places = [one.id for one in people], [one.id for one in projects]
            tasks = [Task(tenant_id=tenant, **fields) for fields in seed_tasks(places, users)]
            session.add_all(tasks)
            session.commit()
            ids = {"users": users, "projects": places, "tasks": [one.id for one in tasks]}
            ground[name] = {"token": mint(key, tenant=tenant, user=users[0]), **ids}
    json.dump(ground, sys.stdout)


if __name__ == "__main__":
    seed()

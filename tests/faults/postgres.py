"""A PostgreSQL server to be hurt, a store on it, and ways to hurt it."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg

from freehold.runtime.failures import Overloaded
from freehold.servers.postgres import LOGIN, PostgresServer
from freehold.stores.postgres import Postgres
from freehold.stores.postgres.migrations import PostgresMigrations
from freehold.stores.schema import schema_of
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import SUBJECTS

R = TypeVar("R")
ENOUGH = 60.0
"""Seconds after which something hangs. No test looks at how long anything took."""
DEADLINE = 0.5


@contextmanager
def running(folder: Path, *settings: str) -> Iterator[PostgresServer]:
    """A server that has been migrated to the contract's model."""
    with PostgresServer(folder, settings=["fsync=off", *settings]) as server:
        with PostgresMigrations(server.url, schema_of(SUBJECTS), login=LOGIN) as migrations:
            migrations.up()
        yield server


@contextmanager
def staged(url: str, *, size: int = 8, wait: float = 2.0, deadline: float = DEADLINE) -> Iterator[Stage]:
    """A store that soon gives up."""
    stage = Stage(lambda model: Postgres(model, url, size=size, wait=wait, deadline=deadline))
    try:
        yield stage
    finally:
        stage.database.close()


def owner(server: PostgresServer) -> psycopg.Connection:
    """A connection past the store, of who may do everything."""
    return psycopg.connect(server.url, autocommit=True)


def table_on(tenant: str, kind: str) -> str:
    """The table of a kind of the contract's, on a tenant's ground."""
    return f"t_{tenant.replace('-', '')}.freehold_{kind}"


def backends(server: PostgresServer) -> list[int]:
    """The server's processes that serve the app."""
    with owner(server) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE usename = %s"
        return [pid for (pid,) in connection.execute(query, [LOGIN])]


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """Processes that do nothing, for a block."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def in_time(work: Callable[[], R]) -> R:
    """What `work` gives, unless it hangs."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result(ENOUGH)


def until_it_works(work: Callable[[], R], most: int = 1_000_000) -> tuple[R, list[str]]:
    """What `work` gives in the end, and the codes of the 503s before that: no other failure may come."""
    codes: list[str] = []
    for _ in range(most):
        try:
            return work(), codes
        except Overloaded as error:
            codes.append(error.code if error.retry_after else "no Retry-After")
    raise AssertionError(f"it never worked: {codes[-5:]}")

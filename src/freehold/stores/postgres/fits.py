"""Whether a database can be reached, is one of freehold's, and has what a program needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict

from freehold.model.finding import Finding, ModelError, Place
from freehold.stores.migrate import UP, suffices
from freehold.stores.schema import Schema

NEWEST = "SELECT after::text FROM freehold.migration WHERE NOT undone ORDER BY number DESC LIMIT 1"


def check_fits(url: str, wanted: Schema) -> str:
    """What the installation is called. Raises `ModelError`: FH303 for pending migrations, FH306 for no database."""
    place = place_of(url)
    with connected(url) as connection, answering(place):
        name = installation(connection)
        if name is None:
            raise ModelError([Finding("FH303", place, "there is no database of freehold's yet", UP)])
        present = present_schema(connection)
        lacking = list(suffices(present, wanted)) if present else None
    if lacking is None:
        raise ModelError([Finding("FH303", place, "nothing was migrated yet", UP)])
    if lacking:
        raise ModelError(Finding("FH303", place, f"the database is behind the model: {step}", UP) for step in lacking)
    return name


def installation(connection: psycopg.Connection) -> str | None:
    """What freehold's installation in a database is called; None where there is none."""
    there = _one(connection, "SELECT to_regclass('freehold.installation') IS NOT NULL")
    name = _one(connection, "SELECT id FROM freehold.installation") if there else None
    return None if name is None else str(name)


def present_schema(connection: psycopg.Connection) -> Schema | None:
    """The schema that the newest migration leads to, if there was one."""
    text = _one(connection, NEWEST)
    return Schema.model_validate_json(str(text)) if text else None


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit mode, for a block. Raises `ModelError` (FH306) when none can be had."""
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        fix = "see that the server runs, and that FREEHOLD_DATABASE_URL is right: postgresql://user@host:5432/name"
        message = f"the database cannot be reached: {str(error).strip()}"
        raise ModelError([Finding("FH306", place_of(url), message, fix)]) from error
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def answering(place: Place) -> Iterator[None]:
    """A block in which a server may refuse something, or go away. Raises `ModelError` (FH306) when it does."""
    try:
        yield
    except psycopg.Error as error:
        fix = "put that right, then run the same command again: it goes on where this one ended"
        raise ModelError([Finding("FH306", place, f"the database did not do it: {str(error).strip()}", fix)]) from error


def place_of(url: str) -> Place:
    """Which database that is, without who may enter it."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return Place("FREEHOLD_DATABASE_URL", 0)
    return Place(f"{parts.get('host', 'localhost')}/{parts.get('dbname', parts.get('user', ''))}", 0)


def _one(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None

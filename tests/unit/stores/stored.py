"""Stores in files, as tests want them."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from freehold.model.data import Entity
from freehold.model.lookup import lookups_of
from freehold.model.model import Model, table_of
from freehold.runtime.ports import Verb
from freehold.runtime.scope import Scope
from freehold.stores.schema import schema_of
from freehold.stores.sqlite import Sqlite
from freehold.stores.sqlite.connection import Connection
from freehold.stores.sqlite.migrations import SqliteMigrations
from freehold.testing.contract.stage import changes


def model_of(*kinds: type) -> Model:
    """A model of these entities, and of the stores among these types."""
    entities = [kind for kind in kinds if issubclass(kind, Entity)]
    lookups = [pattern for kind in kinds if not issubclass(kind, Entity) for pattern in lookups_of(kind)]
    return Model("test", (), None, {}, {table_of(kind): kind for kind in entities}, tuple(lookups), {})


def migrated(model: Model, file: str, *, patience: float = 5.0, breaking: bool = False) -> Sqlite:
    """A store whose file has been brought to the model."""
    with SqliteMigrations(file, schema_of(model), patience=patience) as migrations:
        migrations.up(breaking=breaking)
    return Sqlite(model, file, patience=patience)


@contextmanager
def reading(database: Sqlite, ground: str | None) -> Iterator[Connection]:
    """A connection as calls read through, bound to a ground."""
    connection = database._readers.take(ground)
    try:
        yield connection
    finally:
        database._readers.give_back(connection)


def add(database: Sqlite, tenant: str, *entities: Entity) -> None:
    """Keep entities as they are, in version 1."""
    with Scope(tenant) as scope:
        database.commit([changes(scope, Verb.ADD, *entities)])


def rows(file: str, query: str) -> list[tuple[object, ...]]:
    """What is in a file, past the store."""
    connection = sqlite3.connect(file)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def shape(file: str) -> dict[str, object]:
    """The tables of a file, their columns, keys and indexes, whatever the order and wording they were made with."""
    tables = [str(name) for (name,) in rows(file, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    found: dict[str, object] = {
        name: (
            {column[1:6] for column in rows(file, f"PRAGMA table_info('{name}')")},
            {key[2:7] for key in rows(file, f"PRAGMA foreign_key_list('{name}')")},
            rows(file, f"SELECT strict FROM pragma_table_list('{name}')"),
        )
        for name in tables
    }
    indexes = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"
    return {**found, **{str(name): sql for name, sql in rows(file, indexes)}}

"""Stores in files, as tests want them."""

from collections.abc import Iterator
from contextlib import contextmanager

from freehold.model.data import Entity
from freehold.model.lookup import lookups_of
from freehold.model.model import Model, table_of
from freehold.stores.schema import schema_of
from freehold.stores.sqlite import Sqlite
from freehold.stores.sqlite.connection import Connection
from freehold.stores.sqlite.migrations import Migrations


def model_of(*kinds: type) -> Model:
    """A model of these entities, and of the stores among these types."""
    entities = [kind for kind in kinds if issubclass(kind, Entity)]
    lookups = [pattern for kind in kinds if not issubclass(kind, Entity) for pattern in lookups_of(kind)]
    return Model("test", (), None, {}, {table_of(kind): kind for kind in entities}, tuple(lookups), {})


def migrated(model: Model, file: str, *, patience: float = 5.0, breaking: bool = False) -> Sqlite:
    """A store whose file has been brought to the model."""
    with Migrations(file, schema_of(model), patience=patience) as migrations:
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

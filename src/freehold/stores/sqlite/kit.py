"""The embedded store, as settings choose it."""

from __future__ import annotations

from pathlib import Path

from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.settings import Settings
from freehold.stores.estate import Estate
from freehold.stores.migrate import Migrations
from freehold.stores.schema import schema_of
from freehold.stores.sqlite.database import Sqlite
from freehold.stores.sqlite.estate import SqliteEstate
from freehold.stores.sqlite.migrations import SqliteMigrations


def opened(model: Model, settings: Settings) -> Database:
    """See `Kit.opened`."""
    return Sqlite(model, settings.database_file)


def scratch(model: Model, settings: Settings) -> Database:
    """See `Kit.scratch`."""
    del settings
    return Sqlite(model)


def exists(settings: Settings) -> bool:
    """See `Kit.exists`."""
    return Path(settings.database_file).exists()


def estate(model: Model, settings: Settings) -> Estate:
    """See `Kit.estate`."""
    return SqliteEstate(model, settings.database_file)


def migrations(settings: Settings, model: Model) -> Migrations:
    """See `Kit.migrations`."""
    return SqliteMigrations(settings.database_file, schema_of(model))

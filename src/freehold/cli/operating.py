"""What verbs that work on data begin with: settings, the app, its migrations, and its backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from freehold.cli.target import load, locate
from freehold.model.model import Model
from freehold.settings import Settings, from_environment
from freehold.stores.migrate import Step, steps
from freehold.stores.schema import Schema, schema_of
from freehold.stores.sqlite.migrations import Migrations
from freehold.wiring import Backend, backend


def settings_for(data: str | None) -> Settings:
    """The environment's settings; `data`, from the command line, goes first."""
    settings = from_environment()
    return settings if data is None else replace(settings, data=data)


def migrations(settings: Settings, model: Model) -> Migrations:
    """The way to a model's schema. Makes the folder, and the file in it."""
    return Migrations(settings.database_file, schema_of(model))


def pending(settings: Settings, model: Model) -> list[Step]:
    """The steps still to be made. Makes no file."""
    if not Path(settings.database_file).exists():
        return list(steps(Schema(), schema_of(model)))
    with migrations(settings, model) as found:
        return found.plan()


@contextmanager
def opened(target: str | None, data: str | None) -> Iterator[Backend]:
    """The backend of an app on its data, for one verb. Raises `ModelError` (FH303) when the store is behind the model.

    Nothing is delivered meanwhile.
    """
    made = backend(load(locate(target)), settings_for(data))
    try:
        yield made
    finally:
        made.close()

"""What verbs that work on data begin with: settings, the app, a store that is up to date, and a backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from freehold.cli.target import load, locate
from freehold.model.app import App
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.model import Model
from freehold.settings import Settings, from_environment
from freehold.stores.migrate import Step, steps
from freehold.stores.schema import Schema, schema_of
from freehold.stores.sqlite.migrations import Migrations
from freehold.wiring import Backend, backend, complete


def settings_for(data: str | None) -> Settings:
    """The environment's settings; `data`, from the command line, goes first."""
    settings = from_environment()
    return settings if data is None else replace(settings, data=data)


def migrations(settings: Settings, model: Model) -> Migrations:
    """The way to a model's schema. Makes the folder, and the file in it."""
    Path(settings.data).mkdir(mode=0o700, parents=True, exist_ok=True)
    return Migrations(settings.database_file, schema_of(model))


def pending(settings: Settings, model: Model) -> list[Step]:
    """The steps still to be made. Makes no file."""
    if not Path(settings.database_file).exists():
        return list(steps(Schema(), schema_of(model)))
    with migrations(settings, model) as found:
        return found.plan()


def require_migrated(settings: Settings, model: Model) -> None:
    """Raises `ModelError` (FH303) when there are steps to be made."""
    if waiting := pending(settings, model):
        breaking = sum(step.is_breaking for step in waiting)
        matter = f"{len(waiting)} migration steps are pending" + (f", {breaking} of them breaking" if breaking else "")
        fix = "run `freehold migrate up`" + ("; look at `freehold migrate plan` first" if breaking else "")
        raise ModelError([Finding("FH303", Place(settings.database_file, 0), matter, fix)])


@contextmanager
def opened(target: str | None, data: str | None) -> Iterator[Backend]:
    """The backend of an app on its data, for one verb. Nothing is delivered meanwhile."""
    with backend_of(load(locate(target)), settings_for(data)) as made:
        yield made


@contextmanager
def backend_of(app: App, settings: Settings) -> Iterator[Backend]:
    """The backend of an app whose store must be up to date."""
    require_migrated(settings, complete(app))
    made = backend(app, settings)
    try:
        yield made
    finally:
        made.close()

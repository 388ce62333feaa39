"""What verbs that work on data begin with: settings, the app, its migrations, and its backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from freehold.cli.screen import Bar
from freehold.cli.standing import settings_for, standing
from freehold.cli.target import load, locate
from freehold.model.model import Model
from freehold.settings import Settings
from freehold.stores.migrate import Migrations, Progress, Step, steps
from freehold.stores.schema import Schema, schema_of
from freehold.wiring import Backend, backend, complete, kit


def migrations(settings: Settings, model: Model) -> Migrations:
    """The way to a model's schema. Where the store is a file, it is made."""
    return kit(settings).migrations(settings, model)


def pending(settings: Settings, model: Model) -> list[Step]:
    """The steps still to be made. Makes no file."""
    if not kit(settings).exists(settings):
        return list(steps(Schema(), schema_of(model)))
    with migrations(settings, model) as found:
        return found.plan()


@contextmanager
def migrating(
    target: str | None, data: str | None, store: str | None, *, hidden: bool
) -> Iterator[tuple[Migrations, Progress]]:
    """The migrations of an app's store, and what shows how far they have come, unless that is `hidden`."""
    with (
        standing(settings_for(data, store)) as settings,
        migrations(settings, complete(load(locate(target)))) as found,
        Bar(hidden=hidden) as bar,
    ):
        yield found, bar.show


@contextmanager
def opened(target: str | None, data: str | None, store: str | None) -> Iterator[Backend]:
    """The backend of an app on its data, for one verb. Raises `ModelError` (FH303) when the store is behind the model.

    Nothing is delivered meanwhile.
    """
    with standing(settings_for(data, store)) as settings:
        made = backend(load(locate(target)), settings)
        try:
            yield made
        finally:
            made.close()

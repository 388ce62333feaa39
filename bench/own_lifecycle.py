"""freehold's part of `bench lifecycle`: a tenant of TeamFlow with many tasks, a server, and how long a tenant takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from examples.teamflow import app
from freehold.accounts.records import Organisation
from freehold.cli.registry import operate, organisation
from freehold.model.data import Entity, Id
from freehold.model.model import Model
from freehold.runtime.ids import canonical
from freehold.runtime.ports import Changes, Verb, Write
from freehold.runtime.scope import Scope
from freehold.servers.postgres import PostgresServer
from freehold.settings import Settings
from freehold.wiring import Backend, backend, complete, kit

PROJECTS = 100
BATCH = 1000
FIRST_ID = 0x01A21D25_CCC5_7436_8000_000000000000
PASSWORD = "a horse with a correct battery"
"""Of somebody who exists in a bench."""


def fill(folder: Path, tasks: int) -> None:
    """Make a SQLite store in `folder`, with a tenant `big` that has so many tasks, events and audit entries of them."""
    settings = Settings(data=str(folder))
    with opened(settings) as made:
        operate(made, "create_tenant", tenant("big", made))
        there = organisation(made, "big")
        assert isinstance(there, Organisation)
        with Scope(there.id) as scope:
            whole = entities(made.model, tasks)
            while batch := list(islice(whole, BATCH)):
                writes = [Write(Verb.ADD, type(one), one, 0) for one in batch]
                made.database.commit([Changes(scope, writes, [], {"batch": len(writes)})])


def prepare(folder: Path) -> None:
    """Make a SQLite store in `folder` with nobody in it."""
    with opened(Settings(data=str(folder))):
        return


def tenant(slug: str, made: Backend) -> dict[str, str]:
    """What a new tenant is made with."""
    email, role = f"ada@{slug}.test", made.model.roles[-1].name
    return {"organisation": slug, "email": email, "name": "Ada", "password": PASSWORD, "role": role}


def entities(model: Model, tasks: int) -> Iterator[Entity]:
    """Projects, and tasks evenly spread over them."""
    kinds = {kind.__name__: kind for kind in model.entities.values()}
    project, task = kinds["Project"], kinds["Task"]
    made = [project.model_validate({"name": f"Project {number}"}) for number in range(PROJECTS)]
    for number, one in enumerate(made):
        yield named(one, number)
    for number in range(tasks):
        inputs = {"project": made[number % PROJECTS].id, "number": number + 1, "title": f"Task {number}: see to it"}
        yield named(task.model_validate({**inputs, "description": "As it was said. " * 10}), PROJECTS + number)


def named(entity: Entity, number: int) -> Entity:
    """An entity in its first version, under an id of its own."""
    entity.id, entity.version = Id(canonical(FIRST_ID + number)), 1
    return entity


@contextmanager
def opened(settings: Settings) -> Iterator[Backend]:
    """TeamFlow on a store that is migrated."""
    with kit(settings).migrations(settings, complete(app)) as way:
        way.up()
    made = backend(app, settings)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def server(folder: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL server, as settings name it."""
    with PostgresServer(folder) as running:
        yield {"STORE": "postgres", "DATABASE_URL": running.serving_url, "OWNER_URL": running.url}


def creating(settings: dict[str, str], folder: Path, times: int) -> list[float]:
    """Seconds that it took to create a tenant with its first member, each time."""
    named_so = {name.lower(): value for name, value in settings.items()}
    found = []
    with opened(Settings(data=str(folder), **named_so)) as made:  # type: ignore[arg-type]  # all of them are texts
        for number in range(times):
            inputs = tenant(f"tenant-{number}", made)
            began = time.perf_counter()
            operate(made, "create_tenant", inputs)
            found.append(time.perf_counter() - began)
    return found

"""freehold's part of `bench lifecycle`: a tenant of TeamFlow with many tasks, a server, and how long a tenant takes."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from bench.dynamodb import on_roto
from bench.under_move import Asking
from examples.teamflow import app
from freehold.accounts.records import Organisation, Person
from freehold.cli.registry import operate, organisation, person
from freehold.model.data import Entity, Id
from freehold.model.model import Model
from freehold.runtime.ids import canonical
from freehold.runtime.ports import Changes, Verb, Write
from freehold.runtime.scope import Scope
from freehold.servers.postgres import PostgresServer
from freehold.settings import Settings
from freehold.wiring import Backend, backend, complete, kit

PROJECTS = 100
FRESH = 10
"""Projects without a task yet, for those that are created while time is measured."""
SOME = 200
"""Tasks that are asked for."""
TOKEN_SECONDS = 3600
BATCH = 1000
FIRST_ID = 0x01A21D25_CCC5_7436_8000_000000000000
PASSWORD = "a horse with a correct battery"
"""Of somebody who exists in a bench."""


def fill(folder: Path, tasks: int) -> None:
    """Make a SQLite store in `folder`, with a tenant `big` that has so many tasks, events and audit entries of them."""
    with opened(Settings(data=str(folder))) as made:
        furnish(made, "big", tasks)


def furnish(made: Backend, slug: str, tasks: int) -> Organisation:
    """A new tenant with so many tasks."""
    operate(made, "create_tenant", tenant(slug, made))
    there = organisation(made, slug)
    assert isinstance(there, Organisation)
    with Scope(there.id) as scope:
        whole = entities(made.model, tasks)
        while batch := list(islice(whole, BATCH)):
            writes = [Write(Verb.ADD, type(one), one, 0) for one in batch]
            made.database.commit([Changes(scope, writes, [], {"batch": len(writes)})])
    return there


def asking(folder: Path, settings: Mapping[str, str], tasks: Mapping[str, int]) -> dict[str, Asking]:
    """Make a tenant with so many tasks for each short name, and what is needed to ask for them."""
    with opened(named_so(settings, folder)) as made:
        return {slug: _asking(made, slug, count) for slug, count in tasks.items()}


def _asking(made: Backend, slug: str, tasks: int) -> Asking:
    there, ada = furnish(made, slug, tasks), person(made, f"ada@{slug}.test")
    assert isinstance(ada, Person)
    (kind,) = (kind for kind in made.model.entities.values() if kind.__name__ == "Project")
    with Scope(there.id) as scope:
        fresh = [named(kind.model_validate({"name": f"New {at}"}), PROJECTS + tasks + at) for at in range(FRESH)]
        made.database.commit([Changes(scope, [Write(Verb.ADD, kind, one, 0) for one in fresh], [])])
    token = made.tokens.issue(there.id, ada.id, "bench", TOKEN_SECONDS)
    some = [canonical(FIRST_ID + PROJECTS + number) for number in range(0, tasks, max(1, tasks // SOME))]
    return Asking(token, [one.id for one in fresh], some)


def tasks_of(folder: Path, settings: Mapping[str, str], slug: str) -> int:
    """How many tasks a tenant has."""
    with (
        opened(named_so(settings, folder)) as made,
        closing(kit(made.settings).estate(made.model, made.settings)) as on,
    ):
        there = organisation(made, slug)
        assert isinstance(there, Organisation)
        (kind,) = (kind for kind in on.kinds if kind.__name__ == "Task")
        count, after = 0, ""
        with Scope(there.id) as scope:
            while batch := on.marks(scope, kind, after, BATCH):
                count, after = count + len(batch), batch[-1].id
        return count


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


def named_so(settings: Mapping[str, str], folder: Path) -> Settings:
    """Settings by the names that they have in the environment, and a data folder."""
    texts = {name.lower(): value for name, value in settings.items()}
    return Settings(data=str(folder), **texts)  # type: ignore[arg-type]  # all of them are texts


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


@contextmanager
def table(folder: Path) -> Iterator[dict[str, str]]:
    """A table for TeamFlow on a server that speaks DynamoDB, as settings name it."""
    with on_roto(folder) as url:
        settings = {"STORE": "dynamodb", "TABLE": "teamflow", "TABLE_ENDPOINT": url}
        with opened(named_so(settings, folder)):
            yield settings


def creating(settings: dict[str, str], folder: Path, times: int) -> list[float]:
    """Seconds that it took to create a tenant with its first member, each time."""
    found = []
    with opened(named_so(settings, folder)) as made:
        for number in range(times):
            inputs = tenant(f"tenant-{number}", made)
            began = time.perf_counter()
            operate(made, "create_tenant", inputs)
            found.append(time.perf_counter() - began)
    return found

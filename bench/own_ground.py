"""Fills freehold's embedded store for the benches. Imported by `ours` when freehold is there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.apps.freehold_tasks import Project, Task, app
from bench.ground import PROJECTS, TENANTS, USERS, Ground, Tenant, seed_tasks
from freehold.accounts.records import Member, Organisation, Person
from freehold.cli.operating import migrations
from freehold.model.data import Id
from freehold.runtime.scope import Scope
from freehold.runtime.unit import Unit
from freehold.settings import Settings
from freehold.wiring import Backend, backend, complete

BATCH = 500
TOKEN_SECONDS = 3600
LIMIT = "600000000/minute"  # ten million calls a second: the limits are counted, and never reached


@contextmanager
def opened(folder: Path) -> Iterator[Backend]:
    """Open the backend of the bench's app on a new store in `folder`."""
    settings = Settings(data=str(folder), tenant_limit=LIMIT, principal_limit=LIMIT)
    with migrations(settings, complete(app)) as found:
        found.up()
    made = backend(app, settings)
    try:
        yield made
    finally:
        made.close()


def fill(folder: Path) -> Ground:
    """Fill the store that `freehold serve --data` will open, and return what is in it."""
    with opened(folder) as made:
        return Ground(**{name: tenant(made, name) for name in TENANTS})


def tenant(made: Backend, name: str) -> Tenant:
    """Make an organisation, its people and projects, and its tasks; return them with a token of its first member."""
    platform = made.runtime.begin(Scope.platform())
    organisation = platform.add(Organisation(slug=name, name=name))
    ground = made.runtime.begin(Scope(organisation.id))
    people = [person(platform, ground, f"{name}-{number}", organisation.id) for number in range(USERS)]
    projects = [ground.add(Project(name=f"Project {number}")).id for number in range(PROJECTS)]
    made.database.commit([platform.changes(), ground.changes()])
    platform.close()
    ground.close()
    wanted = seed_tasks(projects, people)
    parts = (wanted[first : first + BATCH] for first in range(0, len(wanted), BATCH))
    tasks = [one for part in parts for one in written(made, organisation.id, part)]
    return Tenant(made.tokens.issue(organisation.id, people[0], "bench", TOKEN_SECONDS), people, projects, tasks)


def person(platform: Unit, ground: Unit, name: str, tenant: str) -> str:
    """Add a person, and its part in one tenant. Nobody signs in with a password here, so there is none."""
    email = f"{name}@bench.test"
    one = platform.add(Person(email=email, name=name, password="", organisations=[tenant]))
    ground.add(Member(id=Id(one.id), name=name, email=email, role="member"))
    return one.id


def written(made: Backend, tenant: str, tasks: Sequence[dict[str, object]]) -> list[str]:
    """Write some tasks in one unit of work, and return their ids."""
    unit = made.runtime.begin(Scope(tenant))
    ids = [unit.add(Task.model_validate(one)).id for one in tasks]
    made.database.commit([unit.changes()])
    unit.close()
    return ids

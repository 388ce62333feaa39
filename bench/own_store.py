"""freehold's side of `bench store` and `bench growth`: units of work on the embedded store, as a call makes them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench.apps.freehold_tasks import Project, Task, Tasks
from bench.calls import PROJECTS, ids_of, tenant_name
from bench.ground import PAGE, task
from bench.own_ground import TOKEN_SECONDS, opened
from freehold.accounts.records import Member, Organisation
from freehold.model.data import ALL, Entity, Id, Paging
from freehold.model.lookup import lookups_of
from freehold.runtime import audit
from freehold.runtime.ports import Changes, Verb, Write
from freehold.runtime.scope import Scope
from freehold.wiring import Backend

IN_PROJECT = next(pattern for pattern in lookups_of(Tasks) if pattern.name == "in_project")
FIRST = Paging(PAGE)
PEOPLE = 10


class UnitSide:
    """Each call is a unit of work: a scope, a snapshot, layers 2 to 4, references checked, an audit entry written."""

    def __init__(self, folder: Path) -> None:
        self._open = ExitStack()
        self.made: Backend = self._open.enter_context(opened(folder))

    def fill(self, tenants: int, tasks: int) -> None:
        """Write the same as `store.Bare.fill` does, a transaction a tenant, and the people whom tasks refer to."""
        for tenant in range(tenants):
            with Scope(tenant_name(tenant)) as scope:
                writes = [Write(Verb.ADD, type(one), one, 0) for one in contents(tenant, tasks // tenants)]
                self.made.database.commit([Changes(scope, writes, [])])

    def get(self, tenant: str, task: str) -> object:
        """Return one task as an object."""
        unit = self.made.runtime.begin(Scope(tenant), writes=False)
        found = unit.get(Task, task)
        unit.close()
        return found

    def first_page(self, tenant: str, project: str) -> list[object]:
        """Return the newest tasks of a project as objects, and seal the cursor to the next ones."""
        unit = self.made.runtime.begin(Scope(tenant), writes=False)
        found: list[object] = list(unit.page(IN_PROJECT, [project], ALL, FIRST).items)
        unit.close()
        return found

    def add(self, tenant: str, project: str, number: int) -> str:
        """Add one task in a unit of work of its own; its references are checked and it is noted in the audit chain."""
        unit = self.made.runtime.begin(Scope(tenant))
        person = ids_of(3, 0, 1)[0]
        made = unit.add(Task.model_validate(task(number, project=project, assignee=person)))
        part = unit.changes()
        part.entry = audit.entry(person, "create_task", "bench", unit.now.isoformat(), part.writes)
        self.made.database.commit([part])
        unit.close()
        return made.id

    def close(self) -> None:
        """Close the store."""
        self._open.close()


def contents(tenant: int, tasks: int) -> Iterator[Entity]:
    """Make what a tenant begins with."""
    stamp = datetime.now(UTC)
    common = {"version": 1, "created_at": stamp, "updated_at": stamp}
    projects, people = ids_of(2, tenant, PROJECTS), ids_of(3, tenant, PEOPLE)
    for id in projects:
        yield Project(id=Id(id), name="Project", **common)
    for id in people:
        yield Member(id=Id(id), name="Ada", email=f"{id}@bench.test", role="member", **common)
    for number, id in enumerate(ids_of(1, tenant, tasks)):
        values = task(number, project=projects[number % PROJECTS], assignee=people[number % PEOPLE])
        yield Task.model_validate({"id": id, **common, **values})


def filled(folder: Path, tenants: int, tasks: int) -> UnitSide:
    """Make a new store, fill it, and leave it open."""
    side = UnitSide(folder)
    side.fill(tenants, tasks)
    return side


def tokens(side: UnitSide, tenants: int, asking: Sequence[int]) -> list[str]:
    """Make an organisation of each tenant, so that it can be served, and return a token of each that asks."""
    unit = side.made.runtime.begin(Scope.platform())
    for number in range(tenants):
        unit.add(Organisation(id=Id(tenant_name(number)), slug=f"tenant-{number}", name=f"Tenant {number}"))
    side.made.database.commit([unit.changes()])
    unit.close()
    issue = side.made.tokens.issue
    return [issue(tenant_name(one), ids_of(3, one, 1)[0], "bench", TOKEN_SECONDS) for one in asking]

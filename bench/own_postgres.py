"""freehold's side of `bench postgres`: units of work on a PostgreSQL server, as a call makes them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.apps.freehold_tasks import Task, app
from bench.calls import ids_of
from bench.ground import task
from bench.own_ground import LIMIT
from bench.own_store import UnitSide
from freehold.cli.operating import migrations
from freehold.runtime import audit
from freehold.runtime.failures import Overloaded
from freehold.runtime.scope import Scope
from freehold.settings import Settings
from freehold.wiring import Backend, backend, complete


class PostgresSide(UnitSide):
    """The same units of work as on the embedded store: only the settings differ."""

    def __init__(self, folder: Path, owner_url: str, url: str, tier: str) -> None:
        settings = Settings(
            data=str(folder), store="postgres", owner_url=owner_url, database_url=url, tier=tier,
            tenant_limit=LIMIT, principal_limit=LIMIT,
        )  # fmt: skip
        model = complete(app)
        with migrations(settings, model) as found:
            found.up()
        self.made: Backend = backend(app, settings)

    def add(self, tenant: str, project: str, number: int) -> str:
        """The same, and what it has read through is given back before the commit, as a call does."""
        unit = self.made.runtime.begin(Scope(tenant))
        person = ids_of(3, 0, 1)[0]
        made = unit.add(Task.model_validate(task(number, project=project, assignee=person)))
        part = unit.changes()
        part.entry = audit.entry(person, "create_task", "bench", unit.now.isoformat(), part.writes)
        unit.read_no_more()
        self.made.database.commit([part])
        unit.close()
        return made.id

    def hold(self, tenant: str, task: str, seconds: float) -> None:
        """Get one task, and keep for so long what it was read through."""
        unit = self.made.runtime.begin(Scope(tenant), writes=False)
        try:
            unit.get(Task, task)
            time.sleep(seconds)
        finally:
            unit.close()

    def answered(self, work: Callable[[PostgresSide], object]) -> bool:
        """Whether the store did it, or said that it is busy."""
        try:
            work(self)
        except Overloaded:
            return False
        return True

    def close(self) -> None:
        """Close the store."""
        self.made.close()

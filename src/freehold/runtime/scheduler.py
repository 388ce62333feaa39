"""Jobs: when a period begins, a delivery is put on every tenant's ground, and the outbox does the rest.

So a job is retried, dead-lettered and redriven like any handler, runs in a transaction on one tenant's ground, and one
tenant's failure is nobody else's. The turn moves on only after all deliveries are there: a crash in between repeats
them under the same ids, and loses none.
"""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import datetime

from freehold.model.data import Entity, Id
from freehold.model.names import PLATFORM
from freehold.model.schedule import following
from freehold.model.usecase import Kind, UseCase
from freehold.runtime.ids import derived
from freehold.runtime.invoke import Runtime
from freehold.runtime.outbox import Delivery
from freehold.runtime.ports import Changes, Stale, Taken, Verb, Write
from freehold.runtime.scope import Scope

log = logging.getLogger("freehold.scheduler")


class Turn(Entity, platform=True):
    """When a job runs next."""

    job: str
    due: datetime


class Scheduler:
    """Puts due jobs into the outbox."""

    def __init__(self, runtime: Runtime) -> None:
        """Look after the jobs of this app."""
        self._runtime = runtime
        self._jobs = [ready.case for ready in runtime.cases.values() if ready.case.kind is Kind.JOB]

    def enqueue_due(self) -> int:
        """Enqueue every job whose turn it is, for every active tenant. Returns how many deliveries were made."""
        return sum(self._enqueue(job) for job in self._jobs)

    def _enqueue(self, job: UseCase) -> int:
        now, turn = self._runtime.clock.now(), self._turn(job)
        if turn.version and turn.due > now:
            return 0
        count = 0
        if turn.version:
            grounds = [PLATFORM] if job.scope == "everyone" else self._runtime.membership.tenants()
            for ground in grounds:
                self._deliver(job, turn.due, ground, now)
                count += 1
        self._advance(job, turn, now)
        return count

    def _turn(self, job: UseCase) -> Turn:
        """The job's turn; of version 0 if it never had one: then its first comes when the next period begins."""
        id = derived("turn", job.name)
        with Scope.platform() as scope, closing(self._runtime.begin(scope)) as unit:
            found = unit.find(Turn, id)
        return found if isinstance(found, Turn) else Turn(id=Id(id), job=job.name, due=self._runtime.clock.now())

    def _deliver(self, job: UseCase, due: datetime, ground: str, now: datetime) -> None:
        delivery = Delivery(
            id=Id(derived("job", job.name, due.isoformat(), ground)), version=1, created_at=now, updated_at=now,
            handler=job.name, event="", payload="{}", call=f"{job.name}.{due:%Y%m%dT%H%M}", due=now,
        )  # fmt: skip
        with Scope(ground) as scope:
            try:
                self._runtime.database.commit([Changes(scope, [Write(Verb.ADD, Delivery, delivery, 0)], [])])
            except Taken:
                log.debug("%s is there already", delivery.call)

    def _advance(self, job: UseCase, turn: Turn, now: datetime) -> None:
        after = turn.model_copy(
            update={"version": turn.version + 1, "due": following(str(job.period), now), "updated_at": now}
        )
        verb = Verb.SAVE if turn.version else Verb.ADD
        with Scope.platform() as scope:
            try:
                self._runtime.database.commit([Changes(scope, [Write(verb, Turn, after, turn.version)], [])])
            except (Stale, Taken):
                log.debug("somebody else has moved the turn of %s on", job.name)

"""`Postgres`: the store for PostgreSQL, a schema per tenant or a pool of them, filling the port `Database`."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from freehold.model.model import Model
from freehold.model.names import PLATFORM
from freehold.runtime.ports import AuditEntry, Changes, Snapshot
from freehold.runtime.scope import Scope
from freehold.stores.forms import moment
from freehold.stores.postgres.apply import Act, Applier, alone
from freehold.stores.postgres.fits import check_fits
from freehold.stores.postgres.grounds import MAKE, Grounds, entering
from freehold.stores.postgres.names import GROUND, Place, Statement, Template
from freehold.stores.postgres.session import WRITING, Session
from freehold.stores.postgres.snapshot import PostgresSnapshot, sent, session_of
from freehold.stores.postgres.statements import Book
from freehold.stores.postgres.together import Together
from freehold.stores.postgres.trouble import AGAIN, MADE, MOVED, Lost, Refusal, told
from freehold.stores.postgres.wires import Wires
from freehold.stores.schema import schema_of

BUSY = Statement(b"SELECT tenant::text FROM freehold.busy WHERE due <= $1::timestamptz ORDER BY due LIMIT 1000")
AUDIT = Template(f"""SELECT number, text, before, hash FROM {GROUND}.freehold_audit
WHERE tenant = $1::uuid AND number > $2::bigint ORDER BY number LIMIT $3::bigint""")

TRIES = 5
FIRST_WAIT = 0.005
"""Seconds, about, before the second try; each wait is twice the one before."""
NOBODY = "nobody"
"""In whose name a connection is taken that is no tenant's."""


class Postgres:
    """A PostgreSQL database. What is acknowledged has been committed by the server."""

    def __init__(  # noqa: PLR0913  # what can be set, each by name
        self, model: Model, url: str, *, tier: str = "schema", size: int = 20, wait: float = 2.0, deadline: float = 5.0,
        prepares: bool = True, closed: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        """Connect to the database, which must have been migrated to this model. Raises `ModelError` (FH303, FH306).

        `url` is a libpq connection string. `tier` is where new tenants go: `schema`, or `pool`. `size` is how many
        connections to have at most, `wait` how many seconds to wait for one of them, and `deadline` how many for an
        answer. Behind a pooler in transaction mode that knows no prepared statements, `prepares` must be false.
        `closed` is done once all connections are.
        """
        self._closed = closed
        self.schema = schema_of(model)
        installation = check_fits(url, self.schema)
        self._book = Book(model)
        self._applier = Applier(self._book, model, self.schema)
        self._grounds = Grounds(installation, tier)
        self._wires = Wires(url, size=size, wait=wait, deadline=deadline, prepares=prepares)
        self._together = Together(self._commit, deadline)

    def snapshot(self, scope: Scope, beside: Snapshot | None = None) -> Snapshot:
        """See `Database.snapshot`."""
        session = session_of(beside) or Session(self._wires, self._grounds, scope.tenant)
        return PostgresSnapshot(scope, session, self._book)

    def commit(self, parts: Sequence[Changes]) -> None:
        """See `Database.commit`."""
        tenants = [part.scope.tenant for part in parts]  # refuses before anything is sent
        if parts:
            self._together.commit(tenants[0], parts)

    def exclusively(self, scope: Scope, work: Callable[[Snapshot], Sequence[Changes]]) -> None:
        """See `Database.exclusively`."""
        tenant = scope.tenant

        def transact(session: Session) -> None:
            statement, values = alone(tenant)
            session.rows(self._grounds.control, tenant, statement, values)
            view = PostgresSnapshot(scope, session, self._book)
            try:
                parts = work(view)
            finally:
                view.close()
            self._send(session, parts)

        self._transact(tenant, transact)

    def busy_grounds(self, before: datetime) -> list[str]:
        """See `Database.busy_grounds`."""
        session = Session(self._wires, self._grounds, NOBODY)
        session.join()
        try:
            return [
                str(tenant) for (tenant,) in session.rows(self._grounds.control, NOBODY, BUSY, sent([moment(before)]))
            ]
        finally:
            session.leave()

    def audit(self, scope: Scope, after: int, limit: int) -> list[AuditEntry]:
        """See `Database.audit`."""
        tenant = scope.tenant
        session = Session(self._wires, self._grounds, tenant)
        session.join()
        try:
            found = session.found(tenant, AUDIT, sent([tenant, after, limit]))
            return [AuditEntry(*row) for row in found]  # type: ignore[arg-type]  # the columns are of these types
        finally:
            session.leave()

    def close(self) -> None:
        """See `Database.close`."""
        self._wires.close()
        done, self._closed = self._closed, lambda: None
        done()

    def _commit(self, parts: Sequence[Changes]) -> None:
        self._transact(parts[0].scope.tenant, lambda session: self._send(session, parts))

    def _transact(self, tenant: str, work: Callable[[Session], None]) -> None:
        """Do `work` in a transaction, and again if it lost to another one, or if a tenant has moved meanwhile."""
        for number in range(TRIES):
            session = Session(self._wires, self._grounds, tenant, WRITING)
            session.join()
            try:
                work(session)
            except _Retry as retry:
                if number == TRIES - 1:
                    raise told(retry.refusal) from retry.refusal
            else:
                return
            finally:
                session.leave()
            time.sleep(FIRST_WAIT * 2**number * (0.5 + random.random()))  # noqa: S311  # only so that two do not meet again

    def _send(self, session: Session, parts: Sequence[Changes]) -> None:
        """Send all that is to be written, with the COMMIT, in one exchange."""
        acts: list[Act] = []
        placed = [(part, self._place(session, part.scope.tenant, acts)) for part in parts]
        acts += self._applier.acts(placed)
        try:
            session.finish([act.step for act in acts])
        except Refusal as refusal:
            act = acts[refusal.number] if refusal.number < len(acts) else None
            for part in parts:
                self._forget(part.scope.tenant, refusal)
            makes = act is not None and act.step[0] is MAKE
            if refusal.state in AGAIN or refusal.state in MOVED or (makes and refusal.state in MADE):
                raise _Retry(refusal) from refusal
            meant = self._applier.refusal(refusal, act) if act else refusal
            raise (told(refusal) if meant is refusal else meant) from None
        except Lost as lost:
            raise told(lost) from lost

    def _place(self, session: Session, tenant: str, acts: list[Act]) -> Place:
        """Where a tenant lies. One that lies nowhere yet is given its ground in the same transaction."""
        place = session.find(tenant)
        if place is not None:
            return place
        tier = "schema" if tenant == PLATFORM else self._grounds.tier
        if not any(act.step[0] is MAKE and act.step[1] == sent([tenant, tier]) for act in acts):
            acts += map(Act, entering(self._grounds.control, tenant))
            acts.append(Act((MAKE, sent([tenant, tier]))))
        return self._grounds.place(tenant, tier)

    def _forget(self, tenant: str, refusal: Refusal) -> None:
        if refusal.state in MOVED:
            self._grounds.forget(tenant)


class _Retry(Exception):
    """The transaction was refused for a reason that may be gone next time."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal

"""Transactions: whoever reads in a call has one of them, on one connection, on however many grounds it reads."""

from __future__ import annotations

from collections.abc import Sequence

from freehold.runtime.failures import Overloaded
from freehold.stores.postgres.grounds import FIND, Grounds, entering
from freehold.stores.postgres.names import Place, Statement, Template
from freehold.stores.postgres.trouble import MOVED, Lost, Refusal, told
from freehold.stores.postgres.wire import Row, Step, Value
from freehold.stores.postgres.wires import Wires

READING = Statement(b"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
WRITING = Statement(b"BEGIN ISOLATION LEVEL READ COMMITTED")
"""It does not say READ WRITE: whoever has made the server read-only, because the disk fills up, is obeyed."""

COMMIT = Statement(b"COMMIT")


class Session:
    """A transaction, begun with the first statement. On which ground, each statement says; `begin` is how."""

    def __init__(self, wires: Wires, grounds: Grounds, tenant: str, begin: Statement = READING) -> None:
        """Take a connection, in the name of the tenant whose call it is."""
        self._wires, self._grounds, self._tenant, self._begin = wires, grounds, tenant, begin
        place = grounds.known(tenant)
        self.wire = wires.take(tenant, place.schema if place else None)
        self._begun = False
        self._on: tuple[str, Place] | None = None
        self._users = 0

    def join(self) -> None:
        """One more reads through it."""
        self._users += 1

    def leave(self) -> None:
        """One less; with the last one the transaction ends, and its connection goes back."""
        self._users -= 1
        if self._users == 0:
            self._wires.give_back(self.wire, self._tenant)

    def find(self, tenant: str) -> Place | None:
        """Where a tenant lies; None when it lies nowhere yet."""
        place = self._grounds.known(tenant)
        if place is not None:
            return place
        rows = self.rows(self._grounds.control, tenant, FIND, [tenant.encode()])
        return self._grounds.learn(tenant, str(rows[0][0])) if rows else None

    def found(self, tenant: str, template: Template, values: Sequence[Value]) -> list[Row]:
        """What a statement finds on a tenant's ground. Looks once more where that is, if it has moved meanwhile.

        Not so in a transaction that has read already: what it has seen is older than the move.
        """
        is_new = not self._begun
        place = self.find(tenant)
        if place is None:
            return []
        try:
            return self.rows(place, tenant, template.on(place), values)
        except Overloaded:
            if not is_new or self._grounds.known(tenant) is not None:
                raise
        place = self.find(tenant)
        return self.rows(place, tenant, template.on(place), values) if place else []

    def rows(self, place: Place, tenant: str, statement: Statement, values: Sequence[Value]) -> list[Row]:
        """What a statement finds on a ground. Raises what a caller is to be told."""
        before = self._before(place, tenant)
        try:
            found = self.wire.ask(*before, (statement, values))[-1]
        except Refusal as refusal:
            self.wire.rollback()
            self._begun, self._on = False, None
            if refusal.state in MOVED:
                self._grounds.forget(tenant)
            raise told(refusal) from refusal
        except Lost as lost:
            raise told(lost) from lost
        self._begun, self._on = True, (tenant, place)
        self.wire.schemas.add(place.schema)
        return found

    def finish(self, steps: Sequence[Step]) -> None:
        """Send all that is left to be done, and COMMIT. Raises `Refusal`, with the number of the step, or `Lost`."""
        before: list[Step] = [] if self._begun else [(self._begin, ())]
        try:
            self.wire.ask(*before, *steps, (COMMIT, ()))
        except Refusal as refusal:
            refusal.number -= len(before)
            self.wire.rollback()
            raise
        finally:
            self._begun, self._on = False, None

    def _before(self, place: Place, tenant: str) -> list[Step]:
        steps: list[Step] = [] if self._begun else [(self._begin, ())]
        if self._on != (tenant, place):
            steps += entering(place, tenant)
        return steps

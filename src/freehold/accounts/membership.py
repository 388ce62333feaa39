"""Who a principal is: read from the tenant's own ground on every call, so removing a member takes effect at once."""

from __future__ import annotations

from collections.abc import Iterator
from hmac import compare_digest

from freehold.accounts.records import ApiKey, Member, Members, Organisation, Organisations, Person
from freehold.model.data import Id
from freehold.model.lookup import lookup_of
from freehold.model.names import PLATFORM
from freehold.model.ports import User
from freehold.runtime.failures import Forbidden, Unauthenticated
from freehold.runtime.ports import Clock, Database, Principal, Span
from freehold.runtime.scope import Scope
from freehold.runtime.unit import Unit

STALE_AFTER, SHUT_FOR = 2.0, 0.25
"""Seconds for which it is remembered that a tenant is let in, and that it is not: one that arrives is waited for."""

MOST = 10_000
"""So many states are remembered; then all are forgotten."""
BATCH = 200
"""So many organisations are read at a time."""

BY_IDENTITY = lookup_of(Members, "by_identity")
ALL = lookup_of(Organisations, "all")


class Accounts:
    """Fills the port `Membership` from what the accounts keep."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Read through `database`. That a tenant is let in is remembered for two seconds."""
        self._database, self._clock = database, clock
        self._states: dict[str, tuple[str, float]] = {}

    def member(self, principal: Principal, unit: Unit) -> User:
        """See `Membership.member`."""
        if principal.kind == "key" and not self._state(principal.tenant, unit):
            raise Unauthenticated  # anybody can make up a tenant: nothing is opened, or paid for, in its name
        user = self._key(principal, unit) if principal.kind == "key" else self._member(principal, unit)
        self.admit(principal.tenant, unit)
        return user

    def person(self, principal: Principal, unit: Unit) -> User:
        """See `Membership.person`. API keys are no people."""
        ours = principal.kind == "person" and principal.issuer == "local"
        found = unit.find(Person, principal.subject) if ours else None
        if not isinstance(found, Person):
            raise Unauthenticated
        return User(Id(found.id), found.name, found.email)

    def admit(self, tenant: str, unit: Unit | None = None) -> None:
        """Raises `Forbidden` for a suspended tenant, and `Unauthenticated` for one that is gone.

        `unit` is the one of the call, whose connection may be used to look.
        """
        state = self._state(tenant, unit)
        if state in ("suspended", "arriving"):
            raise Forbidden("TENANT_SUSPENDED", "This organisation is suspended.")
        if state != "active":
            raise Unauthenticated

    def is_arriving(self, tenant: str) -> bool:
        """See `Membership.is_arriving`."""
        return self._state(tenant, None) == "arriving"

    def tenants(self) -> Iterator[str]:
        """See `Membership.tenants`."""
        after: tuple[object, str] | None = None
        while batch := self._batch(after):
            yield from (tenant.id for tenant in batch if tenant.state == "active")
            after = (batch[-1].id, batch[-1].id)

    def _batch(self, after: tuple[object, str] | None) -> list[Organisation]:
        with Scope.platform() as scope:
            snapshot = self._database.snapshot(scope)
            try:
                found = snapshot.page(ALL, [], Span(BATCH, after=after))
            finally:
                snapshot.close()
        return [entity for _, entity in found if isinstance(entity, Organisation)]

    def _state(self, tenant: str, unit: Unit | None) -> str:
        now = self._clock.monotonic()
        state, until = self._states.get(tenant, ("", 0.0))
        if now >= until:
            state = self._read(tenant, unit)
            if len(self._states) >= MOST:
                self._states.clear()
            self._states[tenant] = (state, now + (STALE_AFTER if state == "active" else SHUT_FOR))
        return state

    def _read(self, tenant: str, unit: Unit | None) -> str:
        if unit is not None and unit.scope.tenant == PLATFORM:
            founded = unit.find(Organisation, tenant)  # perhaps in this very call
            return founded.state if isinstance(founded, Organisation) else ""
        with Scope.platform() as scope:
            snapshot = self._database.snapshot(scope, unit.view if unit else None)
            try:
                found = snapshot.get(Organisation, tenant)
            finally:
                snapshot.close()
        return found[1].state if found and isinstance(found[1], Organisation) else ""

    def _member(self, principal: Principal, unit: Unit) -> User:
        if principal.issuer == "local":
            found = unit.find(Member, principal.subject)
        else:
            found = unit.one(BY_IDENTITY, [f"{principal.issuer} {principal.subject}"])
        if not isinstance(found, Member):
            raise Unauthenticated
        return User(Id(found.id), found.name, found.email, found.role)

    def _key(self, principal: Principal, unit: Unit) -> User:
        found = unit.find(ApiKey, principal.subject)
        if not isinstance(found, ApiKey) or not compare_digest(principal.session, found.secret):
            raise Unauthenticated
        return User(Id(found.id), found.name, role=found.role)

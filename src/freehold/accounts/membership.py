"""Who a principal is: read from the tenant's own ground on every call, so that removing a member takes effect at once."""

from __future__ import annotations

from hmac import compare_digest

from freehold.accounts.records import ApiKey, Member, Organisation, Person
from freehold.model.data import Id
from freehold.model.lookup import Lookup
from freehold.model.ports import User
from freehold.runtime.failures import Forbidden, Unauthenticated
from freehold.runtime.ports import Clock, Database, Principal
from freehold.runtime.scope import Scope
from freehold.runtime.unit import Unit

STALE_AFTER = 2.0
MOST = 10_000


class Accounts:
    """Fills the port `Membership` from what the accounts keep."""

    def __init__(self, database: Database, by_identity: Lookup, clock: Clock) -> None:
        """Read through `database`. Whether a tenant is suspended is remembered for two seconds."""
        self._database, self._by_identity, self._clock = database, by_identity, clock
        self._states: dict[str, tuple[str, float]] = {}

    def member(self, principal: Principal, unit: Unit) -> User:
        """See `Membership.member`."""
        user = self._key(principal, unit) if principal.kind == "key" else self._member(principal, unit)
        self.admit(principal.tenant)
        return user

    def person(self, principal: Principal, unit: Unit) -> User:
        """See `Membership.person`. API keys are no people."""
        found = unit.find(Person, principal.subject) if principal.kind == "person" and principal.issuer == "local" else None
        if not isinstance(found, Person):
            raise Unauthenticated
        return User(Id(found.id), found.name, found.email)

    def admit(self, tenant: str) -> None:
        """Raises `Forbidden` for a suspended tenant, and `Unauthenticated` for one that is gone."""
        now = self._clock.monotonic()
        state, until = self._states.get(tenant, ("", 0.0))
        if now >= until:
            state = self._read(tenant)
            if len(self._states) >= MOST:
                self._states.clear()
            self._states[tenant] = (state, now + STALE_AFTER)
        if state == "suspended":
            raise Forbidden("TENANT_SUSPENDED", "This organisation is suspended.")
        if state != "active":
            raise Unauthenticated

    def _read(self, tenant: str) -> str:
        with Scope.platform() as scope:
            snapshot = self._database.snapshot(scope)
            try:
                found = snapshot.get(Organisation, tenant)
            finally:
                snapshot.close()
        return found[1].state if found and isinstance(found[1], Organisation) else ""

    def _member(self, principal: Principal, unit: Unit) -> User:
        if principal.issuer == "local":
            found = unit.find(Member, principal.subject)
        else:
            found = unit.one(self._by_identity, [f"{principal.issuer} {principal.subject}"])
        if not isinstance(found, Member):
            raise Unauthenticated
        return User(Id(found.id), found.name, found.email, found.role)

    def _key(self, principal: Principal, unit: Unit) -> User:
        found = unit.find(ApiKey, principal.subject)
        if not isinstance(found, ApiKey) or not compare_digest(principal.session, found.secret):
            raise Unauthenticated
        return User(Id(found.id), found.name, role=found.role)

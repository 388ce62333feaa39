"""Callers: members of tenants, who call use cases on a database of their own, through every step a real call takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

from freehold.accounts.records import Organisations, People
from freehold.accounts.tenants import create_tenant
from freehold.model.app import App
from freehold.model.data import Id
from freehold.model.lookup import lookups_of
from freehold.model.ports import User
from freehold.model.rules import Role
from freehold.runtime.envelope import Answer
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Principal
from freehold.runtime.prepared import Sent
from freehold.runtime.scope import Scope
from freehold.settings import Settings
from freehold.testing.clock import HandClock
from freehold.wiring import Backend, backend

R = TypeVar("R")
PASSWORD = "correct horse battery staple"  # noqa: S105  # of people who exist in tests only


class Caller:
    """A member of one tenant. `of` gives one of another tenant, `acting_as` one with another role."""

    def __init__(self, backend: Backend, clock: HandClock, tenant: str, role: str, name: str = "ada") -> None:
        """Make the tenant and the member, unless they are there."""
        self.backend, self.clock, self.slug, self.role, self.name = backend, clock, tenant, role, name
        email = f"{name}.{role}@{tenant}.test"
        system = Principal(tenant="", subject="", kind="system")
        self._operate(create_tenant, system, organisation=tenant, email=email, name=name, password=PASSWORD, role=role)
        self.email = email
        self.tenant, self.me = _found(backend, tenant, email)
        self.principal = Principal(tenant=self.tenant, subject=self.me, session="test")

    def call(
        self, function: Callable[..., R], /, *, key: str | None = None, expected: int | None = None, **inputs: object
    ) -> R:
        """Call a use case as this member. Raises the `Failure` a client would be answered with."""
        ready = self.backend.runtime.cases[self.backend.model.case(function).name]
        answer = self.backend.runtime(Call(ready, Sent(inputs), self.principal, id="test", key=key, expected=expected))
        return cast("R", answer.value)

    def answer(self, name: str, *, key: str | None = None, **inputs: object) -> Answer:
        """The whole answer to a call of the use case with this name."""
        ready = self.backend.runtime.cases[name]
        return self.backend.runtime(Call(ready, Sent(inputs), self.principal, id="test", key=key))

    def of(self, tenant: str) -> Caller:
        """A member with the same role in another tenant, on the same database."""
        return Caller(self.backend, self.clock, tenant, self.role, self.name)

    def acting_as(self, role: Role | str, name: str = "ada") -> Caller:
        """Another member of the same tenant."""
        return Caller(self.backend, self.clock, self.slug, str(role), name)

    @property
    def id(self) -> Id[User]:
        """The member's id."""
        return Id(self.me)

    def token(self) -> str:
        """An access token of this member, as sign-in would give."""
        return self.backend.tokens.issue(self.tenant, self.me, "test", 600)

    def deliver(self) -> int:
        """Enqueue the jobs and deliver the events that are due, and what follows from them."""
        self.backend.scheduler.enqueue_due()
        return self.backend.courier.deliver_due()

    def _operate(self, function: Callable[..., object], principal: Principal, **inputs: object) -> None:
        ready = self.backend.runtime.cases[function.__name__]
        self.backend.runtime(Call(ready, Sent(inputs), principal, id="test"))


@contextmanager
def caller(app: App, role: Role | str, tenant: str = "acme") -> Iterator[Caller]:
    """A member of `tenant` with `role`, on an empty database that is gone afterwards."""
    clock = HandClock()
    made = backend(app, Settings(), memory=True, clock=clock)
    try:
        yield Caller(made, clock, tenant, str(role))
    finally:
        made.close()


def _found(backend: Backend, slug: str, email: str) -> tuple[str, str]:
    by_slug = next(pattern for pattern in lookups_of(Organisations) if pattern.name == "by_slug")
    by_email = next(pattern for pattern in lookups_of(People) if pattern.name == "by_email")
    unit = backend.runtime.begin(Scope.platform())
    try:
        tenant, person = unit.one(by_slug, [slug]), unit.one(by_email, [email])
    finally:
        unit.close()
    if tenant is None or person is None:
        message = f"{slug} or {email} could not be made"
        raise LookupError(message)
    return tenant.id, person.id

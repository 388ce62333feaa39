"""Callers: members of tenants, who call use cases on a database of their own, through every step a real call takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TypeVar, cast

from pydantic import TypeAdapter
from pydantic_core import from_json

from freehold.accounts.records import Member, Organisation, Organisations, People, Person
from freehold.edges.passwords import Argon2Passwords
from freehold.model.app import App
from freehold.model.data import Id, Page
from freehold.model.lookup import lookup_of
from freehold.model.ports import User
from freehold.model.rules import Role
from freehold.model.usecase import UseCase
from freehold.runtime.bulk import bulk
from freehold.runtime.envelope import Answer
from freehold.runtime.failures import Failure
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Principal
from freehold.runtime.prepared import Sent, returned
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
        self.email = f"{name}.{role}@{tenant}.test"
        self.tenant, self.me = _joined(backend, tenant, name, self.email, role)
        self.principal = Principal(tenant=self.tenant, subject=self.me, session="test")

    def call(
        self, function: Callable[..., R], /, *, key: str | None = None, expected: int | None = None, **inputs: object
    ) -> R:
        """Call a use case as this member. Raises the `Failure` a client would be answered with."""
        ready = self.backend.runtime.cases[self.backend.model.case(function).name]
        call = Call(ready, Sent(inputs), self.principal, id="test", key=key, expected=expected)
        try:
            answer = self.backend.runtime(call)
        except Failure as refused:
            for detail in refused.details:  # which a client would see, and whoever reads a failed test should
                refused.add_note(f"{detail}")
            raise
        return cast("R", _read(ready.case, answer) if answer.replayed else answer.value)

    def answer(self, use_case: str, /, *, key: str | None = None, **inputs: object) -> Answer:
        """The whole answer to a call of the use case with this name."""
        ready = self.backend.runtime.cases[use_case]
        call = Call(ready, Sent(inputs), self.principal, id="test", key=key)
        return bulk(self.backend.runtime, call) if ready.case.each else self.backend.runtime(call)

    def bulk(
        self, function: Callable[..., object], /, *items: Mapping[str, object], key: str | None = None
    ) -> list[dict[str, object]]:
        """Call the bulk route of a command. Returns the results, each with `success`, `data` and `error`."""
        name = f"{self.backend.model.case(function).name}_in_bulk"
        answer = self.answer(name, key=key, items=[dict(item) for item in items])
        return cast("list[dict[str, object]]", from_json(answer.data))

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


@contextmanager
def caller(app: App, role: Role | str, tenant: str = "acme") -> Iterator[Caller]:
    """A member of `tenant` with `role`, on an empty database that is gone afterwards."""
    clock = HandClock()
    made = backend(app, Settings(), memory=True, clock=clock)
    try:
        made.scheduler.enqueue_due()  # nothing yet: as when a server starts, jobs have their turn in the next period
        yield Caller(made, clock, tenant, str(role))
    finally:
        made.close()


def _read(case: UseCase, answer: Answer) -> object:
    """The value of a replayed answer, which is kept as JSON."""
    adapter: TypeAdapter[object] = TypeAdapter(returned(case.returns))
    value = adapter.validate_json(answer.data)
    return Page(value, answer.next) if answer.paged and isinstance(value, list) else value


@cache
def _hashed() -> str:
    """The hash of everybody's password, made once: hashing is slow on purpose."""
    return Argon2Passwords().hash(PASSWORD)


def _joined(backend: Backend, slug: str, name: str, email: str, role: str) -> tuple[str, str]:
    """Make organisation, person and member, each unless it is there. Returns the ids of tenant and person."""
    platform = backend.runtime.begin(Scope.platform())
    organisation = platform.one(lookup_of(Organisations, "by_slug"), [slug])
    organisation = organisation or platform.add(Organisation(slug=slug, name=slug))
    person = platform.one(lookup_of(People, "by_email"), [email])
    person = person or platform.add(Person(email=email, name=name, password=_hashed(), organisations=[organisation.id]))
    ground = backend.runtime.begin(Scope(organisation.id))
    if ground.find(Member, person.id) is None:
        ground.add(Member(id=Id(person.id), name=name, email=email, role=role))
    backend.database.commit([platform.changes(), ground.changes()])
    platform.close()
    ground.close()
    return organisation.id, person.id

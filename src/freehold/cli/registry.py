"""Tenants and people as an operator finds them: by short name and by e-mail address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from freehold.accounts.records import Organisation, Organisations, People, Person
from freehold.model.data import Page
from freehold.model.lookup import Lookup, lookups_of
from freehold.runtime.envelope import Answer
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Principal
from freehold.runtime.prepared import Sent
from freehold.runtime.scope import Scope
from freehold.wiring import Backend

SYSTEM = Principal(tenant="", subject="", kind="system")
MOST = 200


def organisation(made: Backend, slug: str) -> Organisation | None:
    """The tenant with this short name."""
    found = _one(made, _pattern(Organisations, "by_slug"), slug)
    return found if isinstance(found, Organisation) else None


def person(made: Backend, email: str) -> Person | None:
    """Whoever has this address."""
    found = _one(made, _pattern(People, "by_email"), email.strip().lower())
    return found if isinstance(found, Person) else None


def organisations(made: Backend) -> Iterator[Organisation]:
    """All tenants, the oldest first."""
    cursor: str | None = None
    while True:
        page = operate(made, "list_tenants", {"limit": MOST, "cursor": cursor}).value
        if isinstance(page, Page):
            yield from (one for one in page if isinstance(one, Organisation))
            cursor = page.next
        if cursor is None:
            return


def operate(made: Backend, name: str, inputs: Mapping[str, object], call: str = "cli") -> Answer:
    """Run an operation, as nobody but an operator may."""
    return made.runtime(Call(made.runtime.cases[name], Sent(inputs), SYSTEM, id=call))


def _pattern(store: type, name: str) -> Lookup:
    return next(pattern for pattern in lookups_of(store) if pattern.name == name)


def _one(made: Backend, pattern: Lookup, value: str) -> object:
    with Scope.platform() as scope:
        unit = made.runtime.begin(scope)
        try:
            return unit.one(pattern, [value])
        finally:
            unit.close()

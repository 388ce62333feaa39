"""Tenants and people as an operator finds them: by short name and by e-mail address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import typer

from freehold.accounts.records import Organisation, Organisations, People, Person
from freehold.model.data import Page
from freehold.model.lookup import Lookup, lookup_of
from freehold.runtime.envelope import Answer
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Principal
from freehold.runtime.prepared import Sent
from freehold.runtime.scope import Scope
from freehold.wiring import Backend

SYSTEM = Principal(tenant="", subject="", kind="system")
MOST = 200
SHOWN = 10


def organisation(made: Backend, slug: str) -> Organisation | None:
    """The tenant with this short name."""
    found = _one(made, lookup_of(Organisations, "by_slug"), slug)
    return found if isinstance(found, Organisation) else None


def person(made: Backend, email: str) -> Person | None:
    """Whoever has this address."""
    found = _one(made, lookup_of(People, "by_email"), email.strip().lower())
    return found if isinstance(found, Person) else None


def known_organisation(made: Backend, slug: str) -> Organisation:
    """The tenant with this short name, or a wrong call that says which there are."""
    found = organisation(made, slug)
    if found is None:
        there = ", ".join(one.slug for one in islice(organisations(made), SHOWN)) or "none"
        raise typer.BadParameter(f"there is no tenant {slug}; there are: {there}", param_hint="the tenant")
    return found


def known_member(made: Backend, slug: str, email: str) -> tuple[Organisation, Person]:
    """A tenant and one of its members, or a wrong call."""
    there, who = known_organisation(made, slug), person(made, email)
    if who is None or there.id not in who.organisations:
        raise typer.BadParameter(f"{email} is no member of {slug}", param_hint="--as")
    return there, who


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


def _one(made: Backend, pattern: Lookup, value: str) -> object:
    with Scope.platform() as scope:
        unit = made.runtime.begin(scope)
        try:
            return unit.one(pattern, [value])
        finally:
            unit.close()

"""TeamFlow on stores of its own, with a tenant or two in it, as an operator has it before them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from examples.teamflow import app
from freehold.accounts.records import Organisation, Person
from freehold.cli.seeding import seed
from freehold.lifecycle.content import content, digest
from freehold.lifecycle.deployment import Deployment
from freehold.lifecycle.platform import Platform
from freehold.model.data import Entity
from freehold.runtime.audit import verify
from freehold.runtime.ports import AuditEntry
from freehold.runtime.scope import Scope
from freehold.settings import Settings
from freehold.testing import Caller, HandClock
from freehold.wiring import Backend, backend, complete, kit

NOW = 0.0
"""Seconds of grace: nobody serves in these tests."""


class Place:
    """A deployment of TeamFlow, and whoever calls it."""

    def __init__(self, made: Backend, clock: HandClock, deployment: Deployment) -> None:
        """See `opened`."""
        self.backend, self.clock, self.of = made, clock, deployment
        self.platform = Platform(deployment)

    def member(self, slug: str, role: str = "owner", name: str = "ada") -> Caller:
        """A member of a tenant, who is made if they are not there."""
        return Caller(self.backend, self.clock, slug, role, name)

    def furnish(self, slug: str) -> Organisation:
        """A tenant with a project or three, and events that wait."""
        owner = self.member(slug)
        self.member(slug, "member", "bob")
        seed(self.backend, owner.tenant, owner.me)
        return self.tenant(slug)

    def tenant(self, slug: str) -> Organisation:
        """A tenant that is there."""
        found = self.platform.by_slug(slug)
        assert found is not None, f"there is no {slug}"
        return found

    def person(self, id: str) -> Person:
        """Somebody who is there."""
        found = self.platform.person(id)
        assert found is not None, f"there is no {id}"
        return found

    def ada(self) -> Person:
        """The owner of acme."""
        return next(person for person in self.platform.all(Person) if person.email.startswith("ada.owner@acme"))

    def digest(self, tenant: str) -> str:
        """One hash over all that lies on a ground."""
        with Scope(tenant) as scope:
            return digest(content(self.of, scope))

    def chain(self, tenant: str) -> list[AuditEntry]:
        """A ground's audit chain, which must hold."""
        with Scope(tenant) as scope:
            assert list(verify(self.of.database, scope)) == []
            return self.of.estate.chain(scope, 0, 10_000)

    def residue(self, tenant: str) -> dict[str, int]:
        """What a search for a tenant finds."""
        with Scope(tenant) as scope:
            return dict(self.of.estate.residue(scope))

    def noted(self) -> list[dict[str, object]]:
        """What the platform's chain has noted of tenants' lives."""
        with Scope.platform() as scope:
            texts = [json.loads(entry.text) for entry in self.of.database.audit(scope, 0, 10_000)]
        return [text for text in texts if text["call"] == "lifecycle"]

    def kind(self, name: str) -> type[Entity]:
        """A kind of entity by its name."""
        return next(kind for kind in self.of.estate.kinds if kind.__name__ == name)

    def deliver(self) -> None:
        """Deliver what waits, and what follows from it."""
        while self.backend.courier.deliver_due():
            pass

    def all(self, kind: type[Entity], tenant: str) -> list[Entity]:
        """All of a kind on a ground."""
        with Scope(tenant) as scope:
            return self.of.estate.rows(scope, kind, "", 10_000)


@contextmanager
def opened(settings: Settings) -> Iterator[Place]:
    """A deployment on the store that settings name, migrated."""
    model, clock = complete(app), HandClock()
    with kit(settings).migrations(settings, model) as way:
        way.up()
    made = backend(app, settings, clock=clock)
    estate = kit(settings).estate(model, settings)
    try:
        yield Place(made, clock, Deployment(model, made.database, estate, clock))
    finally:
        estate.close()
        made.close()


def altered(path: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """Another archive, with the members of this one as `change` leaves them."""
    with zipfile.ZipFile(path) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    change(members)
    other = path.with_name(f"altered-{path.name}")
    with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return other

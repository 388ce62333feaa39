"""The people of a tenant, who lie on the platform's ground: what an archive says of them, and who they are elsewhere.

A member's id is the person's. Whoever is known by another id where an archive is brought in has that id from then on,
everywhere in the tenant's rows: ids are 128 bits, of which 62 are chance, so that whatever is written like one is it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, Field

from freehold.accounts.records import Member, Person
from freehold.lifecycle.archive import PEOPLE, Archive
from freehold.lifecycle.deployment import Deployment, entities
from freehold.lifecycle.platform import Platform
from freehold.model.data import Id
from freehold.model.names import TENANT_ID
from freehold.runtime.scope import Scope

_ID = re.compile(TENANT_ID.pattern.encode())


class Known(BaseModel, frozen=True, extra="forbid"):
    """What an archive says of a person. Without a password they are given one by an operator."""

    id: Id[Person]
    email: str = Field(min_length=1, max_length=254)
    name: str = Field(max_length=1000)
    password: str = ""


def people_of(of: Deployment, scope: Scope, *, secrets: bool) -> Iterator[list[bytes]]:
    """The lines of a tenant's people. Their password hashes are left out, unless `secrets`."""
    platform = Platform(of)
    for batch in entities(of.estate, scope, Member):
        found = (platform.person(member.id) for member in batch)
        known = [
            Known(id=Id(one.id), email=one.email, name=one.name, password=one.password if secrets else "")
            for one in found
            if one is not None
        ]
        yield [one.model_dump_json().encode() + b"\n" for one in known]


class Guests:
    """The people of an archive, and who each of them is here."""

    def __init__(self, archive: Archive, platform: Platform) -> None:
        """Find out: by their id, and else by their address. Nothing is changed."""
        self._archive, self._platform = archive, platform
        self._others: dict[bytes, bytes] = {}
        for known in self._known():
            if platform.person(known.id) is None and (here := platform.by_email(known.email)) is not None:
                self._others[known.id.encode()] = here.id.encode()

    @property
    def are_others(self) -> bool:
        """Whether somebody has another id here."""
        return bool(self._others)

    def renamed(self, line: bytes) -> bytes:
        """A line with the ids that people have here."""
        if not self._others:
            return line
        return _ID.sub(lambda match: self._others.get(match[0], match[0]), line)

    def enter(self, tenant: str) -> Mapping[str, int]:
        """Note that they are in this tenant. Who is not here yet is made. Returns how many were known, and are new."""
        counts = {"known": 0, "new": 0}
        for known in self._known():
            id = self._others.get(known.id.encode(), known.id.encode()).decode()
            if self._platform.change(Person, id, lambda one: _joined(one, tenant), "import_tenant") is not None:
                counts["known"] += 1
                continue
            person = Person(
                id=Id(known.id), email=known.email, name=known.name, password=known.password, organisations=[tenant]
            )
            self._platform.add(person, case="import_tenant")
            counts["new"] += 1
        return counts

    def _known(self) -> Iterator[Known]:
        for line in self._archive.lines(PEOPLE):
            try:
                yield Known.model_validate_json(line)
            except ValueError:
                raise self._archive.refused(f"{PEOPLE} has a line that is no person") from None


def _joined(person: Person, tenant: str) -> bool:
    is_new = tenant not in person.organisations
    if is_new:
        person.organisations = [*person.organisations, tenant]
    return is_new

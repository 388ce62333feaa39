"""The people of a tenant, who lie on the platform's ground: what an archive says of them, and who they are elsewhere.

A member's id is the person's. Whoever is known by another id where an archive is brought in has that id from then on,
everywhere in the tenant's rows: ids are 128 bits, of which 62 are chance, so that whatever is written like one is it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from pydantic import BaseModel, Field

from freehold.accounts.records import Member, Person
from freehold.lifecycle.archive import PEOPLE, Archive
from freehold.lifecycle.deployment import Deployment, entities
from freehold.lifecycle.platform import Platform
from freehold.model.data import Id
from freehold.model.names import ID_FORM
from freehold.runtime.scope import Scope

_ID = re.compile(ID_FORM.pattern.encode())


class Known(BaseModel, frozen=True, extra="forbid"):
    """What an archive says of a person. Without a password they are given one by an operator."""

    id: Id[Person]
    email: str = Field(min_length=1, max_length=254)
    name: str = Field(max_length=1000)
    password: str = ""


def people_of(of: Deployment, scope: Scope, *, secrets: bool) -> Iterator[Known]:
    """A tenant's people. Their password hashes are left out, unless `secrets`."""
    platform = Platform(of)
    for batch in entities(of.estate, scope, Member):
        for member in batch:
            one = platform.person(member.id)
            if one is not None:
                yield Known(id=Id(one.id), email=one.email, name=one.name, password=one.password if secrets else "")


def people_in(archive: Archive) -> Iterator[Known]:
    """The people of an archive. Raises `ModelError` (FH320)."""
    for line in archive.lines(PEOPLE):
        try:
            yield Known.model_validate_json(line)
        except ValueError:
            raise archive.refused(f"{PEOPLE} has a line that is no person") from None


class Guests:
    """People who come with a tenant, and who each of them is here."""

    def __init__(self, people: Callable[[], Iterator[Known]], platform: Platform) -> None:
        """Find out: by their id, and else by their address. Nothing is changed. `people` tells them once more."""
        self._people, self._platform = people, platform
        self._others = self._found()

    @property
    def are_others(self) -> bool:
        """Whether somebody has another id here."""
        return bool(self._others)

    def renamed(self, line: bytes) -> bytes:
        """A line with the ids that people have here."""
        if not self._others:
            return line
        return _ID.sub(lambda match: self._others.get(match[0], match[0]), line)

    def id_of(self, id: str) -> str:
        """The id that somebody has here."""
        return self._others.get(id.encode(), id.encode()).decode()

    def are_still_so(self) -> bool:
        """Whether everybody who comes now has the id that was found at first."""
        return self._found() == self._others

    def enter(self, tenant: str, case: str) -> Mapping[str, int]:
        """Note that they are in this tenant, by which `case`. Who is not here yet is made.

        Returns how many were known, and are new.
        """
        counts = {"known": 0, "new": 0}
        for known in self._people():
            id = self.id_of(known.id)
            if self._platform.change(Person, id, lambda one: _joined(one, tenant), case) is not None:
                counts["known"] += 1
                continue
            person = Person(
                id=Id(known.id), email=known.email, name=known.name, password=known.password, organisations=[tenant]
            )
            self._platform.add(person, case=case)
            counts["new"] += 1
        return counts

    def _found(self) -> dict[bytes, bytes]:
        found = {}
        for known in self._people():
            if self._platform.person(known.id) is None:
                here = self._platform.by_email(known.email)
                if here is not None:
                    found[known.id.encode()] = here.id.encode()
        return found


def _joined(person: Person, tenant: str) -> bool:
    is_new = tenant not in person.organisations
    if is_new:
        person.organisations = [*person.organisations, tenant]
    return is_new

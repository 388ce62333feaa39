"""What the platform knows of tenants and people, as an operator changes it: each change with a note in its chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from pydantic_core import from_json

from freehold.accounts.records import Organisation, Organisations, People, Person, Session
from freehold.lifecycle.deployment import LOOK, Deployment, Tip, entities
from freehold.model.data import Entity
from freehold.model.lookup import Lookup, lookup_of
from freehold.runtime.audit import entry
from freehold.runtime.idempotency import Receipt
from freehold.runtime.ports import Changes, Snapshot, Span, Stale, Verb, Write
from freehold.runtime.scope import Scope
from freehold.runtime.unit import checked

E = TypeVar("E", bound=Entity)
ACTOR, CALL = "system", "lifecycle"
TRIES = 10
BY_SLUG, BY_EMAIL = lookup_of(Organisations, "by_slug"), lookup_of(People, "by_email")


class Platform:
    """The platform's ground of a deployment."""

    def __init__(self, of: Deployment) -> None:
        """Read nothing yet."""
        self._of = of

    def organisation(self, id: str) -> Organisation | None:
        """The tenant with this id."""
        return self._get(Organisation, id)

    def by_slug(self, slug: str) -> Organisation | None:
        """The tenant with this short name."""
        found = self._one(BY_SLUG, slug)
        return found if isinstance(found, Organisation) else None

    def person(self, id: str) -> Person | None:
        """The person with this id."""
        return self._get(Person, id)

    def by_email(self, email: str) -> Person | None:
        """Whoever has this address."""
        found = self._one(BY_EMAIL, email)
        return found if isinstance(found, Person) else None

    def add(self, entity: Entity, case: str) -> None:
        """Add an organisation or a person, with the id it has."""
        fresh = entity.model_copy(update={"version": 1, "updated_at": self._of.clock.now()})
        self._commit([Write(Verb.ADD, type(fresh), checked(fresh), 0)], case)

    def change(self, kind: type[E], id: str, change: Callable[[E], bool], case: str, **told: object) -> E | None:
        """Change one, as it is now; or leave it, where `change` says that there is nothing to do.

        `told` is noted, too. Gives None when it is gone. Whoever is faster is waited for.
        """

        def save(found: E) -> Write | None:
            if not change(found):
                return None
            before = found.version
            found.version, found.updated_at = before + 1, self._of.clock.now()
            return Write(Verb.SAVE, kind, checked(found), before)

        return self._write(kind, id, save, case, told)

    def remove(self, kind: type[Entity], id: str, case: str, **told: object) -> bool:
        """Take one off, as it is now; `told` is noted. Says whether there was one."""

        def take_off(found: Entity) -> Write:
            return Write(Verb.REMOVE, kind, found, found.version)

        return self._write(kind, id, take_off, case, told) is not None

    def become(self, tenant: str, state: str, case: str, tip: Tip | None = None, **told: object) -> None:
        """Put a tenant into a state; `told` is noted. With `tip`, it is noted where its own audit chain ends."""

        def change(there: Organisation) -> bool:
            is_new = there.state != state
            there.state = state  # type: ignore[assignment]  # it is checked when it is saved
            return is_new

        chain = {"chain": [tip.number, tip.hash]} if tip else {}
        self.change(Organisation, tenant, change, case, tenant=tenant, **chain, **told)

    def state_before(self, case: str, there: Organisation) -> str:
        """The state of a tenant; or, when a `case` that was killed has shut it out, the one that is noted there.

        Whatever has left a tenant `arriving` has been killed.
        """
        if there.state == "active":
            return there.state
        last = self._last_note(there)
        is_shut = there.state == "arriving" or last.get("case") == case
        return str(last.get("was", there.state)) if is_shut else there.state

    def tip_before(self, there: Organisation) -> Tip:
        """Where a tenant's audit chain ended when it was noted last: it may have been erased since."""
        match self._last_note(there).get("chain"):
            case [int(number), str(hashed)]:
                return Tip(number, hashed)
            case _:
                return Tip()

    def all(self, kind: type[E]) -> Iterator[E]:
        """All of a kind, in flat memory."""
        with Scope.platform() as scope:
            for batch in entities(self._of.estate, scope, kind):
                yield from (one for one in batch if isinstance(one, kind))

    def note(self, case: str, **told: object) -> None:
        """Note something, and change nothing."""
        self._commit([], case, **told)

    def _last_note(self, there: Organisation) -> dict[str, object]:
        """The last entry of the platform's chain that names a tenant."""
        last: dict[str, object] = {}
        with Scope.platform() as scope:
            number = 0
            while batch := self._of.estate.chain(scope, number, LOOK):
                for entry in batch:
                    last = from_json(entry.text) if there.id in entry.text else last
                number = batch[-1].number
        return last

    def _write(
        self, kind: type[E], id: str, write: Callable[[E], Write | None], case: str, told: Mapping[str, object]
    ) -> E | None:
        """Commit what `write` makes of one as it is now, and again when somebody was faster. None when it is gone."""
        for again in range(TRIES):
            found = self._get(kind, id)
            wanted = write(found) if found is not None else None
            if wanted is None:
                return found
            try:
                self._commit([wanted], case, **told)
            except Stale:
                if again == TRIES - 1:
                    raise
            else:
                return found
        return None

    def _commit(self, writes: list[Write], case: str, **told: object) -> None:
        noted = entry(ACTOR, case, CALL, self._of.clock.now().isoformat(), writes)
        with Scope.platform() as scope:
            self._of.database.commit([Changes(scope, writes, [], {**noted, **told})])

    def _get(self, kind: type[E], id: str) -> E | None:
        with self._view() as view:
            found = view.get(kind, id)
        return found[1] if found and isinstance(found[1], kind) else None

    def _one(self, pattern: Lookup, value: str) -> Entity | None:
        with self._view() as view:
            found = view.page(pattern, [value], Span(1))
        return found[0][1] if found else None

    @contextmanager
    def _view(self) -> Iterator[Snapshot]:
        with Scope.platform() as scope:
            view = self._of.database.snapshot(scope)
            try:
                yield view
            finally:
                view.close()


def depart(platform: Platform, tenant: str, case: str) -> dict[str, int]:
    """Take a tenant out of what the platform keeps of people, and note by which `case`. Who was in no other one goes.

    So do sessions in it, and answers that name it and are kept under an Idempotency-Key. Looks at everybody: who was a
    member once may be noted still. Returns how many there were of each.
    """
    counts = {"memberships": 0, "people": 0, "sessions": 0, "answers": 0}
    for session in platform.all(Session):
        if session.organisation == tenant:
            counts["sessions"] += platform.remove(Session, session.id, case)
    there = platform.organisation(tenant)
    slug = f'"slug":"{there.slug}"' if there else tenant
    for answer in platform.all(Receipt):
        if tenant in answer.body or slug in answer.body:
            counts["answers"] += platform.remove(Receipt, answer.id, case)
    for person in platform.all(Person):
        if tenant not in person.organisations:
            continue
        counts["memberships"] += 1
        if person.organisations == [tenant]:
            counts["people"] += platform.remove(Person, person.id, case)
        else:
            platform.change(Person, person.id, lambda one: _left(one, tenant), case)
    return counts


def _left(person: Person, tenant: str) -> bool:
    was_in = tenant in person.organisations
    person.organisations = [id for id in person.organisations if id != tenant]
    return was_in

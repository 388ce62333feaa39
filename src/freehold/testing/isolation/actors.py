"""Who makes requests: members of both tenants in every role, one who is in both, keys, and nobody in particular."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from freehold.accounts.door import digest
from freehold.accounts.records import ApiKey, Member, Organisation, Person, Session
from freehold.edges.passwords import Argon2Passwords
from freehold.model.data import Entity, Id
from freehold.model.names import PLATFORM
from freehold.runtime.scope import Scope
from freehold.wiring import Backend

PASSWORD = "a tenant reaches only its own"  # noqa: S105  # of people who exist in tests only
LIFE = 600
"""Seconds that a token lives."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who makes requests, and on whose ground."""

    name: str
    tenant: str
    subject: str
    role: str = ""
    key: str = ""
    """The text of an API key, for a program."""
    email: str = ""
    also: str = ""
    """Another tenant that this person is a member of."""

    @property
    def anonymous(self) -> bool:
        """Whether there is nobody: no token is sent."""
        return not self.subject

    @property
    def told(self) -> str:
        """What somebody who sends a key or a token of their own making knows: what is in it."""
        segments = self.key.split(".")
        try:
            inside = base64.urlsafe_b64decode(segments[1] + "=" * (-len(segments[1]) % 4)) if len(segments) > 1 else b""
        except ValueError:
            inside = b""
        return self.key + inside.decode("utf-8", "replace")

    @property
    def is_person(self) -> bool:
        """Whether it is somebody who can sign in."""
        return bool(self.subject) and not self.key


class Crowd:
    """Puts people, organisations and keys where they belong, and hands out their tokens."""

    def __init__(self, backend: Backend, hashed: str = "") -> None:
        """Nobody is there yet. `hashed` is `PASSWORD` hashed, which is worth doing once only."""
        self._backend = backend
        self.hashed = hashed or Argon2Passwords().hash(PASSWORD)
        self._tokens: dict[tuple[str, str], tuple[str, float]] = {}

    def keep(self, tenant: str, *entities: Entity) -> None:
        """Put entities on a ground, through the unit of work, as any use case would."""
        runtime = self._backend.runtime
        with Scope(tenant) as scope:
            unit = runtime.begin(scope)
            try:
                for entity in entities:
                    unit.add(entity)
                self._backend.database.commit([unit.changes()])
            finally:
                unit.close()

    def organisation(self, slug: str, name: str) -> str:
        """Found one. Returns its id, which is the tenant."""
        made = Organisation(slug=slug, name=name)
        self.keep(PLATFORM, made)
        return made.id

    def person(self, name: str, email: str, tenants: Sequence[str]) -> str:
        """Somebody who can sign in with `PASSWORD`. Returns the id."""
        made = Person(email=email, name=name, password=self.hashed, organisations=list(tenants))
        self.keep(PLATFORM, made)
        return made.id

    def join(self, person: str, tenant: str, name: str, email: str, role: str) -> None:
        """Make a person a member of a tenant."""
        self.keep(tenant, Member(id=Id(person), name=name, email=email, role=role))

    def key(self, tenant: str, id: str, secret: str, name: str, role: str, by: str) -> str:
        """Make an API key. Returns its text."""
        self.keep(tenant, ApiKey(id=Id(id), name=name, role=role, secret=digest(secret), created_by=Id(by)))
        return f"fhk_{tenant}.{id}.{secret}"

    def session(self, person: str, tenant: str, secret: str) -> str:
        """A sign-in that lasts. Returns its refresh token."""
        expires = self._backend.clock.now() + timedelta(days=30)
        made = Session(person=Id(person), organisation=tenant, secret=digest(secret), expires=expires)
        self.keep(PLATFORM, made)
        return f"{made.id}.{secret}"

    def token(self, actor: Actor) -> str | None:
        """What an actor sends as its bearer token: none, an API key, or a fresh enough access token."""
        if actor.anonymous or actor.key:
            return actor.key or None
        now = self._backend.clock.now().timestamp()
        token, until = self._tokens.get((actor.tenant, actor.subject), ("", 0.0))
        if now >= until:
            token = self._backend.tokens.issue(actor.tenant, actor.subject, "suite", LIFE)
            self._tokens[actor.tenant, actor.subject] = token, now + LIFE - 1
        return token

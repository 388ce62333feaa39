"""What accounts keep: on the platform's ground what belongs to no tenant, on each tenant's ground its members."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from pydantic import Field

from freehold.model.data import Entity, Id, Page, Paging, Range
from freehold.model.lookup import lookup
from freehold.model.ports import Store, User

State = Literal["active", "suspended", "arriving"]
"""Nobody is let into a tenant that is suspended, or that is arriving: being brought in, set back or erased."""


class Person(Entity, platform=True):
    """Somebody who can sign in, in however many organisations."""

    email: str
    name: str
    password: str
    organisations: list[str] = Field(default_factory=list)


class People(Store[Person], Protocol):
    """How people are found."""

    @lookup(unique=True)
    def by_email(self, email: str) -> Person | None:
        """The person with this address, in lower case."""
        ...


class Organisation(Entity, platform=True):
    """A tenant, as the platform knows it. Its id is the tenant."""

    slug: str
    name: str
    state: State = "active"


class Organisations(Store[Organisation], Protocol):
    """How organisations are found."""

    @lookup(unique=True)
    def by_slug(self, slug: str) -> Organisation | None:
        """The organisation with this short name."""
        ...

    @lookup()
    def all(self, page: Paging) -> Page[Organisation]:
        """All of them, oldest first."""
        ...


class Session(Entity, platform=True):
    """A sign-in that lasts: a family of refresh tokens, of which only the latest counts."""

    person: Id[Person]
    organisation: str
    secret: str
    """SHA-256 of the latest refresh token's secret."""
    expires: datetime
    revoked: bool = False


class Sessions(Store[Session], Protocol):
    """How sessions are found."""

    @lookup(order="expires")
    def ending(self, expires: Range[datetime], page: Paging) -> Page[Session]:
        """Those that end in this time, the first to end first."""
        ...


class Member(Entity):
    """A person's part in one organisation. Its id is the person's, so that an `Id[User]` names it."""

    name: str
    email: str
    role: str
    identity: str | None = Field(default=None, exclude=True)
    """Issuer and subject at an outside identity provider, if the member signs in there."""


class Members(Store[Member], Protocol):
    """How members are found."""

    @lookup()
    def all(self, page: Paging) -> Page[Member]:
        """All of them, in the order they joined."""
        ...

    @lookup()
    def in_role(self, role: str, page: Paging) -> Page[Member]:
        """Those who have exactly this role."""
        ...

    @lookup(unique=True)
    def by_identity(self, identity: str) -> Member | None:
        """The member an outside identity provider knows by this issuer and subject."""
        ...


class Invitation(Entity):
    """A seat that is kept for somebody. The token that takes it is shown once; only its hash is kept."""

    email: str
    role: str
    secret: str = Field(exclude=True)
    invited_by: Id[User]
    expires: datetime


class Invitations(Store[Invitation], Protocol):
    """How invitations are found."""

    @lookup(newest_first=True)
    def all(self, page: Paging) -> Page[Invitation]:
        """Those nobody has taken yet."""
        ...

    @lookup(order="expires")
    def ending(self, expires: Range[datetime], page: Paging) -> Page[Invitation]:
        """Those that end in this time, the first to end first."""
        ...


class ApiKey(Entity):
    """A key for a program, with a role of its own. It is shown once; only its hash is kept."""

    name: str
    role: str
    secret: str = Field(exclude=True)
    created_by: Id[User]


class ApiKeys(Store[ApiKey], Protocol):
    """How API keys are found."""

    @lookup(newest_first=True)
    def all(self, page: Paging) -> Page[ApiKey]:
        """All of them, the newest first."""
        ...

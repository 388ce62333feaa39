"""The port accounts need filled: passwords, tokens and secrets. And what they show to the outside."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from pydantic import AfterValidator, BaseModel, StringConstraints

from freehold.accounts.guessable import hard_to_guess
from freehold.model.data import Id
from freehold.model.names import is_id
from freehold.model.ports import Port, User
from freehold.runtime.idempotency import SHOWN_ONCE

ACCESS_SECONDS = 600
"""For so long an access token is good."""
SESSION_LIFETIME = timedelta(days=30)
INVITATION_LIFETIME = timedelta(days=7)

Email = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Password = Annotated[str, StringConstraints(min_length=10, max_length=1024), AfterValidator(hard_to_guess)]
"""A password to be. One that is only compared is a `Secret`: whoever has a weak one must still get in."""
Secret = Annotated[str, StringConstraints(max_length=1024)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$")]
Token = Annotated[str, StringConstraints(max_length=512)]
Visible = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$")]
"""Plain ASCII without blanks, which is all that an issuer or a subject may be made of."""


class Door(Port, Protocol):
    """What lets people in: password hashing with lockout, signed access tokens, fresh secrets and their time."""

    def hash(self, password: str) -> str:
        """The salted hash to keep. Raises `Overloaded` when too many are waiting."""
        ...

    def check(self, email: str, address: str, password: str, hashed: str | None, organisation: str = "") -> bool:
        """Whether the password is right. Costs the same for unknown people (None). Raises `Limited` when locked.

        `organisation` is where the person belongs, if known: failed tries are counted there, too.
        """
        ...

    def renewed(self, password: str, hashed: str) -> str | None:
        """A new hash of a password that was right, if the one that is kept is weaker than today's."""
        ...

    def access(self, organisation: str, person: str, session: str, seconds: int) -> str:
        """A signed access token, bound to one organisation, good for so many `seconds`."""
        ...

    def secret(self) -> str:
        """A fresh secret of 256 bits, URL-safe."""
        ...

    def ends(self, lifetime: timedelta) -> datetime:
        """When something ends that begins now."""
        ...

    def is_over(self, end: datetime) -> bool:
        """Whether that moment has come."""
        ...


class SignedIn(BaseModel):
    """What somebody who has signed in gets: an access token for the calls, a refresh token for the next one."""

    access_token: Annotated[str, SHOWN_ONCE]
    refresh_token: Annotated[str, SHOWN_ONCE]
    token_type: str = "Bearer"  # noqa: S105  # the name of the scheme (RFC 6750), not a secret
    expires_in: int = ACCESS_SECONDS
    organisation: str
    person: Id[User]


class Place(BaseModel):
    """An organisation one is a member of."""

    slug: str
    name: str
    role: str


class Issued(BaseModel):
    """A secret that is shown this once."""

    id: str
    token: Annotated[str, SHOWN_ONCE]
    expires: datetime | None = None


def digest(secret: str) -> str:
    """What is kept of a secret of 256 random bits: SHA-256 is enough, as there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, kept: str) -> bool:
    """Whether a secret is the one that was kept, in constant time."""
    return hmac.compare_digest(digest(secret), kept)


def opened(token: str, parts: int) -> list[str] | None:
    """The parts of one of our own tokens, ids first and the secret last; None when it is not one."""
    found = token.split(".")
    well_formed = len(found) == parts and all(map(is_id, found[:-1]))
    return found if well_formed else None

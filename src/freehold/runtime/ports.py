"""What the runtime asks of the outside. Adapters fill these; nothing here imports one.

Every method that reaches data takes the `Scope` of the call it serves, explicitly. An adapter must read
`scope.tenant`, which raises once the call is over, and must put that tenant first in whatever it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time, from outside."""

    def now(self) -> datetime:
        """The time of day, in UTC, with its zone."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, for durations."""
        ...


class Random(Protocol):
    """Randomness, from outside. Must be fit for secrets."""

    def bytes(self, count: int) -> bytes:
        """`count` unpredictable bytes."""
        ...


class Seal(Protocol):
    """Authenticated encryption of short texts that leave the process and come back, such as cursors."""

    def seal(self, message: bytes, bound_to: Sequence[str]) -> str:
        """Close `message` into URL-safe text that opens only for the same `bound_to`."""
        ...

    def open(self, sealed: str, bound_to: Sequence[str]) -> bytes:
        """The message. Raises `SealBroken` when altered, truncated, or bound to something else."""
        ...


class SealBroken(Exception):
    """A sealed text was altered, or belongs to another tenant, caller or question."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a verified token says is calling, and on whose ground. Not yet known to be a member there."""

    tenant: str
    """The tenant the token is bound to; empty for a person who has not entered one."""
    subject: str
    """Who: the id of the person, or of the API key."""
    issuer: str = "local"
    kind: str = "person"
    """`person` or `key`."""
    session: str = ""
    expires: float = 0.0
    """Seconds since 1970 at which the token stops counting."""


class Tokens(Protocol):
    """Signed access tokens (RFC 9068), bound to one tenant each."""

    def issue(self, tenant: str, subject: str, session: str, seconds: int) -> str:
        """Sign a token for `subject` on the ground of `tenant`, good for `seconds`."""
        ...

    def verify(self, token: str) -> Principal:
        """Who is calling. Raises `Unauthenticated` for whatever is not exactly right."""
        ...

    def jwks(self) -> Mapping[str, object]:
        """The public keys, as a JSON Web Key Set (RFC 7517)."""
        ...


class Passwords(Protocol):
    """Password hashing in a bounded pool, so that a storm of logins cannot eat the memory."""

    def hash(self, password: str) -> str:
        """The salted hash to keep (PHC string). Raises `Overloaded` when too many are waiting."""
        ...

    def verify(self, password: str, hashed: str | None) -> bool:
        """Whether it matches. `None` stands for an unknown account and costs the same work."""
        ...

    def is_weak(self, hashed: str) -> bool:
        """Whether the hash was made with lesser parameters than today's and should be made again."""
        ...

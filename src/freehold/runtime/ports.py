"""What the runtime asks of the outside. Adapters fill these; nothing here imports one.

Every method that reaches data takes the `Scope` of the call it serves, explicitly. An adapter must read
`scope.tenant`, which raises once the call is over, and must put that tenant first in whatever it does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from freehold.model.data import Entity
from freehold.model.lookup import Lookup
from freehold.runtime.scope import Scope


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
    kind: Literal["person", "key", "system"] = "person"
    """`system` is what runs by itself, which no token says."""
    session: str = ""
    expires: float = 0.0
    """Seconds since 1970 at which the token stops counting."""
    vouched: bool = True
    """False for an API key whose secret nobody has compared yet: anybody can write one that names a tenant."""


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


class Ids(Protocol):
    """New ids: unique, and sorting by the time they were made."""

    def new(self) -> str:
        """A UUIDv7 (RFC 9562) in its canonical text, greater than the one before."""
        ...


Found = tuple[str, Entity]
"""What a store gives back: the tenant whose ground it lay on, and the entity. The unit of work compares the tenant."""


@dataclass(frozen=True, slots=True)
class Span:
    """Part of an ordered list: bounds on the order field, the place to go on from, and how many at most."""

    limit: int
    start: object = None
    stop: object = None
    after: tuple[object, str] | None = None
    """Order value and id of the last entity already seen."""


class Verb(StrEnum):
    """What a write does."""

    ADD = "add"
    SAVE = "save"
    REMOVE = "remove"


@dataclass(slots=True)
class Write:
    """One change to one entity. `version` is the one it was read at: the write fails if that is no longer so."""

    verb: Verb
    kind: type[Entity]
    entity: Entity
    version: int


@dataclass(slots=True)
class Changes:
    """What one call does to one tenant's ground: all of it or nothing."""

    scope: Scope
    writes: list[Write]
    references: list[tuple[type[Entity], str, str]]
    """Entities that must exist when this commits: what, which id, and the field that names it."""
    entry: Mapping[str, object] | None = None
    """What to append to the tenant's audit chain."""


class Stale(Exception):
    """Somebody saved or removed this entity since it was read."""

    def __init__(self, kind: type[Entity]) -> None:
        """Say what is stale."""
        super().__init__(kind.__name__)
        self.kind = kind


class Taken(Exception):
    """An id, or the value of a unique lookup, is in use. `lookup` is None when it is the id."""

    def __init__(self, kind: type[Entity], lookup: Lookup | None = None) -> None:
        """Say what is taken."""
        super().__init__(kind.__name__, lookup.name if lookup else "id")
        self.kind, self.lookup = kind, lookup


class Dangling(Exception):
    """A reference names something that is not there."""

    def __init__(self, kind: type[Entity], id: str, field: str) -> None:
        """Say which field names what."""
        super().__init__(kind.__name__, id, field)
        self.kind, self.id, self.field = kind, id, field


class Snapshot(Protocol):
    """A consistent view of one tenant's ground. Every method raises `TenantScopeMissing` once the call is over."""

    def get(self, kind: type[Entity], id: str) -> Found | None:
        """One entity by its id."""
        ...

    def page(self, lookup: Lookup, values: Sequence[object], span: Span) -> list[Found]:
        """Entities whose keys have these values, in the order of the lookup."""
        ...

    def close(self) -> None:
        """Give back what it holds. After this it refuses."""
        ...


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of a tenant's audit chain: `hash` covers `before` (the previous hash) and `text`."""

    number: int
    text: str
    before: str
    hash: str


class Database(Protocol):
    """Where entities are kept. Filled by `freehold.stores.*`; the contract suite says what each must do."""

    def snapshot(self, scope: Scope, beside: Snapshot | None = None) -> Snapshot:
        """Begin reading on the ground of `scope`. `beside` is what the same call reads on another ground.

        A store may serve both with one connection, so that no call ever waits for a second one.
        """
        ...

    def commit(self, parts: Sequence[Changes]) -> None:
        """Make all of it durable or none.

        Raises `Stale`, `Taken`, `Dangling`, `Invalid`, `TooLarge`, `Overloaded` or `StorageFull`.
        """
        ...

    def exclusively(self, scope: Scope, work: Callable[[Snapshot], Sequence[Changes]]) -> None:
        """Do `work` while nobody else writes on this ground, and commit what it returns. For calls that lost a race."""
        ...

    def busy_grounds(self, before: datetime) -> list[str]:
        """The tenants that have deliveries due: their ids and nothing else, for the outbox to visit."""
        ...

    def audit(self, scope: Scope, after: int, limit: int) -> list[AuditEntry]:
        """Part of a tenant's audit chain, oldest first, beginning behind number `after`."""
        ...

    def close(self) -> None:
        """Finish what is under way and let go of the files or connections."""
        ...

"""What a signature may ask for. A parameter of one of these types is supplied; every other one is input."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol, TypeVar

from freehold.model.data import NO_ID, Entity, Event, Id

E = TypeVar("E", bound=Entity)
S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)
V_contra = TypeVar("V_contra", bound=Event, contravariant=True)


class Store(Protocol[E]):
    """The entities of one kind on the ground of the calling tenant. Subclass it to declare lookups.

    What is written is written when the use case returns, all of it or nothing.
    """

    def get(self, id: Id[E]) -> E:
        """The entity with this id. Raises `NotFound` when there is none here."""
        ...

    def find(self, id: Id[E]) -> E | None:
        """The entity with this id, or None."""
        ...

    def add(self, entity: E) -> E:
        """Keep a new entity. Returns it with its id, version and times set."""
        ...

    def save(self, entity: E) -> E:
        """Keep a changed entity. Fails with 409 when somebody saved another version since it was read."""
        ...

    def remove(self, id: Id[E]) -> None:
        """Throw an entity away, with everything within it. Raises `NotFound` when there is none here."""
        ...


class Emit(Protocol[V_contra]):
    """Tells whoever listens that something has happened, if and only if the use case succeeds."""

    def __call__(self, event: V_contra, /) -> None:
        """Put `event` into the outbox."""
        ...


class Across(Protocol[S_co]):
    """A store on the ground of a tenant of one's choice. Only for use cases with `scope="everyone"`."""

    def __call__(self, tenant: str, /) -> S_co:
        """The store, bound to that tenant for the rest of this call."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a call comes from and whose ground it is bound to. For freehold's own accounts; refused to an app."""

    ground: str
    address: str = ""
    roles: tuple[str, ...] = ()
    """The app's roles, least first."""


class Port(Protocol):
    """Something outside that the app needs. Subclass it, describe the methods, and `app.provide` its adapters."""


@dataclass(frozen=True, slots=True)
class User:
    """Who is calling: a member of the tenant, an API key, or (id empty) nobody in particular."""

    id: Id[User] = NO_ID
    name: str = ""
    email: str = ""
    role: str = ""


class _Mark:
    """Tells a capability from the type it is otherwise the same as."""


NOW = _Mark()

Now = Annotated[datetime, NOW]
"""The time of the call, in UTC. The same however often it is looked at."""

READ_ONLY = _Mark()

ReadOnly = Annotated[S, READ_ONLY]
"""`ReadOnly[Tasks]`: the same store, without the right to write."""

"""The port that says who a principal is. Apart from the other ports, because it reads through a unit of work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from freehold.model.ports import User
from freehold.runtime.ports import Principal
from freehold.runtime.unit import Unit


class Membership(Protocol):
    """Who a principal is on a tenant's ground, read from that ground itself."""

    def member(self, principal: Principal, unit: Unit) -> User:
        """The member, with role. Raises `Unauthenticated` for who is none (any more), `Forbidden` when suspended."""
        ...

    def person(self, principal: Principal, unit: Unit) -> User:
        """The person, on the platform's ground. Raises `Unauthenticated` when there is no such person."""
        ...

    def admit(self, tenant: str, unit: Unit | None = None) -> None:
        """Raises `Forbidden` for a suspended tenant, and `Unauthenticated` for one that is gone.

        `unit` is the one of the call, whose connection may be used to look.
        """
        ...

    def is_arriving(self, tenant: str) -> bool:
        """Whether a tenant is being brought in, set back or erased: nothing on its ground may be touched."""
        ...

    def tenants(self) -> Iterator[str]:
        """The ids of all active tenants, oldest first."""
        ...

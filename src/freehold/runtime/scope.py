"""The tenant of a call, as an explicit argument with a life span.

A scope is made when a call is bound to its tenant and closed when the call ends. Whatever reaches data reads
`scope.tenant`; before and after, there is none, and asking raises. A context variable would do none of this: it is
lost in threads, kept by pooled ones, and inherited by tasks that outlive the request.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from freehold.model.names import ID_FORM, PLATFORM
from freehold.runtime.failures import TenantScopeMissing


class Scope:
    """One tenant, for one call."""

    __slots__ = ("_tenant", "call")

    def __init__(self, tenant: str, call: str = "") -> None:
        """Bind to `tenant`. `call` is the id of the request, for logs. Raises `TenantScopeMissing` without a tenant."""
        if type(tenant) is not str or ID_FORM.fullmatch(tenant) is None:
            message = "a scope needs the id of a tenant; there is no default"
            raise TenantScopeMissing(message)
        self._tenant: str | None = tenant
        self.call = call

    @classmethod
    def platform(cls) -> Scope:
        """The ground that is no tenant's. For use cases declared with `scope="everyone"`."""
        return cls(PLATFORM)

    @property
    def tenant(self) -> str:
        """The tenant's id. Raises `TenantScopeMissing` once the call is over."""
        if self._tenant is None:
            message = "this scope is closed: the call it was made for is over"
            raise TenantScopeMissing(message)
        return self._tenant

    def close(self) -> None:
        """End it. Whatever still holds it is refused from now on."""
        self._tenant = None

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        """For logs and debuggers."""
        return f"Scope({self._tenant or 'closed'})"

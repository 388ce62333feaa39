"""A gate in front of a client: what the policies do not allow is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Concatenate, Generic, ParamSpec, TypeVar

from freehold.testing.iam.dynamodb import Call
from freehold.testing.iam.principal import Principal
from freehold.testing.iam.tables import Place, TableKeys

P = ParamSpec("P")
R = TypeVar("R")


class Gate(Generic[P, R]):
    """A client with IAM in front of it."""

    def __init__(
        self,
        forward: Callable[Concatenate[str, Mapping[str, object], P], R],
        principal: Principal | Callable[P, Principal],
        tables: Iterable[TableKeys],
        *,
        denied: Callable[[str], Exception],
        place: Place | None = None,
    ) -> None:
        """Put it in front of `forward`, the client's own `call`.

        `principal` calls, or is found by what else `forward` takes, such as credentials. `denied` makes what is raised,
        of a message that begins with Amazon's code for it.
        """
        self._forward = forward
        self._principal = principal
        self._tables = {table.name: table for table in tables}
        self._denied = denied
        self._place = place or Place()

    def call(self, operation: str, request: Mapping[str, object], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call `operation`, if the policies allow all that it asks.

        Raises what `denied` made when they do not, and `Unsupported` when that cannot be told. Nothing is sent then.
        """
        principal = self._principal if isinstance(self._principal, Principal) else self._principal(*args, **kwargs)
        asks = Call(operation, request, self._tables, self._place).asks()
        if why := principal.denial(asks):
            raise self._denied(f"AccessDeniedException: {why}")
        return self._forward(operation, request, *args, **kwargs)

"""A gate in front of a client: what the policies do not allow is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from freehold.aws.client import AwsClient
from freehold.aws.credentials import Credentials
from freehold.aws.failures import AccessDenied
from freehold.testing.iam.dynamodb import Call
from freehold.testing.iam.principal import Principal
from freehold.testing.iam.tables import Place, TableKeys


class Gate:
    """A client of DynamoDB with IAM in front of it. Fills the port `AwsClient`."""

    def __init__(
        self,
        client: AwsClient,
        principal: Principal | Callable[[Credentials], Principal],
        tables: Iterable[TableKeys],
        *,
        place: Place | None = None,
    ) -> None:
        """Put it in front of `client`. `principal` calls, or is found by the credentials of each call."""
        self._client = client
        self._principal = principal
        self._tables = {table.name: table for table in tables}
        self._place = place or Place()

    def call(self, operation: str, request: Mapping[str, object], credentials: Credentials) -> Mapping[str, object]:
        """See `AwsClient.call`.

        Raises `AccessDenied` when the policies do not allow all that it asks, in Amazon's words, and `Unsupported` when
        that cannot be told. Nothing is sent then.
        """
        principal = self._principal if isinstance(self._principal, Principal) else self._principal(credentials)
        asks = Call(operation, request, self._tables, self._place).asks()
        if why := principal.denial(asks):
            raise AccessDenied("AccessDeniedException", why, status=400)
        return self._client.call(operation, request, credentials)

    def close(self) -> None:
        """See `AwsClient.close`."""
        self._client.close()

"""Clients that stand in front of another one, each filling the port `AwsClient`: they note, or they end."""

from collections.abc import Callable, Mapping

from freehold.aws.client import AwsClient
from freehold.aws.credentials import Credentials

Before = Callable[[str, Mapping[str, object]], None]


class Watched:
    """A client that tells what is asked, before it is asked."""

    def __init__(self, client: AwsClient, before: Before) -> None:
        """Ask `client`."""
        self._client, self._before = client, before

    def call(self, operation: str, request: Mapping[str, object], credentials: Credentials) -> Mapping[str, object]:
        """See `AwsClient.call`."""
        self._before(operation, request)
        return self._client.call(operation, request, credentials)

    def close(self) -> None:
        """See `AwsClient.close`."""
        self._client.close()

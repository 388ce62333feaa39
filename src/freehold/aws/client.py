"""The port that calls to AWS go through, and the choice of what fills it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from freehold.aws.credentials import Credentials


class AwsClient(Protocol):
    """Calls one service of AWS. Filled by `AwsJson` and by `Boto`; safe to use from any thread."""

    def call(
        self,
        operation: str,
        request: Mapping[str, object],
        credentials: Credentials,
        *,
        deadline: float | None = None,
        repeatable: bool | None = None,
    ) -> Mapping[str, object]:
        """Call an operation, with what the API reference of the service says of its request and its answer.

        `request` is as it goes over the wire: binary values are base64 text. `deadline` is how many seconds it may
        take in all. `repeatable` says whether doing it twice is as good as once; without it, reads and writes with a
        `ClientRequestToken` are. Raises `AwsError`.
        """
        ...

    def close(self) -> None:
        """Close the connections."""
        ...

"""The port that calls to AWS go through, and the choice of what fills it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from freehold.aws.boto import Boto
from freehold.aws.credentials import Credentials
from freehold.aws.endpoints import Endpoint
from freehold.aws.failures import AwsError
from freehold.aws.json_call import AwsJson
from freehold.aws.retries import STANDARD, Policy
from freehold.aws.sending import Sender
from freehold.runtime.ports import Clock, Random


class AwsClient(Protocol):
    """Calls one service of AWS. Filled by `AwsJson` and by `Boto`; safe to use from any thread."""

    def call(self, operation: str, request: Mapping[str, object], credentials: Credentials) -> Mapping[str, object]:
        """Call an operation, with what the API reference of the service says of its request and its answer.

        `request` is as it goes over the wire: binary values are base64 text. What may have been done is tried again
        only where doing it twice is as good as once: reads are so, and writes with a `ClientRequestToken`. Raises
        `AwsError`.
        """
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def open_client(
    endpoint: Endpoint, clock: Clock, random: Random, *, adapter: str = "own", policy: Policy = STANDARD
) -> AwsClient:
    """A client of one service, through the `adapter` that is named: `own`, or `boto3`, which is then loaded.

    It connects to nothing yet. Raises `AwsError` for an endpoint or an adapter that is none.
    """
    match adapter:
        case "own":
            return AwsJson(Sender(endpoint, clock, random, policy=policy))
        case "boto3":
            return Boto(endpoint, clock, random, policy=policy)
        case _:
            raise AwsError("NoAdapter", "AWS is called through `own` or `boto3`")

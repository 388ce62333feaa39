"""One signed POST to one service: retried, and with the service's idea of the time where ours is wrong."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

from freehold.aws.credentials import Credentials
from freehold.aws.endpoints import Endpoint
from freehold.aws.failures import AwsError
from freehold.aws.incoming import Answer
from freehold.aws.retries import STANDARD, Policy, Retries, Sleep
from freehold.aws.signing import Signer
from freehold.aws.transport import Connections, Request
from freehold.runtime.ports import Clock, Random

T = TypeVar("T")

_LOG = logging.getLogger("freehold.aws")
_NOTEWORTHY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """A request before it is signed. It is signed anew for every try, since a signature holds for minutes."""

    headers: Mapping[str, str]
    body: bytes
    repeatable: bool
    """Whether doing it twice is as good as doing it once."""


class Sender:
    """Sends to one service. One for a process: it holds the connections, the budget and the service's clock."""

    def __init__(
        self,
        endpoint: Endpoint,
        clock: Clock,
        random: Random,
        *,
        policy: Policy = STANDARD,
        sleep: Sleep = time.sleep,
    ) -> None:
        """Connect to nothing yet. Raises `AwsError` for an endpoint that is no address."""
        self.endpoint = endpoint
        try:
            self._connections = Connections(endpoint.url, clock)
        except ValueError as error:
            raise AwsError("BadEndpoint", f"the endpoint of {endpoint.service} will not do: {error}") from None
        self._signer = Signer(endpoint.service, endpoint.region)
        self._retries = Retries(policy, clock, random, sleep)
        self._clock = clock
        self._ahead = timedelta()  # how much the service's clock is ahead of ours

    def send(self, draft: Draft, credentials: Credentials | None, read: Callable[[Answer], T]) -> T:
        """Send until `read`, which raises `AwsError` for a failure, can make something of the answer.

        Without credentials it goes unsigned. Raises `AwsError`.
        """

        def attempt(until: float) -> T:
            answer = self._exchange(draft, credentials, until)
            try:
                return read(answer)
            except AwsError as error:
                if not (error.is_of_the_clock and self._set_clock_by(answer)):
                    raise
            return read(self._exchange(draft, credentials, until))

        return self._retries.run(attempt, repeatable=draft.repeatable)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _exchange(self, draft: Draft, credentials: Credentials | None, until: float) -> Answer:
        headers: Mapping[str, str] = {**draft.headers, "host": self._connections.host}
        if credentials is not None:
            headers = self._signer.sign(headers, draft.body, credentials, self._clock.now() + self._ahead)
        return self._connections.exchange(Request(headers, draft.body), until, repeatable=draft.repeatable)

    def _set_clock_by(self, answer: Answer) -> bool:
        """Take over the time of an answer. False if that is nothing new, so that nobody tries for ever."""
        try:
            ahead = parsedate_to_datetime(answer.headers.get("date", "")) - self._clock.now()
        except (TypeError, ValueError, OverflowError):
            return False
        if abs(ahead - self._ahead) < _NOTEWORTHY:
            return False
        _LOG.warning("the clock of %s is %d seconds ahead of ours", self.endpoint.service, ahead.total_seconds())
        self._ahead = ahead
        return True

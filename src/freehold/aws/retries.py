"""When a call is tried again: seldom, later, and never so often that it makes an outage worse."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from freehold.aws.failures import AwsError, Throttled, Unreachable
from freehold.runtime.ports import Clock, Random

T = TypeVar("T")
Sleep = Callable[[float], None]

_NEVER = frozenset({"AnswerTooLarge", "UnsendableHeader"})
_TRANSIENT = frozenset({"IDPCommunicationError", "RequestTimeout", "RequestTimeoutException"})


@dataclass(frozen=True, slots=True)
class Policy:
    """How long and how often. All times are in seconds."""

    seconds: float = 10.0
    """What a call may take in all, waiting and every try together, when its caller does not say."""
    each: float = 3.0
    """What one try may take. A long poll, such as SQS's, wants more than it waits for."""
    tries: int = 4
    first: float = 0.05
    """The longest wait before the second try; it doubles with every further one."""
    most: float = 1.0
    """The longest wait there is."""
    share: float = 0.1
    """Tries again, as a share of calls: the budget. An outage thus sees at most a tenth more than it would."""
    reserve: float = 10.0
    """How many tries again a quiet time saves up."""


STANDARD = Policy()
"""For calls that a request waits for."""

PATIENT = Policy(seconds=45.0, each=20.0, tries=8)
"""For what operators do with whole tenants: a slow answer is better than work to be done again."""


class Budget:
    """Tries again that may still be made: a bucket that calls fill, and tries again empty."""

    def __init__(self, share: float, reserve: float) -> None:
        """Begin with the reserve."""
        self._share, self._most = share, reserve
        self._left = reserve
        self._lock = threading.Lock()

    def earn(self) -> None:
        """Note a call."""
        with self._lock:
            self._left = min(self._most, self._left + self._share)

    def spend(self) -> bool:
        """Take one try again, if there is one."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Retries:
    """Runs tries by a policy, with one budget for all calls to a service."""

    def __init__(self, policy: Policy, clock: Clock, random: Random, sleep: Sleep = time.sleep) -> None:
        """Take time, randomness and sleep from outside, so that a test can repeat a run."""
        self._policy, self._clock, self._random, self._sleep = policy, clock, random, sleep
        self._budget = Budget(policy.share, policy.reserve)

    def run(self, attempt: Callable[[float], T], *, repeatable: bool) -> T:
        """Try until it works. Raises what the last try raised.

        `attempt` is told until when it may take, as the clock's `monotonic` counts. What may have been done is tried
        again only if it is `repeatable`.
        """
        policy = self._policy
        until = self._clock.monotonic() + policy.seconds
        self._budget.earn()
        number, maybe_done = 0, False
        while True:
            number += 1
            try:
                return attempt(min(until, self._clock.monotonic() + policy.each))
            except AwsError as error:
                # What an earlier try may have done is not undone by a later one that was refused.
                maybe_done = error.maybe_done = maybe_done or error.maybe_done
                if number >= policy.tries or not is_worth_repeating(error, repeatable=repeatable):
                    raise
                wait = self._wait(number)
                if self._clock.monotonic() + wait >= until or not self._budget.spend():
                    raise
            self._sleep(wait)

    def _wait(self, number: int) -> float:
        """Anything up to what doubles with each try ("full jitter"): those that failed together come back apart."""
        longest = min(self._policy.most, self._policy.first * 2 ** (number - 1))
        return longest * int.from_bytes(self._random.bytes(4)) / 2**32


def is_worth_repeating(error: AwsError, *, repeatable: bool) -> bool:
    """Whether another try may end better, and cannot do anything twice."""
    if isinstance(error, Throttled):
        return True
    if isinstance(error, Unreachable):
        return error.code not in _NEVER and (repeatable or not error.maybe_done)
    return repeatable and (error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code in _TRANSIENT)

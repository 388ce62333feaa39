"""Who may try to sign in: tries that failed make further ones wait, longer each time.

Three things are counted: the account that is tried, the address that tries, and the tenant where it happens, so that
guessing one password often, many passwords from one place, and one password on many accounts all come to a halt.

A try counts as failed from the moment it begins until it is known to have been right. If it counted only afterwards,
a hundred guesses sent at once would all be let in before the first was found wrong.

Whoever is refused adds nothing to the wait, so that nobody is kept out by somebody who merely keeps on trying. What is
unavoidable remains: a stranger can make an account wait. That is why it waits for an hour at most and not for ever.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from freehold.runtime.expiring import ExpiringTable, Plot
from freehold.runtime.failures import Limited
from freehold.runtime.limits import network
from freehold.runtime.ports import Clock


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many failed tries are put up with, and what happens then. Times are in seconds."""

    free: int
    """Tries that cost nothing."""
    pause: float
    """The wait after the last free one. Each further failure doubles it,"""
    longest: float
    """up to this."""
    window: float = 900.0
    """Failures are forgotten after so long without another, counted from the end of the wait."""

    def wait(self, failures: int) -> float:
        """Seconds that must pass between the last of so many failures and the next try."""
        if failures < self.free:
            return 0.0
        return min(self.longest, self.pause * 2.0 ** min(failures - self.free, 64))


PER_ACCOUNT = Tolerance(free=5, pause=60.0, longest=3_600.0)
"""At most eight guesses in any fifteen minutes."""
PER_ADDRESS = Tolerance(free=50, pause=5.0, longest=900.0)
"""An office or a mobile network is one address to us, hence the many."""
PER_TENANT = Tolerance(free=1_000, pause=1.0, longest=60.0)
"""Everybody there waits, so that it is short."""

_Counted = tuple[Plot, str]
"""An account, an address or a tenant: where it is kept (tenant and kind), and its name."""


@dataclass(frozen=True, slots=True)
class _Failures:
    """What is known of an account, an address or a tenant."""

    count: int
    next_try: float
    forgotten: float


class Lockout:
    """Lets tries through, or makes them wait. Safe to use from any thread; the state is this process's own."""

    def __init__(
        self,
        clock: Clock,
        *,
        account: Tolerance = PER_ACCOUNT,
        address: Tolerance = PER_ADDRESS,
        tenant: Tolerance = PER_TENANT,
        most: int = 100_000,
    ) -> None:
        """Set what is tolerated.

        `most` is how many accounts with failures are remembered for a tenant, and how many addresses. Beyond, those
        not among them are refused until some are forgotten: a flood must not wash away what is known.
        """
        self._clock = clock
        self._tolerances = {"account": account, "address": address, "tenant": tenant}
        self._lock = threading.Lock()
        self._failures: ExpiringTable[_Failures] = ExpiringTable(attrgetter("forgotten"), most=most, delay=1.0)
        self._trying: Counter[_Counted] = Counter()

    def attempt(self, account: str, address: str, check: Callable[[], bool], *, tenant: str = "") -> bool:
        """Whether `check()` says that the secret is right; or `Limited`, without asking it.

        `account` is what the caller claims to be, known or unknown, in its normal form. `address` is where the call
        comes from (`network` of it is what counts). `tenant` must exist; leave it out where people sign in before
        they enter one: then nothing is counted per tenant.

        Raises `Limited`, with the seconds to wait, after too many failures. A success clears the account's failures,
        and not the address's, or a guesser would clear them with an account of his own. When `check` raises, the try
        does not count: the secret has not been compared.
        """
        counted: list[_Counted] = [((tenant, "account"), account), ((tenant, "address"), network(address))]
        if tenant:
            counted.append(((tenant, "tenant"), ""))
        self._begin(counted)
        try:
            right = check()
            with self._lock:
                if right:
                    self._failures.remove(*counted[0])
                else:
                    self._failed(counted)
        finally:
            with self._lock:
                self._trying.subtract(counted)
                self._trying += Counter()  # drops what has come down to zero
        return right

    def _begin(self, counted: list[_Counted]) -> None:
        with self._lock:
            now = self._clock.monotonic()
            self._failures.forget(now)
            wait = max(self._wait(now, one) for one in counted)
            if wait > 0:
                raise Limited("TOO_MANY_TRIES", "Too many failed tries: wait and retry.", retry_after=wait)
            self._trying.update(counted)

    def _failed(self, counted: list[_Counted]) -> None:
        now = self._clock.monotonic()
        for one in counted:
            (_, kind), _ = one
            tolerance, known = self._tolerances[kind], self._known(now, one)
            count = known.count + 1 if known else 1
            next_try = now + tolerance.wait(count)
            self._failures.put(*one, _Failures(count, next_try, next_try + tolerance.window))

    def _wait(self, now: float, one: _Counted) -> float:
        """Seconds until a try is allowed; 0 if it is now."""
        plot, _ = one
        tolerance, known = self._tolerances[plot[1]], self._known(now, one)
        if known is None and not self._failures.has_room(plot):
            return tolerance.window
        trying = self._trying[one]
        count = known.count if known else 0
        if count + trying < tolerance.free:
            return 0.0
        if trying:  # those under way may all fail
            return tolerance.wait(count + trying)
        return known.next_try - now if known else 0.0

    def _known(self, now: float, one: _Counted) -> _Failures | None:
        found = self._failures.get(*one)
        return found if found is not None and found.forgotten > now else None

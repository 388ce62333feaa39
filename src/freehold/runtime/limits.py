"""How many calls are allowed: token buckets for each tenant, principal and route.

A call takes from up to three buckets at once: its tenant's, its principal's, and, where the use case declares
`limit="60/minute"`, the principal's for that route. It takes from all of them or from none, so that refused calls
cost nobody anything, and a person who is held back does not use up what colleagues share.

A bucket is one number, the moment at which it will be full again (the generic cell rate algorithm of ITU-T I.371).
A full bucket is worth nothing and is forgotten, a drained one never before it is full. Time is counted in whole
nanoseconds, so that "never more than the burst plus rate times time" holds exactly and over any window.

The state is this process's own: with n processes, a declared limit holds n times over at worst.
"""

from __future__ import annotations

import threading
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

from freehold.model.rate import Rate
from freehold.runtime.expiring import ExpiringTable, Plot
from freehold.runtime.failures import Limited
from freehold.runtime.ports import Clock

SECOND = 1_000_000_000
"""In nanoseconds, the unit of every moment kept here."""


class _Size(NamedTuple):
    """A rate in nanoseconds, worked out once."""

    rate: Rate
    interval: int
    """Until one call comes back: rounded up, so that never too many do."""
    whole: int
    """Until a drained bucket is full."""

    @classmethod
    def of(cls, text: str) -> _Size:
        """Read and work out. Raises `ValueError`."""
        rate = Rate.parse(text)
        interval = -(-rate.seconds * SECOND // rate.calls)
        return cls(rate, interval, interval * rate.calls)


_Wanted = list[tuple[Plot, str, _Size]]
"""The buckets a call takes from: where each is (tenant, policy, and perhaps route), whose it is, and how large."""


class Limits:
    """Counts calls, and refuses those that are too many. Safe to use from any thread."""

    def __init__(
        self,
        clock: Clock,
        *,
        per_tenant: str = "60000/minute",
        per_principal: str = "30000/minute",
        most: int = 100_000,
    ) -> None:
        """Set what holds for all calls of a tenant together and of one principal together, whatever the route.

        `most` is how many principals of one tenant may have a bucket in use for one limit. Beyond, others are refused
        under that limit until some buckets are full: a flood of invented principals neither eats the memory, nor
        reaches another route or a neighbour. Raises `ValueError` for a limit that cannot be read.
        """
        self._clock = clock
        self._per_tenant, self._per_principal = _Size.of(per_tenant), _Size.of(per_principal)
        self._declared: dict[str, _Size] = {}
        self._lock = threading.Lock()
        self._full_at: ExpiringTable[int] = ExpiringTable(int, most=most, delay=SECOND)

    def take(self, tenant: str, principal: str, route: str, rate: str | None = None) -> None:
        """Count one call of `principal` to `route`.

        `route` names the use case, `rate` is the limit that it declares, if any. The principal of an anonymous call is
        the `network` it comes from. Raises `Limited`, with the seconds to wait, when any of the limits is reached;
        then nothing is taken. Raises `ValueError` for a rate that cannot be read.
        """
        wanted = self._wanted(tenant, principal, route, rate)
        now = round(self._clock.monotonic() * SECOND)
        gaps: list[int] = []
        with self._lock:
            self._full_at.forget(now)
            for plot, key, size in wanted:
                full_at = self._full_at.get(plot, key)
                if full_at is None and not self._full_at.has_room(plot):
                    raise Limited(retry_after=1.0)
                gap = size.interval if full_at is None or full_at <= now else full_at - now + size.interval
                if gap > size.whole:
                    raise self._refusal(now, wanted)
                gaps.append(gap)
            for (plot, key, _), gap in zip(wanted, gaps, strict=True):
                self._full_at.put(plot, key, now + gap)

    def __len__(self) -> int:
        """How many buckets are kept, of all tenants."""
        with self._lock:
            return len(self._full_at)

    def _wanted(self, tenant: str, principal: str, route: str, rate: str | None) -> _Wanted:
        wanted: _Wanted = [
            ((tenant, "tenant"), "", self._per_tenant),
            ((tenant, "principal"), principal, self._per_principal),
        ]
        if rate is not None:
            size = self._declared.get(rate)
            if size is None:
                size = self._declared[rate] = _Size.of(rate)  # as many as are declared, and no more
            wanted.append(((tenant, "route", route), principal, size))
        return wanted

    def _gaps(self, now: int, wanted: _Wanted) -> list[int]:
        """Nanoseconds until each bucket is full."""
        known = (self._full_at.get(plot, key) for plot, key, _ in wanted)
        return [0 if full_at is None else max(full_at - now, 0) for full_at in known]

    def _refusal(self, now: int, wanted: _Wanted) -> Limited:
        """The answer to a call that was too many. By the time it names, every bucket has room."""
        gaps = self._gaps(now, wanted)
        sizes = list(zip(gaps, (size for _, _, size in wanted), strict=True))
        wait = max(gap + size.interval - size.whole for gap, size in sizes)
        left = [(size.whole - gap) // size.interval for gap, size in sizes]
        plot, _, size = wanted[left.index(min(left))]
        detail = {"policy": plot[1], "limit": size.rate.calls, "seconds": size.rate.seconds}
        return Limited(details=[detail], retry_after=wait / SECOND)


def network(address: str) -> str:
    """Who an address stands for: itself in IPv4; in IPv6 its /64, as whoever has one address there has them all.

    A text that is no address stands for itself.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))
    return str(found)

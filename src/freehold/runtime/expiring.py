"""A table whose entries expire: what limits and lockouts remember.

What an entry says becomes worthless at some moment, and that moment moves each time the entry changes. Entries are
forgotten once it has passed and never before: a table that evicted the living would give back, to whoever floods it,
the very allowance that was used up. What floods it meets a bound instead, and so do those on the same plot: one
tenant's, and for one purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush, heapreplace
from typing import Generic, TypeVar

Plot = tuple[str, ...]
"""A tenant first, and then what the entries are for."""

V = TypeVar("V")

STEPS = 32
"""How many entries are looked at in one go. A call adds fewer, so that the table shrinks and no call pays for all."""


class ExpiringTable(Generic[V]):
    """Entries by plot and key, until their moment has passed. Not locked: its owner holds a lock."""

    def __init__(self, moment: Callable[[V], float], *, most: int, delay: float) -> None:
        """Start empty.

        `moment` says when an entry becomes worthless, in any unit. `most` is how many entries a plot has room for. An
        entry is looked at `delay` after its moment, so that one in constant use is not looked at in every call.
        """
        self._moment = moment
        self._most = most
        self._delay = delay
        self._plots: dict[Plot, dict[str, V]] = {}
        self._looks: list[tuple[float, Plot, str]] = []  # a heap of when to look at what

    def __len__(self) -> int:
        """How many entries there are, on all plots."""
        return sum(map(len, self._plots.values()))

    def get(self, plot: Plot, key: str) -> V | None:
        """The entry, or None. Its moment may have passed: its owner looks."""
        entries = self._plots.get(plot)
        return None if entries is None else entries.get(key)

    def has_room(self, plot: Plot) -> bool:
        """Whether there may be an entry more."""
        entries = self._plots.get(plot)
        return entries is None or len(entries) < self._most

    def put(self, plot: Plot, key: str, value: V) -> None:
        """Add or replace an entry. Its moment must not be earlier than that of the one it replaces."""
        entries = self._plots.get(plot)
        if entries is None:
            entries = self._plots[plot] = {}
        if key not in entries:
            heappush(self._looks, (self._moment(value) + self._delay, plot, key))
        entries[key] = value

    def remove(self, plot: Plot, key: str) -> None:
        """Forget an entry before its moment, if there is one."""
        entries = self._plots.get(plot)
        if entries is not None and entries.pop(key, None) is not None and not entries:
            del self._plots[plot]

    def forget(self, now: float) -> None:
        """Let go of entries whose moment has passed, a few at a time. Call it before each `put`."""
        for _ in range(STEPS):
            if not self._looks or self._looks[0][0] > now:
                return
            _, plot, key = self._looks[0]
            value = self.get(plot, key)
            if value is not None and (moment := self._moment(value)) > now:
                heapreplace(self._looks, (moment + self._delay, plot, key))
            else:
                heappop(self._looks)
                self.remove(plot, key)

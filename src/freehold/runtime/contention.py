"""Remembers which commands lately lost a race, so that they queue up at once instead of losing it again."""

from __future__ import annotations

from freehold.model.usecase import Need, UseCase
from freehold.runtime.ports import Clock

REMEMBERED = 1.0
"""Seconds for which a lost race is remembered."""
MOST = 1000
"""So many races are remembered; then all are forgotten."""
OPTIMISTIC, EXCLUSIVE = False, True


class Contention:
    """Decides how a command is tried: first beside all others, and if that loses, alone on its tenant's ground."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is contended yet."""
        self._clock = clock
        self._lost: dict[tuple[str, str], float] = {}

    def plan(self, tenant: str, case: UseCase) -> tuple[bool, ...]:
        """The tries to make. A use case with ports of the app's own is never run twice: its effects are outside."""
        if case.needs(Need.PORT):
            return (OPTIMISTIC,)
        if self._lost and self._clock.monotonic() - self._lost.get((tenant, case.name), -REMEMBERED) < REMEMBERED:
            return (EXCLUSIVE,)
        return (OPTIMISTIC, EXCLUSIVE)

    def lost(self, tenant: str, case: UseCase) -> None:
        """Note that a try has lost a race."""
        if len(self._lost) >= MOST:
            self._lost.clear()
        self._lost[tenant, case.name] = self._clock.monotonic()

"""A clock that stands still until it is turned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class HandClock:
    """Fills the port `Clock`. Both its times move only by `turn`."""

    def __init__(self, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        """Begin at `at`."""
        self._now, self._monotonic = at, 1000.0

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._now

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._monotonic

    def turn(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by
        self._monotonic += by.total_seconds()

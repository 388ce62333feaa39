"""The machine's own clock and randomness."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime


class SystemClock:
    """Fills the port `Clock`."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()


class SystemRandom:
    """Fills the port `Random`."""

    def bytes(self, count: int) -> bytes:
        """See `Random.bytes`."""
        return os.urandom(count)

"""New ids: UUIDv7 (RFC 9562, section 5.7), with the clock's fraction of a millisecond in `rand_a` (method 3)."""

from __future__ import annotations

import hashlib
import threading

from freehold.runtime.ports import Clock, Random

_STEP = 4096


class TimeIds:
    """Makes ids that sort by the time they were made, in one process even within a microsecond."""

    def __init__(self, clock: Clock, random: Random) -> None:
        """Take time and randomness from outside, so that a test can repeat a run."""
        self._clock, self._random = clock, random
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        """A UUIDv7, greater than the one before. 62 of its bits are random."""
        ticks = int(self._clock.now().timestamp() * 1000 * _STEP)
        with self._lock:
            self._last = ticks = max(ticks, self._last + 1)
        noise = int.from_bytes(self._random.bytes(8)) >> 2
        milliseconds, fraction = divmod(ticks, _STEP)
        return canonical((milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | noise)


def derived(*parts: str) -> str:
    """An id that follows from `parts` alone: a UUIDv8 of their SHA-256. For records that must exist once only."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    value = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])
    value &= ~((0xF << 76) | (0b11 << 62))
    return canonical(value | (0x8 << 76) | (0b10 << 62))


def canonical(value: int) -> str:
    """128 bits as the text of a UUID."""
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

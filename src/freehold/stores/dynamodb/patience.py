"""Waiting between tries: longer each time, never as long as somebody else, and not for ever."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

LONGEST = 1.0
"""Seconds that a wait may be, however many there were before."""


def waits(first: float, seconds: float) -> Iterator[None]:
    """A step for each try: the first at once, the others after waits that double, until `seconds` are over.

    Each wait is anything up to what it may be ("full jitter"), so that those who failed together come back apart.
    """
    until = time.monotonic() + seconds
    longest = first
    while True:
        yield
        wait = longest * secrets.randbelow(1001) / 1000
        if time.monotonic() + wait >= until:
            return
        time.sleep(wait)
        longest = min(longest * 2, LONGEST)

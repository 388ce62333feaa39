"""How often a use case may be called: `limit="60/minute"`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PERIODS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_TEXT = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(_PERIODS)})")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds. They may come all at once; then they come back evenly."""

    calls: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read "60/minute". The period is second, minute, hour or day. Raises `ValueError` for anything else."""
        found = _TEXT.fullmatch(text)
        if found is None:
            periods = ", ".join(_PERIODS)
            raise ValueError(f'"{text}" is not a limit: write calls/period, such as "60/minute"; periods: {periods}')
        return cls(int(found[1]), _PERIODS[found[2]])

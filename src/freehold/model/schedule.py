"""Periods for jobs: `every("day")`, `every("15 minutes")`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_PERIOD = re.compile(r"(?:(\d{1,4}) )?(second|minute|hour|day|week)s?")


def seconds(period: str) -> int:
    """The length of a period. Raises `ValueError` when it is not one."""
    match = _PERIOD.fullmatch(period)
    if match is None or match[1] == "0":
        message = f'"{period}" is not a period: write "day", "hour" or "15 minutes"'
        raise ValueError(message)
    return int(match[1] or 1) * _UNITS[match[2]]


def slot(period: str, at: datetime) -> datetime:
    """When the period that `at` lies in began. Periods are counted from 1970 in UTC, so a day begins at midnight."""
    length = seconds(period)
    return datetime.fromtimestamp(int(at.timestamp()) // length * length, UTC)


def following(period: str, at: datetime) -> datetime:
    """When the next period begins."""
    return slot(period, at) + timedelta(seconds=seconds(period))

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.model.schedule import following, seconds, slot

PERIODS = ["minute", "15 minutes", "hour", "6 hours", "day", "2 weeks", "45 seconds"]


@pytest.mark.parametrize(
    ("period", "length"),
    [("second", 1), ("minute", 60), ("15 minutes", 900), ("1 hour", 3600), ("day", 86_400), ("2 weeks", 1_209_600)],
)
def test_a_period_has_a_length(period: str, length: int) -> None:
    assert seconds(period) == length


@pytest.mark.parametrize(
    "period", ["", "days ago", "0 minutes", "-1 day", "1.5 hours", "Day", " day", "99999 days", "month"]
)
def test_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        seconds(period)


def test_a_day_begins_at_midnight_in_utc() -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    assert slot("day", late) == datetime(2026, 11, 22, tzinfo=UTC)
    assert following("day", late) == datetime(2026, 11, 23, tzinfo=UTC)


@given(st.integers(0, 4_000_000_000), st.sampled_from(PERIODS))
def test_every_moment_lies_in_one_period_and_periods_follow_one_another(moment: int, period: str) -> None:
    at = datetime.fromtimestamp(moment, UTC)
    begins, ends = slot(period, at), following(period, at)
    assert begins <= at < ends
    assert slot(period, begins) == begins
    assert slot(period, ends) == ends
    assert (ends - begins).total_seconds() == seconds(period)

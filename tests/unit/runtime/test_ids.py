"""Ids: unique, and in the order they were made."""

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from freehold.model.names import ID_FORM
from freehold.runtime.ids import TimeIds, derived
from freehold.runtime.system import SystemRandom
from freehold.testing import HandClock


def test_ids_sort_by_when_they_were_made_even_while_the_clock_stands_still() -> None:
    ids = TimeIds(HandClock(), SystemRandom())
    made = [ids.new() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_ids_go_on_rising_when_the_clock_is_set_back() -> None:
    clock = HandClock()
    ids = TimeIds(clock, SystemRandom())
    before = ids.new()
    clock.turn(timedelta(hours=-1))
    assert ids.new() > before


def test_an_id_is_a_uuid_of_version_7_that_tells_its_millisecond() -> None:
    at = datetime(2026, 11, 21, 12, 0, 0, 123_000, tzinfo=UTC)
    made = uuid.UUID(TimeIds(HandClock(at), SystemRandom()).new())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == round(at.timestamp() * 1000)


@given(some.lists(some.text(), min_size=1), some.lists(some.text(), min_size=1))
def test_a_derived_id_follows_from_its_parts_alone(one: list[str], other: list[str]) -> None:
    assert ID_FORM.fullmatch(derived(*one))
    assert uuid.UUID(derived(*one)).version == 8
    assert (derived(*one) == derived(*other)) is (one == other)

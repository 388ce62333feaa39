"""Credentials are renewed in time, by one, and outlive an outage of what renews them."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from freehold.aws.credentials import Credentials, Refreshing
from freehold.aws.failures import AwsError, Unreachable
from freehold.testing.clock import HandClock


class Desk:
    """Gives keys that count for an hour, numbered, until it is told to fail."""

    def __init__(self, clock: HandClock, life: float | None = 3600) -> None:
        self.clock, self.life = clock, life
        self.asked = 0
        self.down: Exception | None = None
        self.asking, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def __call__(self) -> Credentials:
        self.asked += 1
        self.asking.set()
        self.go_on.wait(30)
        if self.down:
            raise self.down
        expires = None if self.life is None else self.clock.now() + timedelta(seconds=self.life)
        return Credentials(f"key-{self.asked}", "secret", "", expires)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(clock: HandClock) -> Desk:
    return Desk(clock)


@pytest.fixture
def keys(desk: Desk, clock: HandClock) -> Refreshing:
    return Refreshing(desk, clock)


def turn(clock: HandClock, seconds: float) -> None:
    clock.turn(timedelta(seconds=seconds))


def test_nothing_is_fetched_before_it_is_needed_and_then_once(keys: Refreshing, desk: Desk) -> None:
    assert desk.asked == 0
    assert {keys().access_key for _ in range(10)} == {"key-1"}
    assert desk.asked == 1


def test_keys_that_never_expire_are_fetched_once(clock: HandClock) -> None:
    desk = Desk(clock, life=None)
    keys = Refreshing(desk, clock)
    keys()
    turn(clock, 1e9)
    assert keys().access_key == "key-1"
    assert desk.asked == 1


def test_they_are_renewed_ten_minutes_before_they_end(keys: Refreshing, clock: HandClock) -> None:
    keys()
    turn(clock, 3000)
    assert keys().access_key == "key-1"
    turn(clock, 1)
    assert keys().access_key == "key-2"


def test_those_that_count_for_a_short_time_are_renewed_after_half_of_it(clock: HandClock) -> None:
    desk = Desk(clock, life=400)
    keys = Refreshing(desk, clock)
    keys()
    turn(clock, 199)
    assert keys().access_key == "key-1"
    turn(clock, 2)
    assert keys().access_key == "key-2"


@pytest.mark.parametrize(
    "down", [Unreachable("Timeout", maybe_done=True), AwsError("NoCredentials"), KeyError("bug")], ids=repr
)
def test_an_outage_is_outlived_for_as_long_as_the_keys_count(
    keys: Refreshing, desk: Desk, clock: HandClock, down: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    keys()
    desk.down = down
    turn(clock, 3001)
    with caplog.at_level(logging.WARNING, "freehold.aws"):
        for _ in range(598):
            assert keys().access_key == "key-1"
            turn(clock, 1)
    assert 5 + 40 <= desk.asked <= 7 + 62
    assert "could not be renewed, 599 seconds before they expire" in caplog.text
    assert "secret" not in caplog.text
    turn(clock, 10)
    with pytest.raises(type(down)):
        keys()


def test_after_an_outage_they_are_renewed(keys: Refreshing, desk: Desk, clock: HandClock) -> None:
    keys()
    desk.down = AwsError("down")
    turn(clock, 3100)
    keys()
    desk.down = None
    assert keys().access_key == "key-1"
    turn(clock, 60)
    assert keys().access_key == "key-3"


def test_after_the_end_nothing_old_is_given_out(keys: Refreshing, desk: Desk, clock: HandClock) -> None:
    keys()
    turn(clock, 3600)
    assert keys().access_key == "key-2"
    desk.down = AwsError("down")
    turn(clock, 3600)
    with pytest.raises(AwsError, match="down"):
        keys()


def test_keys_that_are_over_when_they_come_are_none(clock: HandClock) -> None:
    with pytest.raises(AwsError) as caught:
        Refreshing(Desk(clock, life=0), clock)()
    assert caught.value.code == "ExpiredCredentials"


def test_a_source_that_keeps_giving_the_same_keys_is_not_asked_in_every_call(clock: HandClock) -> None:
    same = Credentials("key", "secret", "", clock.now() + timedelta(hours=1))
    asked: list[int] = []

    def source() -> Credentials:
        asked.append(1)
        return same

    keys = Refreshing(source, clock)
    for _ in range(3590):
        assert keys() is same
        turn(clock, 1)
    assert len(asked) < 90


def test_many_calls_at_once_fetch_once(clock: HandClock) -> None:
    desk = Desk(clock)
    desk.go_on.clear()
    keys = Refreshing(desk, clock)
    with ThreadPoolExecutor(16) as threads:
        found = [threads.submit(keys) for _ in range(400)]
        assert desk.asking.wait(30)
        desk.go_on.set()
        assert {each.result().access_key for each in found} == {"key-1"}
    assert desk.asked == 1


def test_who_renews_holds_up_nobody(keys: Refreshing, desk: Desk, clock: HandClock) -> None:
    keys()
    turn(clock, 3400)
    desk.asking.clear()
    desk.go_on.clear()
    with ThreadPoolExecutor(1) as threads:
        renewing = threads.submit(keys)
        assert desk.asking.wait(30)
        turn(clock, 61)
        assert [keys().access_key for _ in range(10)] == ["key-1"] * 10
        assert not keys.is_idle
        desk.go_on.set()
        assert renewing.result().access_key == "key-2"
    assert keys.is_idle
    assert desk.asked == 2


def test_those_who_had_to_wait_for_a_failure_share_it(clock: HandClock) -> None:
    desk = Desk(clock)
    desk.down = AwsError("down")
    desk.go_on.clear()
    keys = Refreshing(desk, clock)
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(keys) for _ in range(8)]
        assert desk.asking.wait(30)
        desk.go_on.set()
        assert {str(each.exception()) for each in waiting} == {"down"}
    assert desk.asked == 1
    turn(clock, 1)
    desk.down = None
    assert keys().access_key == "key-2"

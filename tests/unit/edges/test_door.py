"""The door: what counts as a failed try, and for whom."""

from datetime import timedelta

import pytest

from freehold.edges.door import LocalDoor
from freehold.edges.keys import KeyRing
from freehold.edges.tokens import LocalTokens
from freehold.runtime.failures import Limited
from freehold.runtime.lockout import PER_TENANT
from freehold.runtime.system import SystemRandom
from freehold.testing import HandClock

ORGANISATION = "01900000-0000-7000-8000-00000000ac3e"
ANOTHER = "01900000-0000-7000-8000-00000000face"


class Plain:
    """Compares passwords as they are, so that a thousand tries take no time."""

    def hash(self, password: str) -> str:
        return f"strong {password}"

    def verify(self, password: str, hashed: str | None) -> bool:
        return hashed is not None and hashed.partition(" ")[2] == password

    def is_weak(self, hashed: str) -> bool:
        return hashed.startswith("weak ")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def door(clock: HandClock) -> LocalDoor:
    random = SystemRandom()
    tokens = LocalTokens(KeyRing.create(random), clock, random, issuer="us", audience="api")
    return LocalDoor(Plain(), tokens, clock, random)


def fail(door: LocalDoor, times: int, organisation: str = ORGANISATION) -> None:
    for number in range(times):
        address = f"10.{number // 250 % 250}.{number % 250}.1"
        assert not door.check(f"guess{number // 4}", address, "wrong", "strong right", organisation)


def test_trying_many_accounts_of_one_organisation_from_many_addresses_comes_to_a_halt(
    door: LocalDoor, clock: HandClock
) -> None:
    fail(door, PER_TENANT.free)
    with pytest.raises(Limited):
        door.check("ada", "192.0.2.1", "right", "strong right", ORGANISATION)
    assert door.check("eve", "192.0.2.1", "right", "strong right", ANOTHER)
    clock.turn(timedelta(seconds=PER_TENANT.longest))
    assert door.check("ada", "192.0.2.1", "right", "strong right", ORGANISATION)


def test_an_account_is_counted_whatever_the_organisation(door: LocalDoor) -> None:
    for number, organisation in enumerate([ORGANISATION, ANOTHER, "", ORGANISATION, ""]):
        assert not door.check("ada", f"192.0.2.{number}", "wrong", "strong right", organisation)
    with pytest.raises(Limited):
        door.check("ada", "198.51.100.1", "right", "strong right", "")


def test_a_success_clears_the_account_and_not_the_address(door: LocalDoor) -> None:
    for _ in range(12):
        for number in range(4):
            assert not door.check("ada", f"10.0.0.{number}", "wrong", "strong right", ORGANISATION)
        assert door.check("ada", "10.0.0.9", "right", "strong right", ORGANISATION)
    for number in range(2):
        assert not door.check(f"other{number}", "10.0.0.1", "wrong", None)


def test_only_a_weak_hash_is_made_again(door: LocalDoor) -> None:
    assert door.renewed("right", "weak right") == "strong right"
    assert door.renewed("right", "strong right") is None


def test_what_ends_is_over_from_that_moment_on(door: LocalDoor, clock: HandClock) -> None:
    end = door.ends(timedelta(minutes=1))
    clock.turn(timedelta(seconds=59))
    assert not door.is_over(end)
    clock.turn(timedelta(seconds=1))
    assert door.is_over(end)


def test_secrets_are_long_and_never_the_same(door: LocalDoor) -> None:
    secrets = {door.secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {43}

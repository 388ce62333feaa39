"""Sent twice, done once; sent too often, refused."""

from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType

import pytest

from freehold import Conflict, Id, Invalid
from freehold.testing import BadRequest, Caller, Failure, Limited, caller


@pytest.fixture
def ada(example: ModuleType) -> Iterator[Caller]:
    """Somebody at the bank."""
    with caller(example.app, "bank") as ada:
        yield ada


@pytest.fixture
def wallets(example: ModuleType, ada: Caller) -> tuple[Id[object], Id[object]]:
    """One with a hundred in it, and an empty one."""
    full, empty = ada.call(example.open_wallet), ada.call(example.open_wallet)
    ada.call(example.fill_wallet, key="first", id=full.id, cents=100)
    return full.id, empty.id


def cents(example: ModuleType, who: Caller, ids: tuple[Id[object], Id[object]]) -> list[int]:
    """What is in the wallets."""
    return [who.call(example.look_into_wallet, id=id).cents for id in ids]


def test_a_payment_that_is_sent_again_is_made_once(
    example: ModuleType, ada: Caller, wallets: tuple[Id[object], Id[object]]
) -> None:
    first, again = [ada.answer("pay", key="a", id=wallets[0], to=wallets[1], cents=30) for _ in range(2)]
    assert (first.replayed, again.replayed, again.data) == (False, True, first.data)
    assert cents(example, ada, wallets) == [70, 30]


def test_a_refusal_is_repeated_too(example: ModuleType, ada: Caller, wallets: tuple[Id[object], Id[object]]) -> None:
    with pytest.raises(Conflict):
        ada.call(example.pay, key="a", id=wallets[1], to=wallets[0], cents=30)
    ada.call(example.pay, key="b", id=wallets[0], to=wallets[1], cents=50)
    with pytest.raises(Failure) as again:
        ada.call(example.pay, key="a", id=wallets[1], to=wallets[0], cents=30)
    assert (again.value.status, again.value.code, again.value.replayed) == (409, "NOT_ENOUGH", True)
    assert cents(example, ada, wallets) == [50, 50]


def test_nobody_pays_themselves(example: ModuleType, ada: Caller, wallets: tuple[Id[object], Id[object]]) -> None:
    with pytest.raises(Invalid):
        ada.call(example.pay, key="a", id=wallets[0], to=wallets[0], cents=30)
    assert cents(example, ada, wallets) == [100, 0]


def test_a_key_belongs_to_one_payment(example: ModuleType, ada: Caller, wallets: tuple[Id[object], Id[object]]) -> None:
    ada.call(example.pay, key="a", id=wallets[0], to=wallets[1], cents=30)
    with pytest.raises(Invalid):
        ada.call(example.pay, key="a", id=wallets[0], to=wallets[1], cents=31)
    assert cents(example, ada, wallets) == [70, 30]


def test_a_payment_without_a_key_is_refused(
    example: ModuleType, ada: Caller, wallets: tuple[Id[object], Id[object]]
) -> None:
    with pytest.raises(BadRequest):
        ada.call(example.pay, id=wallets[0], to=wallets[1], cents=30)
    assert cents(example, ada, wallets) == [100, 0]


def test_the_sixty_first_payment_in_a_minute_has_to_wait(
    example: ModuleType, ada: Caller, wallets: tuple[Id[object], Id[object]]
) -> None:
    for n in range(60):
        ada.call(example.pay, key=f"{n}", id=wallets[0], to=wallets[1], cents=1)
    with pytest.raises(Limited) as refused:
        ada.call(example.pay, key="60", id=wallets[0], to=wallets[1], cents=1)
    ada.clock.turn(timedelta(seconds=refused.value.retry_after or 0))
    ada.call(example.pay, key="60", id=wallets[0], to=wallets[1], cents=1)
    assert cents(example, ada, wallets) == [39, 61]


def test_nobody_is_held_back_by_somebody_else(
    example: ModuleType, ada: Caller, wallets: tuple[Id[object], Id[object]]
) -> None:
    for n in range(60):
        ada.call(example.pay, key=f"{n}", id=wallets[0], to=wallets[1], cents=1)
    ben = ada.acting_as("holder", "ben")
    assert ben.call(example.pay, key="0", id=wallets[0], to=wallets[1], cents=1).cents == 39

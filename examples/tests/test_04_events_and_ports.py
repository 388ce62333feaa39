"""What follows from an order, and the provider outside."""

from types import ModuleType

import pytest

from freehold.testing import caller


@pytest.mark.parametrize(("amount", "state"), [("100.00", "paid"), ("100.01", "declined")])
def test_an_order_is_paid_for_after_it_was_placed(example: ModuleType, amount: str, state: str) -> None:
    with caller(example.app, "customer") as ada:
        order = ada.call(example.place_order, amount=amount)
        assert ada.call(example.read_order, id=order.id).state == "placed"
        ada.deliver()
        assert ada.call(example.read_order, id=order.id).state == state


def test_an_order_is_charged_once_however_often_events_are_delivered(example: ModuleType) -> None:
    with caller(example.app, "customer") as ada:
        order = ada.call(example.place_order, amount="5")
        assert (ada.deliver(), ada.deliver()) == (1, 0)
        assert ada.call(example.read_order, id=order.id).version == order.version + 1

"""Events and ports: what follows, and what is outside.

An event is committed with the change it tells of, or not at all, and delivered at least once: so the customer's call
waits for no payment provider, and no crash loses a payment. The provider is a port, that is what the app asks of it;
which adapter fills it depends on the environment, and on a laptop none needs an account anywhere.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from freehold import App, Emit, Entity, Event, Id, Port, Store

app = App("shop")
customer, clerk = app.roles("customer", "clerk")


class State(StrEnum):
    PLACED = "placed"
    PAID = "paid"
    DECLINED = "declined"


class Order(Entity):
    amount: Decimal
    state: State = State.PLACED


class OrderPlaced(Event):
    order: Id[Order]


class Payments(Port, Protocol):
    def charge(self, order: Id[Order], amount: Decimal) -> bool:
        """Whether it was paid. To ask again about the same order gives the same answer, and charges nothing."""
        ...


class PretendPayments:
    """Takes no money, and believes everybody up to a hundred."""

    def __init__(self) -> None:
        """Nobody has been asked for anything yet."""
        self.answers: dict[Id[Order], bool] = {}

    def charge(self, order: Id[Order], amount: Decimal) -> bool:
        """Whether it would have been paid."""
        return self.answers.setdefault(order, amount <= Decimal(100))


# By name: imported only where it is chosen.
app.provide(Payments, local=PretendPayments, aws="shop.stripe:StripePayments")


@app.command("POST /orders", allow=customer)
def place_order(amount: Decimal, orders: Store[Order], emit: Emit[OrderPlaced]) -> Order:
    """Order something. It is paid for in a moment."""
    order = orders.add(Order(amount=amount))
    emit(OrderPlaced(order=order.id))
    return order


@app.query("GET /orders/{id}", allow=customer)
def read_order(id: Id[Order], orders: Store[Order]) -> Order:
    """See how an order is getting on."""
    return orders.get(id)


@app.on(OrderPlaced)
def charge_for_it(event: OrderPlaced, orders: Store[Order], payments: Payments) -> None:
    """Ask for the money. If the provider is down, this is tried again, a little later each time."""
    order = orders.find(event.order)
    if order is not None and order.state is State.PLACED:
        order.state = State.PAID if payments.charge(order.id, order.amount) else State.DECLINED
        orders.save(order)

"""An app with what real ones have: prices of so many digits, input that is compared, keys that must be sent.

Ids of what may be removed, too, and answers with such ids, which receipts keep.

The examples have none of that, and the suite must not take for a leak what an app like this does rightly.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from freehold import App, Entity, Id, Invalid, Store

app = App("rental")
clerk, admin = app.roles("clerk", "admin")

Money = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]


class Item(Entity):
    name: str
    per_day: Money


class Customer(Entity):
    name: str


class Reservation(Entity, within=Item):
    item: Id[Item]
    customer: Id[Customer]
    start: date
    stop: date


@app.command("POST /items", allow=admin)
def add_item(name: str, per_day: Money, items: Store[Item]) -> Item:
    """Put something up for rent."""
    return items.add(Item(name=name, per_day=per_day))


@app.command("POST /customers", allow=clerk)
def add_customer(name: str, customers: Store[Customer]) -> Customer:
    """Write down a customer."""
    return customers.add(Customer(name=name))


@app.command("DELETE /customers/{id}", allow=admin)
def remove_customer(id: Id[Customer], customers: Store[Customer]) -> None:
    """Forget a customer, whose reservations stay."""
    customers.remove(id)


@app.command("POST /reservations", allow=clerk)
def reserve(
    item: Id[Item], customer: Id[Customer], start: date, stop: date, items: Store[Item], kept: Store[Reservation]
) -> Reservation:
    """Reserve an item for some days."""
    if stop <= start:
        raise Invalid("NO_DAYS", "It ends before it begins.")
    items.save(items.get(item))  # so that two at the same moment are one after the other
    return kept.add(Reservation(item=item, customer=customer, start=start, stop=stop))


@app.command("POST /reservations/{id}/begin", allow=clerk, idempotent=True)
def begin(id: Id[Reservation], kept: Store[Reservation]) -> Reservation:
    """Hand the item over."""
    return kept.save(kept.get(id))


@app.command("DELETE /reservations/{id}", allow=clerk)
def cancel(id: Id[Reservation], kept: Store[Reservation]) -> None:
    """Cancel a reservation."""
    kept.remove(id)

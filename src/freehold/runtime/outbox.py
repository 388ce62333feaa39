"""Events are committed with the data they tell of, one delivery for each handler, and delivered at least once.

A delivery lies on the tenant's ground. The handler's transaction takes it off, so its effect happens once. One that
fails is tried again later, with exponential backoff and jitter; after `TRIES` it is dead and waits for somebody
to redrive it. What is dead blocks nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal, Protocol

from freehold.model.data import Entity, Id, Page, Paging, Range
from freehold.model.lookup import Lookup, lookup, lookups_of
from freehold.model.ports import Store
from freehold.runtime.ports import Random, Verb, Write
from freehold.runtime.unit import Unit

TRIES = 8
FIRST_WAIT = 1.0
"""Seconds until the second try, at most; each wait may be twice the one before."""
LONGEST_WAIT = 300.0
"""Seconds that a wait is at most."""
BATCH = 50
"""So many deliveries of one ground are tried before the next ground has its turn."""

State = Literal["waiting", "dead"]


class Delivery(Entity):
    """One event on its way to one handler."""

    handler: str
    event: str
    payload: str
    call: str
    state: State = "waiting"
    tries: int = 0
    due: datetime
    error: str = ""


class Deliveries(Store[Delivery], Protocol):
    """How deliveries are found: by state, the most urgent first."""

    @lookup(order="due")
    def in_state(self, state: State, page: Paging, due: Range[datetime]) -> Page[Delivery]:
        """Those that wait, or those that are dead."""
        ...


IN_STATE: Lookup = next(iter(lookups_of(Deliveries)))


def deliveries(unit: Unit, followers: Mapping[str, list[str]], call: str) -> Iterator[Write]:
    """The writes that put a unit's events into the outbox."""
    for event in unit.events:
        name = type(event).__name__
        for handler in followers.get(name, ()):
            delivery = Delivery(
                id=Id(unit.new_id()), version=1, created_at=unit.now, updated_at=unit.now, handler=handler, event=name,
                payload=event.model_dump_json(), call=call, due=unit.now,
            )  # fmt: skip
            yield Write(Verb.ADD, Delivery, delivery, 0)


def taken(delivery: Delivery) -> Write:
    """The write that takes a delivery off, for the handler's own transaction."""
    return Write(Verb.REMOVE, Delivery, delivery, delivery.version)


def wait(tries: int, random: Random) -> timedelta:
    """How long to wait after so many tries: exponential, capped, the later half of it by chance (equal jitter)."""
    share = int.from_bytes(random.bytes(4)) / 2**32
    return timedelta(seconds=min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1)) * (0.5 + share / 2))

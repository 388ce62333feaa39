"""An app on its store, as an operator has it before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from freehold.accounts.records import Organisation
from freehold.model.data import Entity
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.model import Model
from freehold.runtime.audit import GENESIS
from freehold.runtime.ports import Clock, Database
from freehold.runtime.scope import Scope
from freehold.stores.estate import LARGE, Claimed, Estate

BATCH = 500
"""Entities, or links of a chain, that are put at a time, at most."""
FEW = 25
"""Entities that are put first, when nobody knows yet how large they are."""

LOOK = 5_000
"""Entities, or links of a chain, that are read at a time, and are in memory then."""

Progress = Callable[[str, int], None]
"""Told what is being done, and how many entities or entries were done in all."""


class Portions:
    """How many entities to put at a time: few at first, then as many as are `LARGE` together, going by the last."""

    def __init__(self) -> None:
        """Know nothing of them yet."""
        self.size = FEW

    def note(self, count: int, weight: int) -> None:
        """So many entities were so many bytes."""
        if weight:
            self.size = max(1, min(BATCH, 4 * self.size, LARGE * count // weight))


def unheard(what: str, count: int) -> None:
    """Tell nobody."""
    del what, count


@dataclass(frozen=True, slots=True)
class Tip:
    """The end of an audit chain: its last number and hash."""

    number: int = 0
    hash: str = GENESIS


@dataclass(frozen=True)
class Deployment:
    """An app on its store: its model, the ports to what it keeps, and a clock."""

    model: Model
    database: Database
    estate: Estate
    clock: Clock


def entities(estate: Estate, scope: Scope, kind: type[Entity]) -> Iterator[list[Entity]]:
    """All of a kind on a ground in the order of their ids, in batches."""
    after = ""
    while batch := estate.rows(scope, kind, after, LOOK):
        yield batch
        after = batch[-1].id


def tip(estate: Estate, scope: Scope) -> Tip:
    """Where a ground's chain ends."""
    last = Tip()
    while batch := estate.chain(scope, last.number, LOOK):
        last = Tip(batch[-1].number, batch[-1].hash)
    return last


def check_whole(there: Organisation) -> None:
    """Raises `ModelError` (FH322) for a tenant that is not all there."""
    if there.state == "arriving":
        message, fix = "it is being imported, restored or erased, or that was interrupted", "do that again, to its end"
        raise ModelError([Finding("FH322", Place(there.slug, 0), message, fix)])


@contextmanager
def claimed(estate: Estate, scope: Scope, slug: str) -> Iterator[None]:
    """A ground to oneself, as far as operators go. Raises `ModelError` (FH322) when somebody else is at work on it."""
    try:
        with estate.claim(scope):
            yield
    except Claimed:
        message = "somebody else is at work on this tenant"
        fix = "wait until their import, restore, erase or move has ended; one that was killed has within a minute"
        raise ModelError([Finding("FH322", Place(slug, 0), message, fix)]) from None

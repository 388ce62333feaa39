"""What reads and writes of a single table cost: capacity units, and what a million of them cost at list price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from math import ceil
from typing import Literal, get_origin

from freehold.model.data import Entity
from freehold.model.fields import parent_field
from freehold.model.layout import Layout, Served, Slot, Way
from freehold.model.lookup import plain
from freehold.model.model import Model

READ_BLOCK, WRITE_BLOCK = 4096, 1024
"""Bytes of a unit. Source: Amazon DynamoDB Developer Guide, "Read and write operations"."""

READ_MILLION, WRITE_MILLION = 0.125, 0.625
"""US dollars for a million request units: list prices, on demand, us-east-1, standard tables, since 2024-11-01.

Source: Amazon DynamoDB pricing for on-demand capacity. Storage, backups and transfer are not in it.
"""

PARTITION_WRITES = 1000
"""Units a second that one partition takes. Source: the same guide, "Best practices for partition keys"."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one call of a lookup reads."""

    way: Way
    units: float
    hot: str
    """Why all of a tenant's items lie in a few partitions, or nothing."""

    @property
    def dollars(self) -> float:
        """A million calls at list price."""
        return self.units * READ_MILLION


@dataclass(frozen=True, slots=True)
class Written:
    """What it costs to write one entity of a kind: what goes into the transaction, and what indexes follow."""

    kind: type[Entity]
    guards: int
    parents: int
    indexes: int
    units: float

    @property
    def actions(self) -> int:
        """Of the hundred that a transaction may have."""
        return 1 + self.guards + self.parents


def reads(layout: Layout, items: int, size: int) -> Iterator[Read]:
    """What each lookup reads that finds so many items of so many bytes."""
    for way in layout.ways:
        if way.served is Served.GUARD:
            units = 1.0 + ceil(size / READ_BLOCK)  # the guard, and what it names
        else:
            units = ceil(items * size / READ_BLOCK) * (1.0 if way.is_strong else 0.5)
        yield Read(way, units, _hot(way.slot) if way.slot else "")


def by_id(size: int) -> int:
    """Units of one entity by its id, as it is now."""
    return ceil(size / READ_BLOCK)


def writes(model: Model, layout: Layout, size: int) -> Iterator[Written]:
    """What it costs to add or remove one entity of each kind, or to save it with all that is unique changed.

    A transaction counts twice, an index once; a parent's count is written into its indexes, too.
    """
    block = ceil(size / WRITE_BLOCK)
    for kind in model.entities.values():
        guards = sum(pattern.unique for pattern in model.lookups_of(kind))
        above = kind.facts.within
        parents = 1 if above and parent_field(kind, above) else 0
        indexes = len(layout.of(kind))
        beside = len(layout.of(above)) if above and parents else 0
        units = 2 * block * (1 + parents) + 2 * guards + block * (indexes + beside)
        yield Written(kind, guards, parents, indexes, units)


def of_call(written: Iterable[Written], *, receipt: bool, events: int) -> tuple[int, float]:
    """Actions and units of a call that writes one entity of each of these kinds.

    With them go the tip of the ground, a link of the audit chain, a receipt, and a delivery for each that follows.
    """
    listed = list(written)
    small = 2 + receipt + events
    in_indexes = receipt + 2 * events  # a receipt lies in one of them, a delivery also in the outbox's
    return sum(one.actions for one in listed) + small, sum(one.units for one in listed) + 2.0 * small + in_indexes


def _hot(slot: Slot) -> str:
    few = [key for key in slot.keys if _has_few(slot.kind.model_fields[key].annotation)]
    if not slot.keys:
        return "all of a tenant's lie in one partition"
    if len(few) == len(slot.keys):
        return (
            f"{' and '.join(few)} {'has' if len(few) == 1 else 'have'} few values: a tenant's lie in as few partitions"
        )
    return ""


def _has_few(hint: object) -> bool:
    kind = plain(hint)
    return kind is bool or get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum))

"""The table as DynamoDB is to have it: its keys, and an index for every one that the layout names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from freehold.model.layout import OUTBOX, Layout

Definition = Mapping[str, object]


def table(name: str, layout: Layout) -> Definition:
    """A CreateTable request. It is paid by use, and can be restored to any second of the last weeks."""
    indexes = [*(index(one) for one in layout.indexes), outbox()]
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": attributes(["", *layout.indexes, OUTBOX]),
        "KeySchema": _keys(""),
        "GlobalSecondaryIndexes": indexes,
    }


def index(name: str) -> Definition:
    """An index with everything in it, so that what is found needs not be fetched."""
    return {"IndexName": name, "KeySchema": _keys(name), "Projection": {"ProjectionType": "ALL"}}


def outbox() -> Definition:
    """The index that crosses tenants: keys, and nothing that was written by anybody."""
    return {"IndexName": OUTBOX, "KeySchema": _keys(OUTBOX), "Projection": {"ProjectionType": "KEYS_ONLY"}}


def attributes(names: Iterable[str]) -> list[Definition]:
    """The attributes that keys are made of. All are texts."""
    each = dict.fromkeys(names)
    return [{"AttributeName": f"{name}{part}", "AttributeType": "S"} for name in each for part in ("PK", "SK")]


def _keys(name: str) -> list[Definition]:
    kinds = {"PK": "HASH", "SK": "RANGE"}
    return [{"AttributeName": f"{name}{part}", "KeyType": kind} for part, kind in kinds.items()]

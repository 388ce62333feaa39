"""Which grounds there are, and how far each is migrated: the index that crosses tenants says so, and shows no more.

Every ground that was ever written on has a tip, and the tip lies in that index: by the generation that all its items
have at least, and the tenant. So whoever migrates finds those that are behind, and looks at no others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from freehold.model.layout import OUTBOX
from freehold.stores.dynamodb.items import SHARDS, Attribute, shard, text
from freehold.stores.dynamodb.keys import END
from freehold.stores.dynamodb.raw import RawTable

GROUNDS = "GROUNDS"
"""What the partitions of grounds begin with, in the index that has the outbox's as well."""

DIGITS = 8


def registered(tenant: str, generation: int) -> dict[str, Attribute]:
    """Where a ground lies in the index."""
    return {f"{OUTBOX}PK": text(f"{GROUNDS}#{shard(tenant)}"), f"{OUTBOX}SK": text(_place(generation, tenant))}


def behind(table: RawTable, generation: int) -> Iterator[str]:
    """The tenants on whose grounds items are of an earlier generation."""
    for part in range(SHARDS):
        yield from (tenant for _, tenant in _listed(table, part, "OUTBOXSK < :g", _place(generation, "")))


def counted_by_generation(table: RawTable) -> Counter[int]:
    """How many grounds are at each generation."""
    return Counter(number for part in range(SHARDS) for number, _ in _listed(table, part, "OUTBOXSK >= :g", "0"))


def _listed(table: RawTable, part: int, condition: str, bound: str) -> Iterator[tuple[int, str]]:
    found = table.query({
        "IndexName": OUTBOX, "KeyConditionExpression": f"OUTBOXPK = :p AND {condition}",
        "ExpressionAttributeValues": {":p": text(f"{GROUNDS}#{part}"), ":g": text(bound)},
    })  # fmt: skip
    for item in found:
        number, _, tenant = str(item[f"{OUTBOX}SK"]["S"]).partition(END)
        yield int(number), tenant


def _place(generation: int, tenant: str) -> str:
    return f"{generation:0{DIGITS}d}{END}{tenant}"

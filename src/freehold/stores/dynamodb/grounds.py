"""Which grounds there are, and how far each is migrated: the index that crosses tenants says so, and shows no more.

Every ground that was ever written on has a tip, and the tip lies in that index: by the generation that all its items
have at least, and the tenant. So whoever migrates finds those that are behind, and looks at no others.
"""

from __future__ import annotations

from collections.abc import Iterator

from freehold.model.layout import OUTBOX
from freehold.stores.dynamodb.items import SHARDS, Attribute, shard, text
from freehold.stores.dynamodb.keys import END
from freehold.stores.dynamodb.raw import RawTable

GROUNDS = "GROUNDS"
"""What the partitions of grounds begin with, in the index that has the outbox's as well."""

DIGITS = 8
"""Of a generation in a key, so that keys are in its order."""


def registered(tenant: str, generation: int) -> dict[str, Attribute]:
    """Where a ground lies in the index."""
    return {f"{OUTBOX}PK": text(f"{GROUNDS}#{shard(tenant)}"), f"{OUTBOX}SK": text(_place(generation, tenant))}


def behind(table: RawTable, generation: int) -> Iterator[str]:
    """The tenants on whose grounds items are of an earlier generation."""
    for part in range(SHARDS):
        found = table.query({
            "IndexName": OUTBOX, "KeyConditionExpression": f"{OUTBOX}PK = :p AND {OUTBOX}SK < :g",
            "ExpressionAttributeValues": {":p": text(f"{GROUNDS}#{part}"), ":g": text(_place(generation, ""))},
        })  # fmt: skip
        yield from (str(item[f"{OUTBOX}SK"]["S"]).partition(END)[2] for item in found)


def _place(generation: int, tenant: str) -> str:
    return f"{generation:0{DIGITS}d}{END}{tenant}"

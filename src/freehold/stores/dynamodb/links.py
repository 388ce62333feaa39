"""Links of the audit chain as items: where they lie, what they hold, and how they are read in order."""

from __future__ import annotations

from collections.abc import Mapping

from freehold.runtime.ports import AuditEntry
from freehold.stores.dynamodb.items import Item, between, key, number, text
from freehold.stores.dynamodb.keys import LAST


def item_of(tenant: str, entry: AuditEntry) -> dict[str, object]:
    """A link as an item of its ground."""
    return {
        **key(tenant, _place(entry.number)), "number": number(entry.number), "text": text(entry.text),
        "before": text(entry.before), "hash": text(entry.hash),
    }  # fmt: skip


def entry_of(item: Item) -> AuditEntry:
    """A link, as an item has it."""
    words = (str(item[name]["S"]) for name in ("text", "before", "hash"))
    return AuditEntry(int(str(item["number"]["N"])), *words)


def behind(tenant: str, after: int) -> Mapping[str, object]:
    """The query for the links of a ground behind a number, as they are now."""
    return between(tenant, _place(after + 1), f"AUDIT{LAST}")


def _place(at: int) -> str:
    return f"AUDIT#{at:020d}"

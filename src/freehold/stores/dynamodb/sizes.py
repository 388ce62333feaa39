"""How large items are, as DynamoDB counts: each attribute's name and its value, in UTF-8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic_core import to_json

from freehold.runtime.failures import TooLarge
from freehold.stores.dynamodb.items import Attribute, Item

LARGEST_ITEM = 400 * 1024
LARGEST_TRANSACTION = 4 * 1024 * 1024
"""Bytes of all items that a transaction is about."""

VALUE_TOO_LARGE = "What is to be kept is larger than the store can keep: 400 KB is the limit."
TRANSACTION_TOO_LARGE = "This call writes more than the store takes at a time, 4 MB: do it in smaller parts."


def size_of(item: Item) -> int:
    """Bytes of an item. Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats"."""
    return sum(len(name.encode()) + _size(*next(iter(value.items()))) for name, value in item.items())


def check_sizes(actions: Sequence[Mapping[str, object]]) -> None:
    """Raises `TooLarge` for what DynamoDB would refuse, as far as that can be told without what is there already."""
    if len(to_json(actions)) <= LARGEST_ITEM:  # nothing is shorter in JSON: what is small there need not be counted
        return
    whole = 0
    for action in actions:
        (doing,) = action.values()
        size = size_of(_item(doing)) if isinstance(doing, dict) else 0
        if size > LARGEST_ITEM:
            raise TooLarge("VALUE_TOO_LARGE", VALUE_TOO_LARGE)
        whole += size
    if whole > LARGEST_TRANSACTION:
        raise TooLarge("TRANSACTION_TOO_LARGE", TRANSACTION_TOO_LARGE)


def _item(doing: Mapping[str, Mapping[str, Attribute]]) -> Item:
    """The item that an action writes, as far as it names it."""
    values = doing.get("ExpressionAttributeValues", {})
    named = ((name, f":{str(hole)[1:]}") for hole, name in doing.get("ExpressionAttributeNames", {}).items())
    return {
        **doing.get("Item", doing.get("Key", {})),
        **{str(name): values[hole] for name, hole in named if hole in values},
    }


def _size(kind: str, value: object) -> int:
    match kind:
        case "S":
            return len(str(value).encode())
        case "N":
            return (len(str(value).strip("-0")) + 1) // 2 + 2
        case _:
            return 1

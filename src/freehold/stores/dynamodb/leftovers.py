"""What a removal leaves to be removed: a transaction takes a hundred items, and more may lie within one entity.

Then the entity goes at once, in the transaction of the call, and the tip of its ground keeps in mind what lay within
it. Transactions that follow take that away, a hundred items each; when the process ends in between, whoever writes on
the ground next goes on. So a removal is done or not, however large it is and whenever a process is killed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from freehold.model.data import Entity
from freehold.model.layout import tag
from freehold.stores.dynamodb.draft import Leftovers


def written(leftovers: Leftovers) -> str:
    """What is left, as a tip has it: nothing at all when nothing is."""
    left = [
        (tag(kind), id, {tag(each): count for each, count in within.items() if count > 0})
        for (kind, id), within in leftovers.items()
    ]
    left = [each for each in left if each[2]]
    return json.dumps(left, separators=(",", ":")) if left else ""


def read(text: str, kinds: Mapping[str, type[Entity]]) -> Leftovers:
    """The same, from a tip. A kind that the model has no more is left out: a migration has seen to what it had."""
    if not text:
        return {}
    return {
        (kinds[kind], id): {kinds[each]: count for each, count in within.items() if each in kinds}
        for kind, id, within in json.loads(text) if kind in kinds
    }  # fmt: skip


def owners(text: str) -> set[str]:
    """The ids of what is gone while something still lies within it."""
    return {id for _, id, _ in json.loads(text or "[]")}

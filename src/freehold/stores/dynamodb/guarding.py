"""Unique values of a ground that a migration goes over: each is held for its owner, none for a lookup that is gone."""

from __future__ import annotations

from collections.abc import Mapping

from freehold.aws.failures import AwsError
from freehold.model.data import Entity
from freehold.model.layout import label, tag
from freehold.model.lookup import Lookup
from freehold.model.model import Model, table_of
from freehold.stores.dynamodb.items import Item, key, key_in, key_of, text
from freehold.stores.dynamodb.keys import END, ground, guard
from freehold.stores.dynamodb.raw import RawTable
from freehold.stores.dynamodb.recast import Blocked
from freehold.stores.dynamodb.trouble import FAILED
from freehold.stores.obstacles import twice

UNIQUE = "UNIQUE#"


class Guarding:
    """Sees to the items that keep unique values."""

    def __init__(self, table: RawTable, model: Model) -> None:
        """Know which values are unique."""
        self._table = table
        self._unique = {
            kind: [pattern for pattern in model.lookups_of(kind) if pattern.unique] for kind in model.entities.values()
        }

    def settle(self, tenant: str, kind: type[Entity], entities: Mapping[str, Entity], *, altered: bool) -> None:
        """Hold what these entities have. With `altered`, what is held for none of them is let go of."""
        held = {str(item["SK"]["S"]): item for item in self._held(tenant, tag(kind))}
        wanted = {
            sort_key: (pattern, entity)
            for entity in entities.values() for pattern in self._unique[kind]
            if (sort_key := guard(pattern, entity.__dict__)) is not None
        }  # fmt: skip
        current = {tuple(label(kind, name) for name in pattern.keys) for pattern in self._unique[kind]}
        for sort_key, item in held.items():
            if sort_key not in wanted and (altered or _labels(sort_key) not in current):
                self._table.call("DeleteItem", {"Key": key_in(item)})
        for pattern in self._unique[kind]:
            self._hold(tenant, pattern, entities, held)

    def drop(self, tenant: str, kind: str) -> None:
        """Let go of everything that was held for a kind."""
        for item in self._held(tenant, kind):
            self._table.call("DeleteItem", {"Key": key_in(item)})

    def _held(self, tenant: str, kind: str) -> list[Item]:
        return list(self._table.under(ground(tenant), f"{UNIQUE}{kind}{END}"))

    def _hold(self, tenant: str, pattern: Lookup, entities: Mapping[str, Entity], held: Mapping[str, Item]) -> None:
        for entity in entities.values():
            sort_key = guard(pattern, entity.__dict__)
            if sort_key is None:
                continue
            there = held.get(sort_key)
            if there is None:
                self._put(tenant, pattern, sort_key, entity)
            elif str(there["owner"]["S"]) != entity.id:
                raise _twice(pattern)

    def _put(self, tenant: str, pattern: Lookup, sort_key: str, entity: Entity) -> None:
        """Hold a value, unless another has it. Who has removed its owner meanwhile has moved the tip: it is redone."""
        where = {"TableName": self._table.name}
        condition = {
            "ConditionExpression": "attribute_not_exists(PK) OR #o = :o", "ExpressionAttributeNames": {"#o": "owner"},
            "ExpressionAttributeValues": {":o": text(entity.id)},
        }  # fmt: skip
        put = {"Put": {**where, "Item": {**key(tenant, sort_key), "owner": text(entity.id)}, **condition}}
        there = key_of(tenant, type(entity), entity.id)
        check = {"ConditionCheck": {**where, "Key": there, "ConditionExpression": "attribute_exists(PK)"}}
        try:
            self._table.transact([put, check])
        except AwsError as error:
            if [reason.code for reason in error.cancellation_reasons][:1] == [FAILED]:
                raise _twice(pattern) from error
            if not error.cancellation_reasons:
                raise


def _labels(sort_key: str) -> tuple[str, ...]:
    """The labels in the key of a guard: no value has a `#` in it."""
    return tuple(sort_key.split(END)[2::2])


def _twice(pattern: Lookup) -> Blocked:
    return Blocked(f"{table_of(pattern.entity)}.{pattern.index}", twice(pattern.keys))

"""Between entities and items: each field an attribute, and beside them the keys of every index the entity lies in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import cast
from uuid import UUID

from freehold.model.data import Entity
from freehold.model.layout import OUTBOX, Layout, tag
from freehold.runtime.outbox import Delivery
from freehold.runtime.ports import Found
from freehold.stores.dynamodb.keys import END, ground, partition, place, sort, tenant_in
from freehold.stores.forms import Codec, Form, Plain, amount, kept, moment, whole
from freehold.stores.rows import RowCodec, is_text, unreadable

Attribute = Mapping[str, object]
Item = Mapping[str, Attribute]

CHILDREN = "CHILDREN_"
"""Attributes that say how many lie within an entity: who removes it can tell whether an index has shown them all."""

GENERATION = "GENERATION"
"""The attribute that says of which generation an item is: which schema and which keys it was written by."""

KEYS = ("PK", "SK")

SHARDS = 16
"""Parts of the outbox's index: one partition of DynamoDB takes a thousand writes a second."""

CODECS: Mapping[Form, Codec] = {
    Form.ID: Codec(None, None),
    Form.TEXT: Codec(None, None),
    Form.INTEGER: Codec(lambda value: str(whole(value)), int),
    Form.BOOLEAN: Codec(bool, None),
    Form.REAL: Codec(repr, float),  # the numbers of DynamoDB end at 1E+126
    Form.MOMENT: Codec(moment, datetime.fromisoformat),
    Form.DATE: Codec(str, date.fromisoformat),
    Form.TIME: Codec(str, time.fromisoformat),
    Form.DECIMAL: Codec(amount, Decimal),  # and know no trailing zeros
    Form.UUID: Codec(str, UUID),
    Form.BYTES: Codec(lambda value: value.hex(), bytes.fromhex),
}
TYPES = {Form.INTEGER: "N", Form.BOOLEAN: "BOOL"}


def text(value: str) -> Attribute:
    """A text as an attribute."""
    return {"S": value}


def number(value: int) -> Attribute:
    """A whole number as an attribute."""
    return {"N": str(value)}


class ItemCodec:
    """One kind of entity to an item and back."""

    def __init__(self, kind: type[Entity], layout: Layout, generation: int) -> None:
        """Work out how each field goes, and which indexes there are."""
        self.kind, self.slots = kind, layout.of(kind)
        self._generation = number(generation)
        self.rows = RowCodec(kind, CODECS)
        types = {name: TYPES.get(kept(info.annotation).form, "S") for name, info in kind.model_fields.items()}
        self._types = [(name, types[name]) for name in self.rows.names]
        self.names = frozenset({
            *self.rows.names, GENERATION, *(f"{slot.index}{key}" for slot in self.slots for key in KEYS),
            *(f"{OUTBOX}{key}" for key in KEYS if issubclass(kind, Delivery)),
        })  # fmt: skip
        """All attributes that an item of this kind may have from us, but for those that count."""
        self._missing = {
            name: self.rows.key(name, info.get_default(call_default_factory=True))
            for name, info in kind.model_fields.items()
            if not info.is_required() and not info.default_factory_takes_validated_data and name != "id"
        }

    def encode(self, entity: Entity, tenant: str) -> dict[str, Attribute]:
        """The attributes of an entity; a field that is None is left out. Raises `Invalid` for what cannot be kept."""
        row = self.rows.encode(entity, tenant)
        if not is_text("".join(value for value in row if isinstance(value, str))):
            raise unreadable(entity)
        pairs = zip(self._types, row, strict=False)
        item: dict[str, Attribute] = {name: {kind: value} for (name, kind), value in pairs if value is not None}
        item.update(self.indexed(entity, tenant))
        item[GENERATION] = self._generation
        return item

    def indexed(self, entity: Entity, tenant: str) -> dict[str, Attribute]:
        """The keys of the indexes that the entity lies in."""
        keys: dict[str, Attribute] = {}
        values = entity.__dict__
        for slot in self.slots:
            keys[f"{slot.index}PK"] = text(partition(slot, tenant, values))
            keys[f"{slot.index}SK"] = text(sort(self.kind, slot.order, values[slot.order], entity.id))
        if isinstance(entity, Delivery) and entity.state == "waiting":
            keys[f"{OUTBOX}PK"] = text(f"{OUTBOX}#{shard(tenant)}")
            keys[f"{OUTBOX}SK"] = text(f"{tenant}{END}{moment(entity.due)}")
        return keys

    def decode(self, item: Item) -> Found:
        """The tenant on whose ground the item lies, and the entity. A field that came later has its default."""
        known, missing = item.get, self._missing.get
        row = [held[kind] if (held := known(name)) is not None else missing(name) for name, kind in self._types]
        row.append(tenant_in(str(item["PK"]["S"])))
        return self.rows.decode(cast("list[Plain]", row))


def key(tenant: str, sort_key: str) -> dict[str, Attribute]:
    """The key of an item in the table."""
    return {"PK": text(ground(tenant)), "SK": text(sort_key)}


def key_in(item: Item) -> dict[str, Attribute]:
    """The key that an item lies at."""
    return {"PK": item["PK"], "SK": item["SK"]}


def between(tenant: str, low: str, high: str) -> dict[str, object]:
    """The query for what lies on a ground between two sort keys, as it is now."""
    return {
        "KeyConditionExpression": "PK = :p AND SK BETWEEN :l AND :h", "ConsistentRead": True,
        "ExpressionAttributeValues": {":p": text(ground(tenant)), ":l": text(low), ":h": text(high)},
    }  # fmt: skip


def key_of(tenant: str, kind: type[Entity], id: str) -> dict[str, Attribute]:
    """The key of an entity."""
    return key(tenant, place(kind, id))


def counting(kind: type[Entity]) -> str:
    """The attribute of a parent that says how many of a kind lie within it."""
    return f"{CHILDREN}{tag(kind)}"


def counted(item: Item, kinds: Iterable[type[Entity]]) -> Mapping[type[Entity], int]:
    """How many of each kind lie within what an item is."""
    return {kind: int(str(item[counting(kind)]["N"])) for kind in kinds if counting(kind) in item}


def shard(tenant: str) -> int:
    """Which part of the outbox's index a tenant is in."""
    return int(tenant[-2:], 16) % SHARDS

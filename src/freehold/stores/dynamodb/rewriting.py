"""Brings the items of one ground to a generation: each is written again as the model has it now, if it has not changed.

Whoever writes meanwhile goes first: an item is written on the condition that its version is what was read, and the
ground counts as done on the condition that its tip has not moved since the work began. Otherwise it is gone over again,
and then most of it is done already. It can be killed anywhere: each item says which generation it is of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from freehold.aws.failures import AwsError
from freehold.model.data import Entity
from freehold.model.layout import Layout
from freehold.model.model import Model
from freehold.model.names import shout
from freehold.stores.dynamodb.guarding import Guarding
from freehold.stores.dynamodb.items import CHILDREN, GENERATION, Attribute, Item, ItemCodec, key, key_in, number
from freehold.stores.dynamodb.keys import END, ground
from freehold.stores.dynamodb.leftovers import owners
from freehold.stores.dynamodb.raw import RawTable
from freehold.stores.dynamodb.recast import Blocked, recast, touches
from freehold.stores.dynamodb.tips import TIP, Tip, read
from freehold.stores.migrate import Change, steps
from freehold.stores.obstacles import Trouble
from freehold.stores.schema import Schema

PASSES = 5
"""How often a ground is gone over on which others write all the time."""

Entities = dict[str, Entity]


class Moved(Exception):
    """Somebody has written meanwhile."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done on grounds of one generation."""

    kinds: frozenset[str]
    """Tables whose items are written again."""
    dropped: frozenset[str]
    """Tables whose items go."""
    altered: frozenset[str]
    """Tables of which values have changed, so that unique ones are held in another form."""
    moved: frozenset[str]
    """Tables that lie within another one than before, or within none."""

    def joined(self, other: Work) -> Work:
        """What either of both is."""
        return Work(
            self.kinds | other.kinds, self.dropped | other.dropped, self.altered | other.altered,
            self.moved | other.moved,
        )  # fmt: skip


def work_between(old: Schema, new: Schema) -> Work:
    """What follows from the steps between two schemas for the items that exist."""
    made = [step for step in steps(old, new) if touches(step) and step.table.name in old.tables]
    by = {change: frozenset(step.table.name for step in made if step.change is change) for change in Change}
    dropped = by[Change.DROP_TABLE]
    kinds = frozenset(step.table.name for step in made) - dropped
    return Work(kinds, dropped, by[Change.ALTER_COLUMN], by[Change.MOVE_TABLE] | dropped)


class Rewriter:
    """Writes the items of grounds again, for one generation."""

    def __init__(
        self, table: RawTable, model: Model, layout: Layout, generation: int, schemas: Mapping[int, Schema]
    ) -> None:
        """`schemas` are those that items of earlier generations were written by, and that of this one."""
        self._table, self._model, self._generation, self._schemas = table, model, generation, schemas
        self._codecs = {
            name: ItemCodec(kind, layout, generation) for name, kind in model.entities.items()
        }  # fmt: skip
        self._guarding = Guarding(table, model)

    def settle(self, tenant: str) -> None:
        """Bring a ground to the generation. Raises `Blocked`, or `Moved` when others write on it all the time."""
        for _ in range(PASSES):
            item = self._table.get(key(tenant, TIP))
            if item is None:
                return
            tip = read(item)
            if tip.generation >= self._generation:
                return
            try:
                work = work_between(self._schemas.get(tip.generation, Schema()), self._wanted)
                self._go_over(tenant, work, owners(tip.leftovers))
                self._mark(tenant, tip)
            except Moved:
                continue
            return
        raise Moved

    @property
    def _wanted(self) -> Schema:
        return self._schemas[self._generation]

    def _go_over(self, tenant: str, work: Work, gone: set[str]) -> None:
        for name in sorted(work.kinds):
            entities = {str(entity.id): entity for entity in self._written(tenant, name)}
            self._guarding.settle(tenant, self._model.entities[name], entities, altered=name in work.altered)
        for name in sorted(work.dropped):
            self._guarding.drop(tenant, shout(name))
            for item in self._table.under(ground(tenant), f"{shout(name)}{END}"):
                self._table.call("DeleteItem", {"Key": key_in(item)})
        for name in sorted(work.moved):
            self._count(tenant, name, gone)

    def _written(self, tenant: str, name: str) -> Iterator[Entity]:
        """The entities of a kind, each written again where it is not as it should be."""
        codec = self._codecs[name]
        for item in self._table.under(ground(tenant), f"{shout(name)}{END}"):
            entity = self._entity(codec, name, item)
            wanted = codec.encode(entity, tenant)
            if _generation_of(item) < self._generation:
                self._change(item, wanted)
            yield entity

    def _entity(self, codec: ItemCodec, name: str, item: Item) -> Entity:
        generation = _generation_of(item)
        if generation < self._generation:
            old = self._schemas.get(generation, Schema()).tables.get(name)
            new = self._wanted.tables[name]
            item = {"PK": item["PK"], **recast(item, old or new, new)}
        try:
            return codec.decode(item)[1]
        except (KeyError, ValueError) as error:
            fix = f"keep what it knew until no item has it ({error})"
            raise Blocked(name, Trouble("hold what the model does not know any more", fix)) from error

    def _change(self, item: Item, wanted: Mapping[str, Attribute]) -> None:
        """Write what is different, if it still has the version that was read. How many lie within it is left alone."""
        there = {name: value for name, value in item.items() if name not in ("PK", "SK") and not _counts(name)}
        changed = {name: value for name, value in wanted.items() if there.get(name) != value}
        gone = [name for name in there if name not in wanted]
        names = {f"#{hole}": name for hole, name in enumerate((*changed, *gone))}
        holes = {name: hole for hole, name in names.items()}
        values = {f":{hole}": value for hole, value in enumerate(changed.values())}
        doing = "SET " + ", ".join(f"{holes[name]} = :{hole}" for hole, name in enumerate(changed))
        if gone:
            doing += " REMOVE " + ", ".join(holes[name] for name in gone)
        self._if_still({
            "Key": key_in(item), "UpdateExpression": doing, "ConditionExpression": "version = :w",
            "ExpressionAttributeNames": names, "ExpressionAttributeValues": {**values, ":w": item["version"]},
        })  # fmt: skip

    def _count(self, tenant: str, name: str, gone: set[str]) -> None:
        """Note in each entity how many of a kind lie within it, where that kind has moved.

        What lies within an entity that is `gone` is about to go too.
        """
        attribute, kind = f"{CHILDREN}{shout(name)}", self._model.entities.get(name)
        parent, field = (kind.facts.within, self._wanted.tables[name].parent_field) if kind else (None, None)
        counts: Counter[str] = Counter()
        if kind is not None and field:
            counts.update(
                str(getattr(self._entity(self._codecs[name], name, item), field))
                for item in self._table.under(ground(tenant), f"{shout(name)}{END}")
            )
        for above, other in self._model.entities.items():
            for item in self._table.under(ground(tenant), f"{shout(above)}{END}"):
                count = counts.pop(str(item["id"]["S"]), 0) if other is parent else 0
                held = int(str(item.get(attribute, {"N": "0"})["N"]))
                if count != held:
                    self._set_count(item, attribute, count)
        if lost := set(counts) - gone - {str(None)}:
            trouble = f"lie within what is not there: {', '.join(sorted(lost)[:3])}"
            raise Blocked(name, Trouble(trouble, "remove them, or add what they lie within"))

    def _set_count(self, item: Item, attribute: str, count: int) -> None:
        doing = {"UpdateExpression": "SET #c = :c", "ExpressionAttributeValues": {":c": number(count)}}
        if not count:
            doing = {"UpdateExpression": "REMOVE #c"}
        self._if_still({
            "Key": key_in(item), **doing, "ConditionExpression": "attribute_exists(PK)",
            "ExpressionAttributeNames": {"#c": attribute},
        })  # fmt: skip

    def _mark(self, tenant: str, tip: Tip) -> None:
        after = replace(tip, version=tip.version + 1, generation=self._generation)
        action = tip.moved(tenant, after, self._table.name, f"migration {self._generation}")
        self._if_still(cast("Mapping[str, object]", action["Update"]))

    def _if_still(self, request: Mapping[str, object]) -> None:
        try:
            self._table.call("UpdateItem", request)
        except AwsError as error:
            if error.code in ("ConditionalCheckFailedException", "TransactionConflictException"):
                raise Moved from error
            raise


def _generation_of(item: Item) -> int:
    return int(str(item[GENERATION]["N"])) if GENERATION in item else 0


def _counts(name: str) -> bool:
    return name.startswith(CHILDREN)

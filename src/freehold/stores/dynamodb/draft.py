"""A transaction in the making: what is to become of each item, and what it means when DynamoDB refuses.

Writes are gone through in their order, as a database would, with what the ones before have done laid over what was
read; and then each item is written once, on the condition that it is as it was believed to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from freehold.model.data import Entity
from freehold.model.lookup import Lookup
from freehold.runtime.ports import Dangling, Stale, Taken
from freehold.stores.dynamodb.items import Attribute, ItemCodec, counting, key, number, text
from freehold.stores.dynamodb.keys import place

Refusal = Callable[[], Exception]
Action = Mapping[str, object]

ABSENT, PRESENT = "attribute_not_exists(PK)", "attribute_exists(PK)"


class Lost(Exception):
    """Somebody else has written meanwhile, or an index was behind: look again, and try again."""


class Crowded(Exception):
    """More goes with what is removed than one transaction takes."""


Within = dict[type[Entity], int]
Leftovers = dict[tuple[type[Entity], str], Within]
"""How many of each kind still lie within entities that are gone: what a removal has left for later transactions."""


@dataclass(slots=True)
class Drafted:
    """One entity in a transaction: what it was believed to be, and what it is to become."""

    kind: type[Entity]
    before: int | None
    """The version that must be there. 0: it must not be there. None: it only must be there."""
    refusal: Refusal
    entity: Entity | None = None
    """What it becomes, if it is written."""
    written: bool = False
    is_new: bool = False
    """Whether nothing of what was there before is to be left, if anything was."""
    goes: bool = False
    listed: Mapping[type[Entity], int] = field(default_factory=dict)
    """How many of each kind lie within it in the store."""
    children: Within = field(default_factory=dict)
    """How many more, or fewer, there are to be."""


@dataclass(slots=True)
class Held:
    """One unique value in a transaction: who has it before, and who after."""

    before: str | None
    after: str | None
    refusal: Refusal


@dataclass
class Draft:
    """One ground's part of a transaction."""

    tenant: str
    table: str
    entities: dict[str, Drafted] = field(default_factory=dict)
    guards: dict[str, Held] = field(default_factory=dict)
    leftovers: Leftovers = field(default_factory=dict)
    """What has gone, or goes, before what lies within it."""
    leaves: bool = False
    """Whether what is removed may go before what lies within it."""

    def at(self, kind: type[Entity], id: str) -> Drafted | None:
        """What is known of an entity."""
        return self.entities.get(place(kind, id))

    def draft(self, kind: type[Entity], id: str, before: int | None, refusal: Refusal) -> Drafted:
        """What is to become of an entity that nothing was said of so far."""
        return self.entities.setdefault(place(kind, id), Drafted(kind, before, refusal))

    def acquire(self, lookup: Lookup, sort_key: str, id: str) -> None:
        """Give a unique value to an entity. Raises `Taken` when another one of this transaction has it."""
        held = self.guards.get(sort_key)
        if held is None:
            self.guards[sort_key] = Held(None, id, lambda: Taken(lookup.entity, lookup))
        elif held.after is None:
            held.after, held.refusal = id, lambda: Taken(lookup.entity, lookup)
        elif held.after != id:
            raise Taken(lookup.entity, lookup)

    def release(self, lookup: Lookup, sort_key: str, id: str) -> None:
        """Take a unique value away from the entity that has it."""
        held = self.guards.setdefault(sort_key, Held(id, id, lambda: Stale(lookup.entity)))
        held.after = None

    def refer(self, kind: type[Entity], id: str, name: str) -> None:
        """See to it that an entity is there at the end. Raises `Dangling` for one that this transaction removes."""
        if self.draft(kind, id, None, lambda: Dangling(kind, id, name)).goes:
            raise Dangling(kind, id, name)

    def actions(self, codecs: Mapping[type[Entity], ItemCodec]) -> list[tuple[Action, Refusal]]:
        """What is sent, and what a refusal of each means."""
        entities = [(self._entity(sort_key, one, codecs), one.refusal) for sort_key, one in self.entities.items()]
        guards = [(self._guard(sort_key, held), held.refusal) for sort_key, held in self.guards.items()]
        return [(action, refusal) for action, refusal in (*entities, *guards) if action is not None]

    def _entity(self, sort_key: str, one: Drafted, codecs: Mapping[type[Entity], ItemCodec]) -> Action | None:
        where = {"TableName": self.table}
        condition: dict[str, object] = {"ConditionExpression": ABSENT if one.before == 0 else PRESENT}
        if one.before:
            condition = {
                "ConditionExpression": "version = :w", "ExpressionAttributeValues": {":w": number(one.before)},
            }  # fmt: skip
        at = key(self.tenant, sort_key)
        if one.goes:
            if one.before == 0:  # it came and went
                return {"ConditionCheck": {**where, "Key": at, **condition}}
            return {"Delete": {**where, "Key": at, **condition}}
        moved = {counting(kind): number(by) for kind, by in one.children.items() if by}
        fields = codecs[one.kind].encode(one.entity, self.tenant) if one.written and one.entity is not None else {}
        if fields and one.is_new:
            return {"Put": {**where, "Item": {**at, **fields, **moved}, **condition}}
        if fields or moved:
            gone = sorted(codecs[one.kind].names - fields.keys()) if fields else []
            return {"Update": {**where, "Key": at, **_changing(fields, gone, moved, condition)}}
        return {"ConditionCheck": {**where, "Key": at, **condition}}

    def _guard(self, sort_key: str, held: Held) -> Action | None:
        at, where = key(self.tenant, sort_key), {"TableName": self.table}
        if held.before == held.after:
            if held.before is not None:
                return None
            return {"ConditionCheck": {**where, "Key": at, "ConditionExpression": ABSENT}}
        names: dict[str, object] = {"ConditionExpression": ABSENT}
        if held.before is not None:
            owner: Mapping[str, Attribute] = {":o": text(held.before)}
            names = {
                "ConditionExpression": "#o = :o", "ExpressionAttributeNames": {"#o": "owner"},
                "ExpressionAttributeValues": owner,
            }  # fmt: skip
        if held.after is None:
            return {"Delete": {**where, "Key": at, **names}}
        return {"Put": {**where, "Item": {**at, "owner": text(held.after)}, **names}}


def _changing(
    fields: Mapping[str, Attribute],
    gone: Iterable[str],
    moved: Mapping[str, Attribute],
    condition: Mapping[str, object],
) -> dict[str, object]:
    """An update of an item: what is not named stays as it is, since a program after this one may have put it there."""
    holes = {name: hole for hole, name in enumerate((*fields, *gone, *moved))}
    parts = {
        "SET": [f"#{holes[name]} = :{holes[name]}" for name in fields],
        "REMOVE": [f"#{holes[name]}" for name in gone],
        "ADD": [f"#{holes[name]} :{holes[name]}" for name in moved],
    }
    values = {f":{holes[name]}": value for name, value in (*fields.items(), *moved.items())}
    held = condition.get("ExpressionAttributeValues", {})
    return {
        **condition, "UpdateExpression": " ".join(f"{verb} {', '.join(each)}" for verb, each in parts.items() if each),
        "ExpressionAttributeNames": {f"#{hole}": name for name, hole in holes.items()},
        "ExpressionAttributeValues": {**values, **(held if isinstance(held, dict) else {})},
    }  # fmt: skip

"""Where entities lie in a single table, as DynamoDB has one: which key serves which lookup.

The partition key is the authorisation scope: it begins with the tenant, in the table and in every index, so that a
policy can compare it (`dynamodb:LeadingKeys`). Everything that deals with such a table reads it off here: the store,
the policies, and `freehold explain`.

    the table   ORG#<tenant>                 TASK#<id>              by id, and all of a kind
                ORG#<tenant>                 UNIQUE#TASK#...        what a unique value belongs to
    GSI1        ORG#<tenant>#PROJECT#<id>    TASK#<due>#<id>        children of a parent, and what has a value
    GSI2        ORG#<tenant>#USER#<id>       TASK#<id>              what belongs to somebody
    GSI3 ...    as GSI1, for kinds that are found in more ways than one
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import count

from freehold.model.data import Entity
from freehold.model.fields import parent_field
from freehold.model.lookup import Lookup, reference_of
from freehold.model.model import Model, table_of
from freehold.model.names import shout
from freehold.model.ports import User

TENANT = "ORG"
SESSION_TAG = "tenant_id"
"""The tag that names the tenant of a session, which policies compare partition keys with."""

USERS = "GSI2"
"""The index of what belongs to somebody."""

OUTBOX = "OUTBOX"
"""The one index that crosses tenants: which grounds have deliveries waiting. It holds keys, and nothing else."""


class Served(StrEnum):
    """What serves a lookup."""

    TABLE = "table"
    GUARD = "unique item"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in an index: the entities of one kind, by the values of some fields, in the order of another."""

    kind: type[Entity]
    name: str
    """As the lookups call the index: `of_project_by_due`."""
    keys: tuple[str, ...]
    order: str
    index: str
    """As the table calls it: `GSI1`."""

    @property
    def partition(self) -> str:
        """The form of its partition keys."""
        return "".join((f"{TENANT}#<tenant>", *(f"#{label(self.kind, key)}#<{key}>" for key in self.keys)))

    @property
    def sort(self) -> str:
        """The form of its sort keys."""
        return f"{tag(self.kind)}#<id>" if self.order == "id" else f"{tag(self.kind)}#<{self.order}>#<id>"


@dataclass(frozen=True, slots=True)
class Way:
    """How one lookup is served."""

    lookup: Lookup
    served: Served
    slot: Slot | None = None

    @property
    def index(self) -> str:
        """The index that is asked, or nothing for the table itself."""
        return self.slot.index if self.slot else ""

    @property
    def is_strong(self) -> bool:
        """Whether it sees every write that was acknowledged before. An index follows the table a moment later."""
        return self.slot is None

    @property
    def partition(self) -> str:
        """The form of the partition key that is asked for."""
        return self.slot.partition if self.slot else f"{TENANT}#<tenant>"

    @property
    def sort(self) -> str:
        """The form of the sort keys that are asked for."""
        kind = self.lookup.entity
        if self.slot is not None:
            return self.slot.sort
        if self.served is Served.GUARD:
            return "#".join((f"UNIQUE#{tag(kind)}", *(f"{label(kind, key)}#<{key}>" for key in self.lookup.keys)))
        return f"{tag(kind)}#<id>"


@dataclass(frozen=True)
class Layout:
    """A model in a single table."""

    slots: tuple[Slot, ...]
    ways: tuple[Way, ...]
    _of: dict[type[Entity], tuple[Slot, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def indexes(self) -> tuple[str, ...]:
        """The indexes that the table needs, apart from the outbox's."""
        return tuple(sorted({slot.index for slot in self.slots}, key=lambda name: (len(name), name)))

    def of(self, kind: type[Entity]) -> tuple[Slot, ...]:
        """Every slot that an entity of this kind lies in."""
        if kind not in self._of:
            self._of[kind] = tuple(slot for slot in self.slots if slot.kind is kind)
        return self._of[kind]

    def assigned(self) -> dict[str, str]:
        """Which index each slot has, to be remembered: another version of the model must leave them where they are."""
        return {f"{table_of(slot.kind)}.{slot.name}": slot.index for slot in self.slots}


def layout_of(model: Model, assigned: Mapping[str, str] | None = None) -> Layout:
    """The layout of a model. What is `assigned` an index already keeps it."""
    slots = tuple(slot for kind in model.entities.values() for slot in _slots(model, kind, assigned or {}))
    ways = tuple(_way(pattern, slots) for pattern in model.lookups)
    return Layout(slots, ways)


@cache
def tag(kind: type[Entity]) -> str:
    """What the sort keys of a kind begin with: `TASK`."""
    return shout(table_of(kind))


@cache
def label(kind: type[Entity], key: str) -> str:
    """What stands before a value in a key: what it is the id of, or else the name of the field."""
    target = reference_of(kind.model_fields[key].annotation)
    if target is User:
        return "USER"
    return tag(target) if target is not None and issubclass(target, Entity) else shout(key)


def is_in_table(pattern: Lookup) -> bool:
    """Whether the table itself serves a list: all of a kind, in the order of their ids."""
    return not pattern.unique and not pattern.keys and pattern.order == "id"


def _slots(model: Model, kind: type[Entity], assigned: Mapping[str, str]) -> Iterator[Slot]:
    wanted = dict.fromkeys(
        (pattern.index, pattern.keys, pattern.order)
        for pattern in model.lookups_of(kind)
        if not pattern.unique and not is_in_table(pattern)
    )
    parent = kind.facts.within
    above = parent_field(kind, parent) if parent else None
    if above and not any(keys == (above,) for _, keys, _ in wanted):
        wanted[f"of_{above}", (above,), "id"] = None
    table = table_of(kind)
    taken = {index for name, index in assigned.items() if name.partition(".")[0] == table}
    places: dict[str, str] = {}
    for name, keys, _ in sorted(wanted, key=lambda one: _rank(kind, one[1], above)):
        places[name] = assigned.get(f"{table}.{name}") or _free(kind, keys, taken)
        taken.add(places[name])
    for name, keys, order in wanted:
        yield Slot(kind, name, keys, order, places[name])


def _rank(kind: type[Entity], keys: tuple[str, ...], above: str | None) -> int:
    """Who chooses an index first: children of a parent, then what belongs to somebody, then the rest as declared."""
    if above and keys == (above,):
        return 0
    return 1 if _is_of_somebody(kind, keys) else 2


def _is_of_somebody(kind: type[Entity], keys: tuple[str, ...]) -> bool:
    return bool(keys) and reference_of(kind.model_fields[keys[0]].annotation) is User


def _free(kind: type[Entity], keys: tuple[str, ...], taken: set[str]) -> str:
    """The first index where this kind has nothing yet; what belongs to somebody goes to the index of that first."""
    if _is_of_somebody(kind, keys) and USERS not in taken:
        return USERS
    names = (f"GSI{number}" for number in count(1))
    return next(name for name in names if name not in taken and name != USERS)


def _way(pattern: Lookup, slots: tuple[Slot, ...]) -> Way:
    if pattern.unique:
        return Way(pattern, Served.GUARD)
    if is_in_table(pattern):
        return Way(pattern, Served.TABLE)
    slot = next(one for one in slots if one.kind is pattern.entity and one.name == pattern.index)
    return Way(pattern, Served.INDEX, slot)

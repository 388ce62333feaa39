"""A store as simple as can be: two dictionaries. What the real ones are compared with."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from freehold.model.data import Entity
from freehold.model.lookup import Lookup
from freehold.runtime.ports import Changes, Dangling, Span, Stale, Taken, Verb, Write
from freehold.runtime.unit import rank, ranked
from freehold.testing.contract.subjects import SUBJECTS

Rows = dict[tuple[str, type[Entity], str], Entity]


@dataclass
class Reference:
    """Everything that was committed, by tenant, kind and id; and the audit chains."""

    rows: Rows = field(default_factory=dict)
    chains: dict[str, list[object]] = field(default_factory=dict)

    def commit(self, parts: Iterable[Changes]) -> set[type[Exception]]:
        """Commit, or say what is wrong with it. A store raises one of these, and not always the same one."""
        after, found = deepcopy(self.rows), set[type[Exception]]()
        parts = list(parts)
        for part in parts:
            for write in part.writes:
                found |= _write(after, part.scope.tenant, write)
            lost = [one for one in part.references if (part.scope.tenant, *one[:2]) not in after]
            found |= {Dangling for _ in lost}
        if not found:
            self.rows = after
            for part in parts:
                if part.entry is not None:
                    self.chains.setdefault(part.scope.tenant, []).append(part.entry)
        return found

    def page(self, tenant: str, lookup: Lookup, values: list[object], span: Span) -> list[Entity]:
        """What a lookup finds."""
        if lookup.unique and None in values:
            return []  # None is not a value
        chosen = [row for row in self.of(tenant, lookup.entity) if _keys(row, lookup) == values]
        if span.start is not None or span.stop is not None:
            chosen = [row for row in chosen if getattr(row, lookup.order) is not None]
        if span.start is not None:
            chosen = [row for row in chosen if getattr(row, lookup.order) >= span.start]
        if span.stop is not None:
            chosen = [row for row in chosen if getattr(row, lookup.order) < span.stop]
        chosen.sort(key=lambda row: rank(row, lookup.order), reverse=lookup.descending)
        if span.after is not None:
            there, sign = ranked(*span.after), -1 if lookup.descending else 1
            chosen = [row for row in chosen if _compare(rank(row, lookup.order), there) == sign]
        return chosen[: span.limit]

    def of(self, tenant: str, kind: type[Entity]) -> Iterator[Entity]:
        """All of one kind on one ground."""
        return (row for (ground, of, _), row in self.rows.items() if ground == tenant and of is kind)


def _write(rows: Rows, tenant: str, write: Write) -> set[type[Exception]]:
    key = (tenant, write.kind, write.entity.id)
    there = rows.get(key)
    found: set[type[Exception]] = set()
    if write.verb is Verb.ADD:
        found |= {Taken} if there is not None else set()
    elif there is None or there.version != write.version:
        return {Stale}
    if write.verb is Verb.REMOVE:
        _remove(rows, tenant, write.kind, write.entity.id)
        return found
    for lookup in SUBJECTS.lookups_of(write.kind):
        others = (row for (ground, kind, id), row in rows.items() if (ground, kind) == key[:2] and id != key[2])
        values = _keys(write.entity, lookup)
        if lookup.unique and None not in values and any(_keys(row, lookup) == values for row in others):
            found.add(Taken)
    parent = write.kind.facts.within
    if parent is not None and (tenant, parent, _parent(write.entity)) not in rows:
        found.add(Dangling)
    if not found:
        rows[key] = deepcopy(write.entity)
    return found


def _remove(rows: Rows, tenant: str, kind: type[Entity], id: str) -> None:
    del rows[tenant, kind, id]
    for ground, child, child_id in list(rows):
        row = rows.get((ground, child, child_id))
        if ground == tenant and row is not None and child.facts.within is kind and _parent(row) == id:
            _remove(rows, tenant, child, child_id)


def _parent(row: Entity) -> str:
    """The id of the parent: the one field that names it."""
    parent = type(row).facts.within
    return next(str(getattr(row, name)) for name, target in SUBJECTS.references(type(row)) if target is parent)


def _keys(row: Entity, lookup: Lookup) -> list[object]:
    return [getattr(row, key) for key in lookup.keys]


def _compare(one: tuple[object, ...], other: tuple[object, ...]) -> int:
    return (one > other) - (one < other)

"""From a call's changes to a draft of the transaction: what each write does to unique values, parents and children."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from freehold.model.data import Entity
from freehold.model.fields import parent_field
from freehold.model.layout import tag
from freehold.model.lookup import Lookup
from freehold.model.model import Model
from freehold.runtime.failures import Overloaded
from freehold.runtime.ports import Changes, Dangling, Stale, Taken, Verb, Write
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb.draft import Crowded, Draft, Drafted, Lost, Within
from freehold.stores.dynamodb.items import counted, key, key_in, text
from freehold.stores.dynamodb.keys import END, guard, partition, place
from freehold.stores.dynamodb.leftovers import read
from freehold.stores.dynamodb.patience import waits
from freehold.stores.dynamodb.snapshot import Book
from freehold.stores.dynamodb.table import MOST_AT_ONCE, PATIENCE, Table
from freehold.stores.rows import unreadable

PAUSE = 0.05
"""Seconds after which, at most, an index is asked again that has not yet shown all children."""

MOST_CHILDREN = 200
"""How many an index is asked for at once: more than a transaction takes, since some of them may be gone already."""

Known = dict[tuple[type[Entity], str], tuple[Entity, Mapping[type[Entity], int]]]
"""Entities as they were read, and how many of each kind lie within each."""


class Planner:
    """Works out what a call's writes mean for the items of a ground."""

    def __init__(self, model: Model, book: Book, table: Table) -> None:
        """Know the model."""
        self._model, self._book, self._table = model, book, table
        self._unique = {
            kind: tuple(pattern for pattern in model.lookups_of(kind) if pattern.unique)
            for kind in model.entities.values()
        }
        self._above = {
            kind: (parent_field(kind, kind.facts.within) or "", kind.facts.within)
            for kind in model.entities.values() if kind.facts.within
        }  # fmt: skip
        self._below = {kind: model.children(kind) for kind in model.entities.values()}
        self._kinds = {tag(kind): kind for kind in model.entities.values()}

    def begin(self, tenant: str, leftovers: str, *, leaves: bool = False) -> Draft:
        """An empty draft for a ground whose tip says that so much is left. With `leaves`, more may be left."""
        return Draft(tenant, self._table.name, leftovers=read(leftovers, self._kinds), leaves=leaves)

    def plan(self, part: Changes, draft: Draft) -> None:
        """Lay a part of what is done on one ground over its draft.

        Raises `Stale`, `Taken`, `Dangling` or `Invalid` for what is clear; and `Crowded`, unless the draft leaves some.
        """
        scope = part.scope
        known = self._read(scope, part.writes)
        for write in part.writes:
            try:
                self._write(scope, draft, write, known)
            except UnicodeEncodeError:
                raise unreadable(write.entity) from None
        for kind, id, name in part.references:
            draft.refer(kind, id, name)

    def clear(self, scope: Scope, draft: Draft) -> bool:
        """Lay over an empty draft, which `leaves`, what can go next. Whether there is any that an index shows."""
        for above, within in reversed(draft.leftovers.items()):
            for kind, count in within.items():
                if count > 0:
                    self._clear(scope, draft, kind, above[1])
                    return bool(draft.entities)
        return False

    def _is_tied(self, kind: type[Entity]) -> bool:
        """Whether more than its own item changes with it, so that what it was has to be known."""
        return bool(self._unique[kind] or self._below[kind] or kind in self._above)

    def _read(self, scope: Scope, writes: Iterable[Write]) -> Known:
        """What is to be changed, as it is now."""
        wanted = [
            (write.kind, write.entity.id) for write in writes
            if write.verb is not Verb.ADD and self._is_tied(write.kind)
        ]  # fmt: skip
        keys = {place(kind, id): (kind, id) for kind, id in wanted}
        found: Known = {}
        for item in self._table.get_all(scope, [key(scope.tenant, at) for at in keys]):
            kind, id = keys[str(item["SK"]["S"])]
            found[kind, id] = (self._book.of[kind].decode(item)[1], counted(item, self._below[kind]))
        return found

    def _write(self, scope: Scope, draft: Draft, write: Write, known: Known) -> None:
        kind, entity = write.kind, write.entity
        there = draft.at(kind, entity.id)
        if write.verb is Verb.ADD:
            self._add(scope, draft, write, there)
            return
        if there is not None and (there.goes or there.written):
            old = None if there.goes else there.entity
        else:
            old, listed = known.get((kind, entity.id), (None, {}))
            there = draft.draft(kind, entity.id, write.version, lambda: Stale(kind))
            there.before, there.refusal, there.listed = write.version, lambda: Stale(kind), listed
            old = old or (None if self._is_tied(kind) else entity.model_copy(update={"version": write.version}))
        if old is None or old.version != write.version:
            raise Stale(kind)
        if write.verb is Verb.SAVE:
            self._tie(draft, old, entity)
            there.entity, there.written = entity, True
        else:
            self._remove(scope, draft, there, old)

    def _add(self, scope: Scope, draft: Draft, write: Write, there: Drafted | None) -> None:
        kind, entity = write.kind, write.entity
        if there is not None and not there.goes:
            # What was put within it before it was added had to find it there.
            has = there.written or self._table.get(scope, key(scope.tenant, place(kind, entity.id)))
            raise Taken(kind) if has else there.refusal()
        if there is None:
            there = draft.draft(kind, entity.id, 0, lambda: Taken(kind))
        self._tie(draft, None, entity)
        there.entity, there.written, there.is_new, there.goes = entity, True, True, False
        there.listed, there.children = {}, {}

    def _tie(self, draft: Draft, old: Entity | None, new: Entity | None) -> None:
        """Move what an entity holds elsewhere: its unique values, and its place in its parent's count."""
        subject = new or old
        if subject is None:
            return
        kind, id = type(subject), subject.id
        before, after = (dict(self._guards(one)) if one else {} for one in (old, new))
        for sort_key, pattern in before.items():
            if sort_key not in after:
                draft.release(pattern, sort_key, id)
        for sort_key, pattern in after.items():
            if sort_key not in before:
                draft.acquire(pattern, sort_key, id)
        if kind in self._above:
            name, parent = self._above[kind]
            left, joined = (getattr(one, name) if one else None for one in (old, new))
            if left != joined:
                self._count(draft, parent, left, kind, -1, name)
                self._count(draft, parent, joined, kind, 1, name)

    def _guards(self, entity: Entity) -> Iterator[tuple[str, Lookup]]:
        for pattern in self._unique[type(entity)]:
            sort_key = guard(pattern, entity.__dict__)
            if sort_key is not None:
                yield sort_key, pattern

    @staticmethod
    def _count(
        draft: Draft, parent: type[Entity] | None, id: str | None, kind: type[Entity], by: int, name: str
    ) -> None:
        """Say that an entity has one more within it, or one fewer."""
        if parent is None or id is None:
            return
        if (within := draft.leftovers.get((parent, id))) is not None and by < 0:
            within[kind] = within.get(kind, 0) + by
            return
        there = draft.at(parent, id)
        if there is not None and there.goes:
            if by > 0:
                raise Dangling(parent, id, name)
            return
        if there is None:
            there = draft.draft(parent, id, None, lambda: Dangling(parent, id, name))
        there.children[kind] = there.children.get(kind, 0) + by

    def _remove(self, scope: Scope, draft: Draft, there: Drafted, entity: Entity) -> None:
        """Take an entity away, with everything within it; or leave that for later, where it is too much."""
        self._tie(draft, entity, None)
        there.entity, there.written, there.goes = None, False, True
        left: Within = {}
        for kind in self._below[type(entity)]:
            name, _ = self._above[kind]
            here = [
                one for one in list(draft.entities.values())
                if one.kind is kind and one.entity is not None and getattr(one.entity, name) == entity.id
            ]  # fmt: skip
            if draft.leaves:
                left[kind] = there.listed.get(kind, 0) + there.children.get(kind, 0) - len(here)
            else:
                self._remove_within(scope, draft, kind, entity, there.listed.get(kind, 0))
            for one in here:  # what this transaction has put there
                if one.entity is not None and not one.goes:
                    self._remove(scope, draft, one, one.entity)
        if any(left.values()):
            draft.leftovers[type(entity), entity.id] = left

    def _remove_within(self, scope: Scope, draft: Draft, kind: type[Entity], above: Entity, count: int) -> None:
        """Take away what lies within an entity in the store. Raises `Overloaded` when an index stays behind."""
        if len(draft.entities) + count > MOST_AT_ONCE:
            raise Crowded
        for _ in waits(PAUSE, PATIENCE):
            found = self._within(scope, kind, above.id, again=bool(self._below[kind])) if count > 0 else []
            if len(found) >= count:
                for child, listed in found:
                    known = draft.at(kind, child.id)
                    if known is None or not (known.written or known.goes):
                        self._remove(scope, draft, self._gone(draft, child, listed), child)
                return
        raise Overloaded("STORE_BEHIND", "An index of the store is behind: wait and retry.", retry_after=1)

    def _clear(self, scope: Scope, draft: Draft, kind: type[Entity], above: str) -> None:
        """Take away as many as fit of a kind of what lies within an entity that is gone."""
        room = MOST_AT_ONCE - 1  # the tip of the ground moves as well
        for child, listed in self._within(scope, kind, above, again=True):
            if len(draft.entities) + len(draft.guards) + 1 + len(self._unique[kind]) > room:
                return
            self._remove(scope, draft, self._gone(draft, child, listed), child)

    @staticmethod
    def _gone(draft: Draft, child: Entity, listed: Mapping[type[Entity], int]) -> Drafted:
        """A child that goes, as an index has it; which may be behind."""
        known = draft.draft(type(child), child.id, child.version, Lost)
        known.before, known.refusal, known.listed = child.version, Lost, listed
        return known

    def _within(
        self, scope: Scope, kind: type[Entity], above: str, *, again: bool
    ) -> list[tuple[Entity, Mapping[type[Entity], int]]]:
        """What lies within an entity, and how many of each kind within each: as an index shows it, a moment behind.

        With `again`, each is looked at in the table, where some may be gone by now, or have more within them.
        """
        name, _ = self._above[kind]
        slot = next(slot for slot in self._book.of[kind].slots if slot.keys == (name,))
        request = {
            "IndexName": slot.index,
            "KeyConditionExpression": f"{slot.index}PK = :p AND begins_with({slot.index}SK, :s)",
            "ExpressionAttributeValues": {
                ":p": text(partition(slot, scope.tenant, {name: above})), ":s": text(f"{tag(kind)}{END}"),
            },
        }  # fmt: skip
        items = list(self._table.query(scope, request, MOST_CHILDREN))
        if again:
            items = self._table.get_all(scope, [key_in(item) for item in items])
            items = [item for item in items if item.get(name) == text(above)]
        codec = self._book.of[kind]
        return [(codec.decode(item)[1], counted(item, self._below[kind])) for item in items]

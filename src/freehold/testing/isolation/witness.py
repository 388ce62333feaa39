"""Looks at what lies on a tenant's ground through the port `Database` alone: so the suite runs on any store.

`Watched` stands before the store and keeps note of the ids in every commit, whoever made it. A `Ground` reads those ids
again, on its own ground: a write that lands where it should not is seen there. Now and then a ground is read whole, so
that what no commit has named is seen as well. Each row comes with the tenant that the store says it lies with, and
that is compared, too. That the port shows what is in the file is a matter of each store's own tests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from freehold.model.data import Entity
from freehold.model.model import Model, table_of
from freehold.model.names import PLATFORM
from freehold.runtime.idempotency import Receipt
from freehold.runtime.ports import AuditEntry, Changes, Database, Found, Snapshot, Span
from freehold.runtime.scope import Scope

AUDIT = "freehold_audit"
"""What the entries of an audit chain are filed under, by their number."""

BATCH, LISTED, ASKED = 1000, 200, 10
"""Entries of a chain at a time; rows of one list that are looked at; and of how many rows its keys are taken."""

Key = tuple[str, str]
"""A table and an id."""


class Watched:
    """Fills the port `Database` with a store, and keeps note of what is written."""

    def __init__(self, database: Database) -> None:
        """Nothing was written yet."""
        self._database = database
        self.log: list[tuple[type[Entity], str] | None] = []
        """What was written, in order; None for each commit, as some write nothing but an audit entry."""

    def snapshot(self, scope: Scope, beside: Snapshot | None = None) -> Snapshot:
        """See `Database.snapshot`."""
        return self._database.snapshot(scope, beside)

    def commit(self, parts: Sequence[Changes]) -> None:
        """See `Database.commit`."""
        try:
            self._database.commit(parts)
        finally:  # also when it was refused: then nothing may be different
            self._note(parts)

    def exclusively(self, scope: Scope, work: Callable[[Snapshot], Sequence[Changes]]) -> None:
        """See `Database.exclusively`."""
        done: list[Changes] = []

        def noted(snapshot: Snapshot) -> Sequence[Changes]:
            parts = work(snapshot)
            done.extend(parts)
            return parts

        try:
            self._database.exclusively(scope, noted)
        finally:
            self._note(done)

    def busy_grounds(self, before: datetime) -> list[str]:
        """See `Database.busy_grounds`."""
        return self._database.busy_grounds(before)

    def audit(self, scope: Scope, after: int, limit: int) -> list[AuditEntry]:
        """See `Database.audit`."""
        return self._database.audit(scope, after, limit)

    def close(self) -> None:
        """See `Database.close`."""
        self._database.close()

    def _note(self, parts: Sequence[Changes]) -> None:
        self.log += [(write.kind, write.entity.id) for part in parts for write in part.writes]
        self.log.append(None)


@dataclass(frozen=True, slots=True)
class Change:
    """What is different on a ground: `what` is added, changed, removed, or shown though it is another tenant's."""

    key: Key
    what: str


class Ground:
    """What lies on one tenant's ground, and what the platform keeps of it, as it was when last looked at."""

    def __init__(self, database: Watched, model: Model, tenant: str, beside: Collection[str] = ()) -> None:
        """Nothing was looked at yet. `beside` are ids of what the platform keeps: the organisation and its people."""
        self._database, self._model, self._tenant, self._beside = database, model, tenant, frozenset(beside)
        self._read_to = self._number = 0
        self._rows: dict[Key, Found | AuditEntry] = {}
        self.ids: set[str] = set()
        """Of everything that ever lay here, but for receipts, whose ids follow from who asked and what."""

    def look(self) -> list[Change]:
        """What is different, of all that commits have named since this was last asked."""
        log, begin = self._database.log, self._read_to
        self._read_to = len(log)
        if begin == self._read_to:
            return []
        with self._views() as view:
            return [*self._read(view, filter(None, log[begin : self._read_to])), *self._chain(self._number)]

    def sweep(self) -> list[Change]:
        """What is different, everything having been read again."""
        found = self.look()
        with self._views() as view:
            known = [(type(row[1]), row[1].id) for row in self._rows.values() if isinstance(row, tuple)]
            return [*found, *self._read(view, [*known, *self._listed(view)]), *self._chain(0)]

    def texts(self) -> Iterator[tuple[Key, str]]:
        """All that is written here."""
        for key, row in self._rows.items():
            yield key, row.text if isinstance(row, AuditEntry) else f"{row[0]} {vars(row[1])}"

    @contextmanager
    def _views(self) -> Iterator[Callable[[type[Entity]], Snapshot]]:
        """The view in which to look for a kind of entity."""
        opened: dict[str, Snapshot] = {}
        scopes: list[Scope] = []

        def view(kind: type[Entity]) -> Snapshot:
            tenant = PLATFORM if kind.facts.platform else self._tenant
            if tenant not in opened:
                scopes.append(Scope(tenant))
                opened[tenant] = self._database.snapshot(scopes[-1])
            return opened[tenant]

        try:
            yield view
        finally:
            for snapshot in opened.values():
                snapshot.close()
            for scope in scopes:
                scope.close()

    def _read(
        self, view: Callable[[type[Entity]], Snapshot], named: Iterable[tuple[type[Entity], str]]
    ) -> Iterator[Change]:
        """Look at these again, and at the children of those that are gone."""
        waiting = list(dict.fromkeys(named))
        for kind, id in waiting:
            if kind.facts.platform and id not in self._beside:
                continue
            key = (table_of(kind), id)
            before, after = self._rows.get(key), view(kind).get(kind, id)
            if before == after:
                continue
            if after is None:
                del self._rows[key]
                waiting += [pair for child in self._model.children(kind) for pair in self._kept(child)]
            else:
                self._keep(key, after)
            yield Change(key, self._difference(before, after))

    def _difference(self, before: Found | AuditEntry | None, after: Found | None) -> str:
        if after is None:
            return "removed"
        if after[0] not in (self._tenant, PLATFORM):
            return f"of {after[0]}, and shown"
        return "added" if before is None else "changed"

    def _kept(self, kind: type[Entity]) -> list[tuple[type[Entity], str]]:
        return [(kind, id) for table, id in self._rows if table == table_of(kind)]

    def _keep(self, key: Key, found: Found) -> None:
        self._rows[key] = found
        if not isinstance(found[1], Receipt):
            self.ids.add(key[1])

    def _listed(self, view: Callable[[type[Entity]], Snapshot]) -> Iterator[tuple[type[Entity], str]]:
        """What the lists of the app show here, asked for by the keys of some that are known."""
        for pattern in self._model.lookups:
            kind = pattern.entity
            if pattern.unique or kind.facts.platform:
                continue
            there = [row[1] for key, row in self._rows.items() if isinstance(row, tuple) and key[0] == table_of(kind)]
            keys = {tuple(getattr(entity, key) for key in pattern.keys): None for entity in there}
            for values in list(keys)[:ASKED] if pattern.keys else [()]:
                yield from ((kind, found.id) for _, found in view(kind).page(pattern, values, Span(LISTED)))

    def _chain(self, after: int) -> Iterator[Change]:
        """What is different in the audit chain behind an entry."""
        with Scope(self._tenant) as scope:
            while batch := self._database.audit(scope, after, BATCH):
                for entry in batch:
                    key = (AUDIT, str(entry.number))
                    before, self._rows[key] = self._rows.get(key), entry
                    if before != entry:
                        yield Change(key, "added" if before is None else "changed")
                after = batch[-1].number
        for key in [key for key in self._rows if key[0] == AUDIT and int(key[1]) > after]:
            del self._rows[key]
            yield Change(key, "removed")
        self._number = after

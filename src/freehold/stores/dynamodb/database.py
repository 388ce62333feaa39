"""`DynamoDb`: the store for DynamoDB, one table for everything, filling the port `Database`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from freehold.model.layout import Layout
from freehold.model.model import Model
from freehold.runtime.ports import AuditEntry, Changes, Snapshot
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb import links
from freehold.stores.dynamodb.commit import Committer
from freehold.stores.dynamodb.items import SHARDS
from freehold.stores.dynamodb.keys import END, LAST
from freehold.stores.dynamodb.planner import Planner
from freehold.stores.dynamodb.snapshot import Book, DynamoSnapshot
from freehold.stores.dynamodb.table import Table
from freehold.stores.dynamodb.tips import Tips
from freehold.stores.forms import moment

MOST_BUSY = 1000


class DynamoDb:
    """A table of DynamoDB. What is acknowledged was written by a transaction."""

    def __init__(
        self, model: Model, layout: Layout, table: Table, closed: Callable[[], object] = lambda: None,
        *, generation: int = 1,
    ) -> None:  # fmt: skip
        """Work on a table that has the layout's indexes, and items of this generation. `closed` is done at the end."""
        self._table, self._closed = table, closed
        self._book = Book(layout, tuple(model.entities.values()), generation)
        self._tips = Tips(table, generation)
        self._committer = Committer(table, self._book, Planner(model, self._book, table), self._tips)

    def snapshot(self, scope: Scope, beside: Snapshot | None = None) -> Snapshot:
        """See `Database.snapshot`."""
        del beside  # nothing is held that could be shared
        scope.tenant  # noqa: B018  # refuses without one
        return DynamoSnapshot(scope, self._table, self._book)

    def commit(self, parts: Sequence[Changes]) -> None:
        """See `Database.commit`."""
        scopes = [part.scope for part in parts]
        self._committer.commit(scopes, lambda: parts)

    def exclusively(self, scope: Scope, work: Callable[[Snapshot], Sequence[Changes]]) -> None:
        """See `Database.exclusively`. Whoever is faster makes the work be done again: nobody is locked out.

        Lists come from indexes, which are a moment behind; what is found by id or by a unique value is as it is.
        """
        self._committer.commit([scope], lambda: work(DynamoSnapshot(scope, self._table, self._book)))

    def busy_grounds(self, before: datetime) -> list[str]:
        """See `Database.busy_grounds`. Steps from tenant to tenant, however much one of them has waiting."""
        found: list[str] = []
        until = moment(before)
        for shard in range(SHARDS):
            place = self._table.waiting(shard, "!")
            while place is not None and len(found) < MOST_BUSY:
                tenant, _, due = place.partition(END)
                if due <= until:
                    found.append(tenant)
                place = self._table.waiting(shard, f"{tenant}{LAST}")
        return found

    def audit(self, scope: Scope, after: int, limit: int) -> list[AuditEntry]:
        """See `Database.audit`."""
        found = self._table.query(scope, links.behind(scope.tenant, after), limit)
        return [links.entry_of(item) for item in found]

    def close(self) -> None:
        """See `Database.close`."""
        self._table.close()
        done, self._closed = self._closed, lambda: None
        done()

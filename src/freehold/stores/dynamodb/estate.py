"""Whole grounds of a table, for operators: read and filled with the operator's own credentials, a part at a time.

DynamoDB has no transaction that could hold a whole ground. A hold is a mark on the ground's tip that every commit looks
at; it is given for a minute, and renewed while there is work, so that it ends with the process. What was done in a hold
that fails stays done: whoever imports or restores begins again.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from freehold.aws.failures import AwsError
from freehold.model.data import Entity
from freehold.model.layout import Layout, tag
from freehold.model.model import Model, table_of
from freehold.model.names import PLATFORM
from freehold.runtime.failures import Failure, Overloaded, TooLarge
from freehold.runtime.ports import AuditEntry, Changes, Verb, Write
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb import links
from freehold.stores.dynamodb.commit import Committer
from freehold.stores.dynamodb.items import Item, between, key, number, text
from freehold.stores.dynamodb.keys import END, LAST, place
from freehold.stores.dynamodb.patience import waits
from freehold.stores.dynamodb.planner import Planner
from freehold.stores.dynamodb.raw import RawTable
from freehold.stores.dynamodb.sizes import size_of
from freehold.stores.dynamodb.snapshot import Book
from freehold.stores.dynamodb.table import MOST_AT_ONCE, Table
from freehold.stores.dynamodb.tips import HELD_BY, HELD_TO, TIP, Tip, Tips, read
from freehold.stores.dynamodb.trouble import explained
from freehold.stores.estate import AUDIT, LARGE, Claimed, Mark, check_links, kinds_of

LEASE = 60.0
"""Seconds that a hold or a claim lasts when nobody renews it."""

MARKED: Mapping[str, object] = {
    "ProjectionExpression": "SK, #id, #version, #at",
    "ExpressionAttributeNames": {"#id": "id", "#version": "version", "#at": "updated_at"},
}
PLACED: Mapping[str, object] = {"ProjectionExpression": "PK, SK"}
EVERYTHING = 1_000_000_000
SWEPT = 5_000
"""Places that are looked up at a time, to be emptied."""
TOGETHER = 24
"""Entities that are put in one transaction, if they fit: each may have unique values and a parent."""

PATIENCE, FIRST_WAIT = 10.0, 0.05
FREE = f"attribute_not_exists({HELD_BY}) OR {HELD_TO} < :now"
MINE = f"{HELD_BY} = :me"


class DynamoEstate:
    """Fills the port `Estate`."""

    takes_back = False

    def __init__(self, model: Model, layout: Layout, table: Table, raw: RawTable, generation: int) -> None:
        """Work through `table`, whose credentials reach every ground, and `raw`, for what is no ground's."""
        self._table, self._raw = table, raw
        self._me = secrets.token_hex(8)
        self._book = Book(layout, tuple(model.entities.values()), generation)
        self._tips = Tips(table, generation, holder=self._me)
        self._committer = Committer(table, self._book, Planner(model, self._book, table), self._tips)
        self._kinds = kinds_of(model)
        self._tables = {tag(kind): table_of(kind) for kind in self._kinds} | {"AUDIT": AUDIT}
        self._fitting: dict[type[Entity], int] = {}
        """How many of a kind were `LARGE` together when they were read last."""
        self._leases: dict[str, tuple[Mapping[str, object], float]] = {}

    @property
    def kinds(self) -> Sequence[type[Entity]]:
        """See `Estate.kinds`."""
        return self._kinds

    def rows(self, scope: Scope, kind: type[Entity], after: str, limit: int) -> list[Entity]:
        """See `Estate.rows`."""
        found, weight = list[Item](), 0
        for item in self._behind(scope, kind, after, min(limit, self._fitting.get(kind, limit))):
            found.append(item)
            weight += size_of(item)
            if weight >= LARGE:
                break
        if weight:
            self._fitting[kind] = max(1, LARGE * len(found) // weight)
        return [self._book.of[kind].decode(item)[1] for item in found]

    def those(self, scope: Scope, kind: type[Entity], ids: Sequence[str]) -> list[Entity]:
        """See `Estate.those`."""
        self._renew()
        places = [key(scope.tenant, place(kind, id)) for id in ids]
        return [self._book.of[kind].decode(item)[1] for item in self._table.get_all(scope, places)]

    def marks(self, scope: Scope, kind: type[Entity], after: str, limit: int) -> list[Mark]:
        """See `Estate.marks`. Fewer bytes come; what is read, and paid for, is all of it."""
        found = self._behind(scope, kind, after, limit, MARKED)
        return [
            Mark(str(item["id"]["S"]), int(str(item["version"]["N"])), str(item["updated_at"]["S"])) for item in found
        ]

    def chain(self, scope: Scope, after: int, limit: int) -> list[AuditEntry]:
        """See `Estate.chain`."""
        self._renew()
        return [links.entry_of(item) for item in self._table.query(scope, links.behind(scope.tenant, after), limit)]

    def put(self, scope: Scope, entities: Sequence[Entity]) -> None:
        """See `Estate.put`. More than fits into a transaction goes in several, each of them whole."""
        scope.tenant  # noqa: B018  # refuses without one
        for start in range(0, len(entities), TOGETHER):
            self._put(scope, entities[start : start + TOGETHER])

    def link(self, scope: Scope, entries: Sequence[AuditEntry]) -> None:
        """See `Estate.link`."""
        tip = self._tip(scope)
        check_links(tip.number, tip.hash, entries)
        for start in range(0, len(entries), MOST_AT_ONCE - 1):
            part = entries[start : start + MOST_AT_ONCE - 1]
            puts = [
                {"Put": {"TableName": self._table.name, "Item": links.item_of(scope.tenant, entry)}} for entry in part
            ]
            self._move(scope, puts, part[-1].number, part[-1].hash)

    def empty(self, scope: Scope) -> Mapping[str, int]:
        """See `Estate.empty`."""
        counts = self._swept(scope)
        if self._table.get(scope, key(scope.tenant, TIP)) is not None:
            self._move(scope, [], 0, Tip().hash, leftovers="")
        return counts

    def erase(self, scope: Scope) -> Mapping[str, int]:
        """See `Estate.erase`."""
        counts = self._swept(scope)
        with explained():
            self._raw.call("DeleteItem", {"Key": key(scope.tenant, TIP)})
        self._leases.pop(scope.tenant, None)
        self._tips.move(scope.tenant, None)
        return counts

    def residue(self, scope: Scope) -> Mapping[str, int]:
        """See `Estate.residue`. Looks into the tenant's partition, and for its id into all that is the platform's."""
        tenant = scope.tenant
        found = Counter(self._named(item) for item in self._stretch(scope, tenant, "!", "~", EVERYTHING, only=PLACED))
        found.update(
            self._named(item)
            for item in self._stretch(scope, PLATFORM, "!", "~", EVERYTHING)
            if tenant in str(item) and not str(item["SK"]["S"]).startswith(("AUDIT#", TIP))
        )
        return dict(found)

    @contextmanager
    def still(self, scope: Scope) -> Iterator[None]:
        """See `Estate.still`. There are no snapshots here: whoever writes has to wait."""
        with self.hold(scope):
            yield

    @contextmanager
    def hold(self, scope: Scope) -> Iterator[None]:
        """See `Estate.hold`."""
        if scope.tenant in self._leases:  # it is held already, by us
            yield
            return
        at = key(scope.tenant, TIP)
        try:
            self._leases[scope.tenant] = (at, self._mark(scope))
            self._committer.clear(scope)
            yield
            if scope.tenant in self._leases:  # it was not erased
                self._renew(0)
        finally:
            self._leases.pop(scope.tenant, None)
            self._give_back("UpdateItem", {"Key": at, "UpdateExpression": f"REMOVE {HELD_BY}, {HELD_TO}"})
            self._tips.move(scope.tenant, None)

    @contextmanager
    def claim(self, scope: Scope) -> Iterator[None]:
        """See `Estate.claim`."""
        at = {"PK": text("FREEHOLD"), "SK": text(f"CLAIM#{scope.tenant}")}
        mine, began = {HELD_BY: text(self._me), HELD_TO: number(_until())}, time.monotonic()
        if not self._change("PutItem", {
            "Item": {**at, **mine}, "ConditionExpression": FREE,
            "ExpressionAttributeValues": {":now": number(int(time.time()))},
        }):  # fmt: skip
            raise Claimed
        self._leases[f"claim {scope.tenant}"] = (at, began)
        try:
            yield
        finally:
            del self._leases[f"claim {scope.tenant}"]
            self._give_back("DeleteItem", {"Key": at})

    def close(self) -> None:
        """See `Estate.close`."""
        self._table.close()
        self._raw.close()

    def _put(self, scope: Scope, entities: Sequence[Entity]) -> None:
        """Put entities in one transaction; or in two, each of half of them, if they are too many items."""
        self._renew()
        writes = [Write(Verb.ADD, type(entity), entity, 0) for entity in entities]
        try:
            self._committer.commit([scope], lambda: [Changes(scope, writes, [])] if writes else [])
        except TooLarge:
            if len(entities) == 1:
                raise
            half = len(entities) // 2
            self._put(scope, entities[:half])
            self._put(scope, entities[half:])

    def _swept(self, scope: Scope) -> dict[str, int]:
        """Delete everything of a ground but its tip, and count what a table would have."""
        counts = dict.fromkeys(self._tables.values(), 0)
        while found := list(self._stretch(scope, scope.tenant, "!", "~", SWEPT, but=TIP, only=PLACED)):
            for start in range(0, len(found), MOST_AT_ONCE):
                self._renew()
                part = found[start : start + MOST_AT_ONCE]
                gone = [{"Delete": {"TableName": self._table.name, "Key": place}} for place in part]
                with explained():
                    self._table.transact(scope, gone, secrets.token_hex(16))
            for name, count in Counter(map(self._named, found)).items():
                if name in counts:
                    counts[name] += count
        return counts

    def _behind(
        self, scope: Scope, kind: type[Entity], after: str, limit: int, only: Mapping[str, object] | None = None
    ) -> Iterator[Item]:
        """Items of a kind behind an id; or `only` some attributes of them."""
        opening = f"{tag(kind)}{END}"
        low = f"{opening}{after}{LAST}" if after else opening
        return self._stretch(scope, scope.tenant, low, f"{tag(kind)}{LAST}", limit, only=only)

    def _stretch(
        self, scope: Scope, tenant: str, low: str, high: str, limit: int, *, but: str = "",
        only: Mapping[str, object] | None = None,
    ) -> Iterator[Item]:  # fmt: skip
        """Items of a ground between two sort keys, as they are now."""
        self._renew()
        found = self._table.query(scope, {**between(tenant, low, high), **(only or {})}, limit)
        return (item for item in found if item["SK"] != text(but))

    def _named(self, item: Item) -> str:
        """The table that an item would be in; or the first word of its key."""
        first = str(item["SK"]["S"]).partition(END)[0]
        return self._tables.get(first, first.lower())

    def _tip(self, scope: Scope) -> Tip:
        with self._tips.held([scope.tenant]):
            return self._tips.tip(scope)

    def _move(
        self, scope: Scope, actions: Sequence[Mapping[str, object]], at: int, hash: str, **changed: str  # noqa: A002
    ) -> None:  # fmt: skip
        """Do something together with moving the tip."""
        self._renew()
        tip, token = self._tip(scope), secrets.token_hex(16)
        after = replace(self._tips.after(tip, at, hash), **changed)
        moved = tip.moved(scope.tenant, after, self._table.name, token)
        self._tips.move(scope.tenant, None)
        with explained():
            self._table.transact(scope, [*actions, moved], token)

    def _mark(self, scope: Scope) -> float:
        """Mark a ground as held, once nobody else holds it, and say when that began.

        Its version moves: who remembers it looks again.
        """
        for _ in waits(FIRST_WAIT, PATIENCE):
            item = self._table.get(scope, key(scope.tenant, TIP))
            tip = read(item) if item else self._tips.nothing()
            if tip.is_held(self._me):
                continue
            after = self._tips.after(tip, tip.number, tip.hash)
            update = tip.moved(scope.tenant, after, self._table.name, self._me)["Update"]
            if not isinstance(update, dict):
                continue
            update["UpdateExpression"] += f", {HELD_BY} = :me, {HELD_TO} = :until"
            update["ExpressionAttributeValues"] |= {":me": text(self._me), ":until": number(_until())}
            began = time.monotonic()
            if self._change("UpdateItem", update):
                self._tips.move(scope.tenant, None)
                return began
        raise Overloaded("STORE_BUSY", "Somebody else holds this ground: wait and retry.", retry_after=1)

    def _renew(self, after: float = LEASE / 3) -> None:
        """Hold on to what is held, once so many seconds have passed.

        Raises `Overloaded` when it was taken from us, or could have been: we have been away for too long.
        """
        for name, (at, since) in list(self._leases.items()):
            now = time.monotonic()
            if now - since < after:
                continue
            values = {":me": text(self._me), ":until": number(_until()), ":now": number(int(time.time()))}
            done = self._change("UpdateItem", {
                "Key": at, "UpdateExpression": f"SET {HELD_TO} = :until",
                "ConditionExpression": f"{MINE} AND {HELD_TO} > :now",
                "ExpressionAttributeValues": values,
            })  # fmt: skip
            if not done:
                raise Overloaded("STORE_BUSY", "This ground was held by somebody else meanwhile.", retry_after=1)
            self._leases[name] = (at, now)

    def _give_back(self, operation: str, request: Mapping[str, object]) -> None:
        """End a lease that is ours. One that cannot be ended now ends by itself: nothing is undone by that."""
        mine = {"ConditionExpression": MINE, "ExpressionAttributeValues": {":me": text(self._me)}}
        with suppress(Failure):
            self._change(operation, {**request, **mine})

    def _change(self, operation: str, request: Mapping[str, object]) -> bool:
        """Ask for a change, and say whether its condition held."""
        try:
            self._raw.call(operation, request)
        except AwsError as error:
            if error.code != "ConditionalCheckFailedException":
                with explained():
                    raise
            return False
        return True


def _until() -> int:
    return int(time.time() + LEASE)

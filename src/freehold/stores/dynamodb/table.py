"""The table: what is asked of DynamoDB, each request in the name of one tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, cast

from freehold.aws.client import AwsClient
from freehold.aws.credentials import Credentials
from freehold.model.layout import OUTBOX
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb.items import Attribute, Item
from freehold.stores.dynamodb.patience import waits
from freehold.stores.dynamodb.trouble import explained
from freehold.stores.unavailable import busy

MOST_AT_ONCE = 100
"""Keys of a BatchGetItem, and actions of a TransactWriteItems."""

PATIENCE, FIRST_WAIT = 3.0, 0.05
"""Seconds to ask again for what DynamoDB has left out, and the longest wait before the second time."""

MOST_EMPTY = 100
"""Empty pages in a row after which nothing is expected any more."""

Key = Mapping[str, Attribute]


class Asker(Protocol):
    """Gives the credentials that a call of a tenant is signed with."""

    def __call__(self, scope: Scope) -> Credentials:
        """Raises `TenantScopeMissing` once the call is over: then nothing is sent."""
        ...


class Table:
    """One table, through one client."""

    def __init__(self, client: AwsClient, name: str, credentials: Asker, relay: Callable[[], Credentials]) -> None:
        """`credentials` are for what a tenant does; `relay` is for the outbox, which only sees its own index."""
        self._client, self.name, self._credentials, self._relay = client, name, credentials, relay

    def get(self, scope: Scope, key: Key) -> Item | None:
        """One item, as it is now."""
        answer = self._call("GetItem", {"TableName": self.name, "Key": key, "ConsistentRead": True}, scope)
        return cast("Item | None", answer.get("Item"))

    def get_all(self, scope: Scope, keys: Sequence[Key]) -> list[Item]:
        """Items, as they are now, in any order."""
        starts = range(0, len(keys), MOST_AT_ONCE)
        return [item for start in starts for item in self._batch(scope, keys[start : start + MOST_AT_ONCE])]

    def query(self, scope: Scope, request: Mapping[str, object], limit: int) -> Iterator[Item]:
        """Up to `limit` items of one partition, in order. A page of DynamoDB's is a megabyte, and may be empty."""
        whole = {"TableName": self.name, **request}
        yield from self._pages(lambda more: self._call("Query", {**whole, **more}, scope), limit)

    def transact(self, scope: Scope, actions: Sequence[Mapping[str, object]], token: str) -> None:
        """Do all of it or nothing. The same token twice is once. Raises `AwsError` with the reasons when cancelled."""
        request = {"TransactItems": actions, "ClientRequestToken": token}
        self._client.call("TransactWriteItems", request, self._credentials(scope))

    def waiting(self, shard: int, after: str) -> str | None:
        """The first key behind `after` in a part of the outbox's index."""
        names = {":p": {"S": f"{OUTBOX}#{shard}"}, ":a": {"S": after}}
        request = {
            "TableName": self.name, "IndexName": OUTBOX,
            "KeyConditionExpression": f"{OUTBOX}PK = :p AND {OUTBOX}SK > :a", "ExpressionAttributeValues": names,
        }  # fmt: skip

        def asked(more: Mapping[str, object]) -> Mapping[str, object]:
            with explained():
                return self._client.call("Query", {**request, **more}, self._relay())

        return next((str(item[f"{OUTBOX}SK"]["S"]) for item in self._pages(asked, 1)), None)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _batch(self, scope: Scope, keys: Sequence[Key]) -> list[Item]:
        """Items of one BatchGetItem. What it leaves out is asked for again, until our patience ends."""
        found: list[Item] = []
        waiting: Sequence[Key] = keys
        for _ in waits(FIRST_WAIT, PATIENCE):
            asked = {"Keys": waiting, "ConsistentRead": True}
            answer = self._call("BatchGetItem", {"RequestItems": {self.name: asked}}, scope)
            found += cast("Any", answer.get("Responses", {})).get(self.name, [])
            waiting = cast("Any", answer.get("UnprocessedKeys") or {}).get(self.name, {}).get("Keys", [])
            if not waiting:
                return found
        raise busy()

    @staticmethod
    def _pages(ask: Callable[[Mapping[str, object]], Mapping[str, object]], limit: int) -> Iterator[Item]:
        """Up to `limit` items, page after page. A page may be empty and yet not be the last, but not for ever."""
        start: object = None
        left, empty = limit, 0
        while left > 0:
            answer = ask({"Limit": left, **({"ExclusiveStartKey": start} if start else {})})
            items = cast("list[Item]", answer.get("Items", []))
            yield from items
            left -= len(items)
            start = answer.get("LastEvaluatedKey")
            empty = 0 if items else empty + 1
            if not start:
                return
            if empty > MOST_EMPTY:
                raise busy()

    def _call(self, operation: str, request: Mapping[str, object], scope: Scope) -> Mapping[str, object]:
        with explained():
            return self._client.call(operation, request, self._credentials(scope))

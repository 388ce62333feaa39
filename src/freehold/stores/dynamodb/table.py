"""The table: what is asked of DynamoDB, each request in the name of one tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, cast

from freehold.aws.client import AwsClient
from freehold.aws.credentials import Credentials
from freehold.aws.failures import AwsError
from freehold.model.layout import OUTBOX
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb.items import Attribute, Item
from freehold.stores.dynamodb.patience import waits
from freehold.stores.dynamodb.trouble import explained, told
from freehold.stores.unavailable import busy

MOST_AT_ONCE = 100
"""Keys of a BatchGetItem, and actions of a TransactWriteItems."""

PATIENCE, FIRST_WAIT = 3.0, 0.05
"""Seconds to ask again for what DynamoDB has left out, and the longest wait before the second time."""

MOST_IN_A_PAGE = 5_000
"""Items that are asked for at once: more than fit into a page of DynamoDB, if they are not very small."""

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
        yield from self._pages(request, lambda: self._credentials(scope), limit)

    def transact(self, scope: Scope, actions: Sequence[Mapping[str, object]], token: str) -> None:
        """Do all of it or nothing. The same token twice is once. Raises `AwsError` with the reasons when cancelled."""
        request = {"TransactItems": actions, "ClientRequestToken": token}
        self._client.call("TransactWriteItems", request, self._credentials(scope))

    def waiting(self, shard: int, after: str) -> str | None:
        """The first key behind `after` in a part of the outbox's index."""
        names = {":p": {"S": f"{OUTBOX}#{shard}"}, ":a": {"S": after}}
        request = {
            "IndexName": OUTBOX,
            "KeyConditionExpression": f"{OUTBOX}PK = :p AND {OUTBOX}SK > :a", "ExpressionAttributeValues": names,
        }  # fmt: skip
        return next((str(item[f"{OUTBOX}SK"]["S"]) for item in self._pages(request, self._relay, 1)), None)

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

    def _pages(
        self, request: Mapping[str, object], credentials: Callable[[], Credentials], limit: int
    ) -> Iterator[Item]:  # fmt: skip
        """Up to `limit` items, page after page. A page may be empty and yet not be the last, but not for ever.

        Not every emulator ends a page at a megabyte: what is too large is asked for in smaller pages.
        """
        start: object = None
        left, most, empty = limit, MOST_IN_A_PAGE, 0
        while left > 0:
            many = min(left, most)
            more = {"Limit": many, **({"ExclusiveStartKey": start} if start else {})}
            try:
                answer = self._client.call("Query", {"TableName": self.name, **request, **more}, credentials())
            except AwsError as error:
                if error.code != "AnswerTooLarge" or many == 1:
                    raise told(error) from error
                most = max(1, many // 4)
                continue
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

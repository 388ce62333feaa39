"""The table: what is asked of DynamoDB, each request in the name of one tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, cast

from freehold.aws.client import AwsClient
from freehold.aws.credentials import Credentials
from freehold.aws.failures import AwsError, Throttled, Unreachable
from freehold.runtime.failures import Overloaded, TooLarge
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb.items import Attribute, Item

MOST_AT_ONCE = 100
"""Keys of a BatchGetItem, and actions of a TransactWriteItems."""

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
        """Items, as they are now, in any order. What a batch leaves out is asked for again."""
        found: list[Item] = []
        waiting = list(keys)
        while waiting:
            asked = {"Keys": waiting[:MOST_AT_ONCE], "ConsistentRead": True}
            answer = self._call("BatchGetItem", {"RequestItems": {self.name: asked}}, scope)
            found += cast("Any", answer.get("Responses", {})).get(self.name, [])
            left = cast("Any", answer.get("UnprocessedKeys") or {}).get(self.name, {}).get("Keys", [])
            waiting = [*left, *waiting[MOST_AT_ONCE:]]
        return found

    def query(self, scope: Scope, request: Mapping[str, object], limit: int) -> Iterator[Item]:
        """Up to `limit` items of one partition, in order. A page of DynamoDB's is a megabyte, and may be empty."""
        start: object = None
        left = limit
        while left > 0:
            more = {"ExclusiveStartKey": start} if start else {}
            answer = self._call("Query", {"TableName": self.name, **request, "Limit": left, **more}, scope)
            items = cast("list[Item]", answer.get("Items", []))
            yield from items
            left -= len(items)
            start = answer.get("LastEvaluatedKey")
            if not start:
                return

    def transact(self, scope: Scope, actions: Sequence[Mapping[str, object]], token: str) -> None:
        """Do all of it or nothing. The same token twice is once. Raises `AwsError` with the reasons when cancelled."""
        request = {"TransactItems": actions, "ClientRequestToken": token}
        self._client.call("TransactWriteItems", request, self._credentials(scope))

    def waiting(self, shard: int, after: str) -> str | None:
        """The first key behind `after` in a part of the outbox's index."""
        names = {":p": {"S": f"OUTBOX#{shard}"}, ":a": {"S": after}}
        request = {
            "TableName": self.name, "IndexName": "OUTBOX", "Limit": 1,
            "KeyConditionExpression": "OUTBOXPK = :p AND OUTBOXSK > :a", "ExpressionAttributeValues": names,
        }  # fmt: skip
        with _told():
            answer = self._client.call("Query", request, self._relay())
        items = cast("list[Item]", answer.get("Items", []))
        return str(items[0]["OUTBOXSK"]["S"]) if items else None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _call(self, operation: str, request: Mapping[str, object], scope: Scope) -> Mapping[str, object]:
        credentials = self._credentials(scope)
        with _told():
            return self._client.call(operation, request, credentials)


@contextmanager
def _told() -> Iterator[None]:
    """Say in our words when DynamoDB could not."""
    try:
        yield
    except AwsError as error:
        raise told(error) from error


def told(error: AwsError) -> Exception:
    """What a caller is told. What is none of the known troubles is a mistake of ours, and stays one."""
    if isinstance(error, Throttled):
        return Overloaded("STORE_BUSY", "The store is busy: wait and retry.", retry_after=1)
    if isinstance(error, Unreachable) or error.maybe_done:
        return Overloaded("STORE_LOST", "The store did not answer: wait and retry.", retry_after=1)
    if error.code == "ValidationException" and "size" in error.message.lower():
        return TooLarge("VALUE_TOO_LARGE", "What is to be kept is larger than the store can keep: 400 KB is the limit.")
    return error

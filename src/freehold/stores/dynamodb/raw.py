"""The table for who migrates it: every ground, and in nobody's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from freehold.aws.client import AwsClient
from freehold.aws.credentials import Credentials
from freehold.stores.dynamodb.items import Attribute, Item

PARALLEL = 8
"""Connections that a migration uses: it is to leave room for whoever serves."""


class RawTable:
    """One table, with credentials that reach all of it. Raises `AwsError` as it comes."""

    def __init__(self, client: AwsClient, credentials: Credentials, name: str) -> None:
        """Ask through `client`."""
        self._client, self._credentials, self.name = client, credentials, name

    def call(self, operation: str, request: Mapping[str, object]) -> Mapping[str, object]:
        """Ask for something of this table."""
        return self._client.call(operation, {"TableName": self.name, **request}, self._credentials)

    def get(self, key: Mapping[str, Attribute]) -> Item | None:
        """One item, as it is now."""
        return cast("Item | None", self.call("GetItem", {"Key": key, "ConsistentRead": True}).get("Item"))

    def under(self, partition: str, opening: str) -> Iterator[Item]:
        """Every item of a partition whose sort key begins so, as it is now, a page at a time."""
        yield from self.query({
            "KeyConditionExpression": "PK = :p AND begins_with(SK, :o)", "ConsistentRead": True,
            "ExpressionAttributeValues": {":p": {"S": partition}, ":o": {"S": opening}},
        })  # fmt: skip

    def query(self, request: Mapping[str, object]) -> Iterator[Item]:
        """Everything that a Query finds, page after page."""
        start: object = None
        while True:
            answer = self.call("Query", {**request, **({"ExclusiveStartKey": start} if start else {})})
            yield from cast("list[Item]", answer.get("Items", []))
            start = answer.get("LastEvaluatedKey")
            if not start:
                return

    def transact(self, actions: list[Mapping[str, object]]) -> None:
        """Do all of it or nothing."""
        self._client.call("TransactWriteItems", {"TransactItems": actions}, self._credentials)

    def close(self) -> None:
        """Let go of the client."""
        self._client.close()

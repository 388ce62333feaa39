"""Whether DynamoDB would take what we ask: dynalite, the strictest of its emulators, is asked the same.

It has no transactions, so each action of one is asked by itself; a check is asked as a deletion with the condition.
And it wants to know the throughput of a new index, even where a table is paid by use: UpdateTable is left out.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from freehold.aws.client import AwsClient
from freehold.aws.failures import AwsError
from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.stores.dynamodb.kit import LOCAL
from freehold.testing.contract import DATABASE, check_promise
from tests.emulators import emulated
from tests.unit.stores import versions
from tests.unit.stores.dynamodb.clients import Watched
from tests.unit.stores.dynamodb.tables import TestTable
from tests.unit.stores.dynamodb.test_migrations_interrupted import furnished
from tests.unit.stores.stored import model_of

Request = Mapping[str, Any]
SINGLE = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "DeleteItem"}
EXPRESSIONS = ("ConditionExpression", "UpdateExpression", "KeyConditionExpression", "IndexName", "ScanIndexForward")
NAME = "requests"
LARGEST = 300_000
"""Bytes of a request that is replayed; what is about sizes is tested where sizes are."""


class Shapes:
    """One request of each shape that was asked: the same operation, expressions, and attributes."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[str, Request]] = {}

    def note(self, operation: str, request: Request) -> None:
        """Keep it, if it is the first of its shape."""
        for name, single in _single(operation, request):
            self.seen.setdefault(_shape(name, single), (name, single))

    def watched(self, client: AwsClient) -> AwsClient:
        """A client whose requests are noted."""
        return Watched(client, self.note)


def _single(operation: str, request: Request) -> Iterator[tuple[str, Request]]:
    if operation != "TransactWriteItems":
        yield operation, request
        return
    for action in request["TransactItems"]:
        ((kind, doing),) = action.items()
        yield SINGLE[kind], doing


def _shape(operation: str, request: Request) -> str:
    values = request.get("ExpressionAttributeValues", {})
    kinds = {name: next(iter(value)) for name, value in {**values, **request.get("Item", {})}.items()}
    words = [request.get(name) for name in EXPRESSIONS]
    return json.dumps([operation, words, request.get("ExpressionAttributeNames"), kinds], sort_keys=True)


@pytest.fixture(scope="module")
def shapes(table_url: str) -> Shapes:
    """Everything that the contract and a migration ask."""
    noted, table = Shapes(), TestTable(table_url)
    table.name = NAME

    def make(model: Model) -> Database:
        with table.migrations(model, noted.watched) as migrations:
            migrations.up()
        return table.opened(model, noted.watched)

    with closing(table.client()) as client:
        for promise in DATABASE:
            check_promise(promise, make)
            client.call("DeleteTable", {"TableName": NAME}, LOCAL)  # roto is slower, the more there is in a table
    other = TestTable(table_url)
    furnished(other)
    with other.migrations(model_of(*versions.everything_changed()), noted.watched) as migrations:
        migrations.up(breaking=True)
    return noted


def test_dynalite_finds_no_request_of_ours_invalid(shapes: Shapes, tmp_path: Path) -> None:
    operations = {operation for operation, _ in shapes.seen.values()}
    assert operations >= {"PutItem", "UpdateItem", "DeleteItem", "GetItem", "BatchGetItem", "Query", "UpdateTable"}
    assert "Scan" not in operations
    refused: list[str] = []
    with emulated("dynalite", tmp_path) as server, closing(TestTable(server.url).client()) as client:
        for operation, request in sorted(shapes.seen.values(), key=lambda one: one[0] != "CreateTable"):
            if operation == "UpdateTable" or len(json.dumps(request)) > LARGEST:
                continue
            named = {**request, "TableName": NAME} if "TableName" in request else request
            try:
                client.call(operation, named, LOCAL)
            except AwsError as error:
                if error.code not in ("ConditionalCheckFailedException", "ResourceInUseException"):
                    refused.append(f"{operation} {error} {json.dumps(request)[:300]}")
    assert refused == []
    assert len(shapes.seen) > 50

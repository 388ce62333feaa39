"""The store for DynamoDB on roto: against its own bare client, and while tenants and items grow."""

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol

from bench.dynamo_clients import measured
from freehold import Entity, Id, Page, Paging, Store, lookup
from freehold.aws.client import open_client
from freehold.aws.credentials import Credentials
from freehold.aws.endpoints import Endpoint
from freehold.model.layout import layout_of
from freehold.model.lookup import lookups_of
from freehold.model.model import Model, table_of
from freehold.runtime.ids import TimeIds
from freehold.runtime.ports import Changes, Span, Verb, Write
from freehold.runtime.scope import Scope
from freehold.runtime.system import SystemClock, SystemRandom
from freehold.stores.dynamodb.database import DynamoDb
from freehold.stores.dynamodb.items import ItemCodec, key_of
from freehold.stores.dynamodb.migrations import TableMigrations
from freehold.stores.dynamodb.table import Table

KEYS = Credentials("local", "local")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EACH = 25


class Project(Entity):
    """What tasks belong to."""

    name: str = ""


class Task(Entity):
    """Ten fields, like the peers' items."""

    project: Id[Project]
    title: str = "a" * 40
    text: str = "b" * 160
    done: bool = False


class Tasks(Store[Task], Protocol):
    """How tasks are found."""

    @lookup()
    def of(self, project: Id[Project], page: Paging) -> Page[Task]:
        """Those of a project."""
        ...


KINDS: dict[str, type[Entity]] = {table_of(kind): kind for kind in (Project, Task)}
MODEL = Model("bench", (), None, {}, KINDS, tuple(lookups_of(Tasks)), {})
LAYOUT, OF = layout_of(MODEL), MODEL.lookups[0]


class Bench:
    """A table, its store and its bare client."""

    def __init__(self, url: str, name: str) -> None:
        """Make the table."""
        self.client = open_client(Endpoint("dynamodb", "us-east-1", url), SystemClock(), SystemRandom())
        self.name, self.ids = name, TimeIds(SystemClock(), SystemRandom())
        TableMigrations(self.client, KEYS, name, MODEL).up()
        self.store = DynamoDb(MODEL, LAYOUT, Table(self.client, name, self._keys, lambda: KEYS))
        self.codec = ItemCodec(Task, LAYOUT, 1)

    @staticmethod
    def _keys(scope: Scope) -> Credentials:
        return KEYS if scope.tenant else Credentials("", "")

    def fill(self, tenants: int) -> Iterator[tuple[str, Task]]:
        """Write so many tenants with a project of tasks each, past the store, and give one task of each."""
        for _ in range(tenants):
            tenant, project = self.ids.new(), self.ids.new()
            tasks = [self.task(project) for _ in range(EACH)]
            puts = [
                {"PutRequest": {"Item": {**key_of(tenant, Task, task.id), **self.codec.encode(task, tenant)}}}
                for task in tasks
            ]
            self.client.call("BatchWriteItem", {"RequestItems": {self.name: puts}}, KEYS)
            yield tenant, tasks[0]

    def task(self, project: str) -> Task:
        """A task that is not kept yet."""
        return Task(id=Id(self.ids.new()), version=1, created_at=NOW, updated_at=NOW, project=Id(project))

    def calls(self, tenant: str, task: Task, calls: int) -> dict[str, tuple[float, float]]:
        """Measure the store's calls on a ground."""
        with Scope(tenant) as scope:
            view = self.store.snapshot(scope)

            def add() -> None:
                made = self.task(task.project)
                self.store.commit([Changes(scope, [Write(Verb.ADD, Task, made, 0)], [])])

            return {
                "get": measured(lambda: view.get(Task, task.id), calls),
                "page of 20": measured(lambda: view.page(OF, [task.project], Span(20)), calls),
                "add": measured(add, calls // 4),
            }

    def bare(self, tenant: str, task: Task, calls: int) -> dict[str, tuple[float, float]]:
        """Measure the same requests without the store: raw items, and a transaction of as many actions."""
        asked: list[tuple[str, dict[str, object]]] = []
        real = self.client.call

        def noted(operation: str, request: dict[str, object], *rest: object, **named: object) -> object:
            asked.append((operation, request))
            return real(operation, request, *rest, **named)  # type: ignore[arg-type]

        self.client.call = noted  # type: ignore[method-assign,assignment]
        self.calls(tenant, task, 4)
        self.client.call = real  # type: ignore[method-assign]
        by = dict(reversed(asked))
        transaction = json.loads(json.dumps(by["TransactWriteItems"]))
        for action in transaction["TransactItems"]:  # done again and again, it must not fail
            (doing,) = action.values()
            doing.pop("ConditionExpression")
            if "ExpressionAttributeValues" in doing:
                doing["ExpressionAttributeValues"].pop(":w", None)
        tip = {"TableName": self.name, "Key": {"PK": {"S": f"ORG#{tenant}"}, "SK": {"S": "GROUND"}}}

        def add() -> None:
            real("GetItem", {**tip, "ConsistentRead": True}, KEYS)
            transaction["ClientRequestToken"] = os.urandom(16).hex()
            real("TransactWriteItems", transaction, KEYS)

        get = {**tip, "Key": key_of(tenant, Task, task.id), "ConsistentRead": True}
        return {
            "get": measured(lambda: real("GetItem", get, KEYS), calls),
            "page of 20": measured(lambda: real("Query", by["Query"], KEYS), calls),
            "add": measured(add, calls // 4),
        }


def main(url: str, calls: str, *sizes: str) -> None:
    """Measure, and print JSON."""
    bench = Bench(url, "store")
    tenant, task = next(bench.fill(1))
    found: dict[str, object] = {
        "store": bench.calls(tenant, task, int(calls)), "bare": bench.bare(tenant, task, int(calls))
    }  # fmt: skip
    growth: dict[int, object] = {}
    there = 1
    for size in map(int, sizes):
        for last, one in bench.fill(size - there):
            tenant, task = last, one
        there = size
        growth[size] = bench.calls(tenant, task, max(4, int(calls) // 25))  # an index of roto's is slow
    print(json.dumps({**found, "growth": growth, "each": EACH}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Tables of DynamoDB, as tests want them."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from freehold.aws.client import AwsClient, open_client
from freehold.aws.credentials import Credentials
from freehold.aws.endpoints import Endpoint
from freehold.model.model import Model
from freehold.runtime.system import SystemClock, SystemRandom
from freehold.stores.dynamodb import DynamoDb
from freehold.stores.dynamodb.definition import table as definition
from freehold.stores.dynamodb.migrations import TableMigrations
from freehold.stores.dynamodb.raw import RawTable
from freehold.stores.dynamodb.table import Table
from freehold.stores.migrate import Step
from freehold.testing.amazon import PLACE, Sessions
from freehold.testing.contract.stage import Stage
from freehold.testing.iam import Gate, TableKeys

KEYS = Credentials("local", "local")
Wrap = Callable[[AwsClient], AwsClient]


class TestTable:
    """A table of its own on a server that tests share."""

    __test__ = False

    def __init__(self, url: str, *, adapter: str = "own") -> None:
        """Make nothing yet."""
        self.name = f"test-{secrets.token_hex(6)}"
        self.url, self._adapter = url, adapter

    def client(self) -> AwsClient:
        """A client of the server."""
        endpoint = Endpoint("dynamodb", "us-east-1", self.url)
        return open_client(endpoint, SystemClock(), SystemRandom(), adapter=self._adapter)

    def migrations(self, model: Model, wrap: Wrap = lambda client: client) -> TableMigrations:
        """The way to a model."""
        return TableMigrations(wrap(self.client()), KEYS, self.name, model)

    def up(self, model: Model, *, breaking: bool = False) -> list[Step]:
        """Migrate to a model."""
        with self.migrations(model) as migrations:
            return migrations.up(breaking=breaking)

    def opened(self, model: Model, wrap: Wrap = lambda client: client) -> DynamoDb:
        """The store behind IAM, through a client that may be wrapped."""
        with self.migrations(model) as migrations:
            migrations.check_fits()
            layout, generation = migrations.layout(), migrations.generation()
        sessions, keys = Sessions(layout, self.name), TableKeys.of(definition(self.name, layout))
        gate = Gate(wrap(self.client()), sessions.principal, [keys], place=PLACE)
        return DynamoDb(model, layout, Table(gate, self.name, sessions, sessions.relay), generation=generation)

    @contextmanager
    def staged(self, wrap: Wrap = lambda client: client) -> Iterator[Stage]:
        """A store for the entities of the contract, as a stage."""

        def make(model: Model) -> DynamoDb:
            self.up(model)
            return self.opened(model, wrap)

        stage = Stage(make)
        try:
            yield stage
        finally:
            stage.database.close()

    @contextmanager
    def raw(self) -> Iterator[RawTable]:
        """The table, past the store."""
        table = RawTable(self.client(), KEYS, self.name)
        try:
            yield table
        finally:
            table.close()

    def items(self, tenant: str, opening: str = "") -> list[Mapping[str, Mapping[str, object]]]:
        """What lies on a ground, by the beginning of its sort key."""
        with self.raw() as table:
            return [item for item in table.query(whole(tenant)) if str(item["SK"]["S"]).startswith(opening)]


def whole(tenant: str) -> Mapping[str, object]:
    """The request for all that lies on a ground."""
    values = {":p": {"S": f"ORG#{tenant}"}}
    return {"KeyConditionExpression": "PK = :p", "ExpressionAttributeValues": values, "ConsistentRead": True}

"""Tables of DynamoDB, as tests want them."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from freehold.aws.client import AwsClient
from freehold.model.model import Model
from freehold.settings import Settings
from freehold.stores.dynamodb import DynamoDb
from freehold.stores.dynamodb.kit import LOCAL
from freehold.stores.dynamodb.migrations import DynamoMigrations
from freehold.stores.dynamodb.raw import RawTable
from freehold.stores.migrate import Step
from freehold.testing import amazon
from freehold.testing.amazon import Wrap
from freehold.testing.contract.stage import Stage


class TestTable:
    """A table of its own on a server that tests share."""

    __test__ = False

    def __init__(self, url: str, *, adapter: str = "own") -> None:
        """Make nothing yet."""
        self.name = f"test-{secrets.token_hex(6)}"
        self.url, self._adapter = url, adapter

    @property
    def settings(self) -> Settings:
        """Those of a backend that works on it."""
        return Settings(store="dynamodb", table=self.name, table_endpoint=self.url, aws_client=self._adapter)

    def client(self) -> AwsClient:
        """A client of the server."""
        return amazon.client(self.settings)

    def migrations(self, model: Model, wrap: Wrap = lambda client: client) -> DynamoMigrations:
        """The way to a model."""
        return DynamoMigrations(wrap(self.client()), LOCAL, self.name, model)

    def up(self, model: Model, *, breaking: bool = False) -> list[Step]:
        """Migrate to a model."""
        with self.migrations(model) as migrations:
            return migrations.up(breaking=breaking)

    def opened(self, model: Model, wrap: Wrap = lambda client: client) -> DynamoDb:
        """The store behind IAM, through a client that may be wrapped."""
        return amazon.opened(model, self.settings, wrap=wrap)

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
        table = RawTable(self.client(), LOCAL, self.name)
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

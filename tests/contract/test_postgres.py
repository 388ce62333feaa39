"""The store for PostgreSQL keeps the contract of the port `Database`, in both tiers."""

import pytest

from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.stores.postgres import Postgres
from freehold.stores.postgres.migrations import Migrations
from freehold.stores.schema import schema_of
from freehold.testing.contract import DATABASE, Promise, check_promise


@pytest.mark.parametrize("tier", ["schema", "pool"])
@pytest.mark.parametrize("promise", DATABASE, ids=lambda promise: promise.__name__)
def test_postgres_keeps_its_promise_that(promise: Promise, tier: str, database_url: str) -> None:
    def make(model: Model) -> Database:
        with Migrations(database_url, schema_of(model)) as migrations:
            migrations.up()
        return Postgres(model, database_url, tier=tier)

    check_promise(promise, make)

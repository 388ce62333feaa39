"""Every store keeps the contract of the port `Estate`."""

from pathlib import Path

import pytest

from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.stores.postgres import Postgres
from freehold.stores.postgres.estate import PostgresEstate
from freehold.stores.postgres.migrations import PostgresMigrations
from freehold.stores.schema import schema_of
from freehold.stores.sqlite import Sqlite
from freehold.stores.sqlite.estate import SqliteEstate
from freehold.stores.sqlite.migrations import SqliteMigrations
from freehold.testing.contract import ESTATE, EstatePromise, check_estate_promise

PROMISES = pytest.mark.parametrize("promise", ESTATE, ids=lambda promise: promise.__name__)


@PROMISES
def test_the_embedded_store_keeps_its_promise_to_operators_that(promise: EstatePromise, tmp_path: Path) -> None:
    file = str(tmp_path / "data.db")

    def make(model: Model) -> Database:
        with SqliteMigrations(file, schema_of(model)) as migrations:
            migrations.up()
        return Sqlite(model, file, patience=0.2)

    check_estate_promise(promise, make, lambda model: SqliteEstate(model, file))


@pytest.mark.parametrize("tier", ["schema", "pool"])
@PROMISES
def test_postgres_keeps_its_promise_to_operators_that(promise: EstatePromise, tier: str, database_url: str) -> None:
    def make(model: Model) -> Database:
        with PostgresMigrations(database_url, schema_of(model)) as migrations:
            migrations.up()
        return Postgres(model, database_url, tier=tier, deadline=2.0)

    check_estate_promise(promise, make, lambda model: PostgresEstate(model, database_url, tier=tier))

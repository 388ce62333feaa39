"""Every store keeps the contract of the port `Estate`."""

from pathlib import Path

import pytest

from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.stores.schema import schema_of
from freehold.stores.sqlite import Sqlite
from freehold.stores.sqlite.estate import SqliteEstate
from freehold.stores.sqlite.migrations import Migrations
from freehold.testing.contract import ESTATE, EstatePromise, check_estate_promise

PROMISES = pytest.mark.parametrize("promise", ESTATE, ids=lambda promise: promise.__name__)


@PROMISES
def test_the_embedded_store_keeps_its_promise_to_operators_that(promise: EstatePromise, tmp_path: Path) -> None:
    file = str(tmp_path / "data.db")

    def make(model: Model) -> Database:
        with Migrations(file, schema_of(model)) as migrations:
            migrations.up()
        return Sqlite(model, file, patience=0.2)

    check_estate_promise(promise, make, lambda model: SqliteEstate(model, file))

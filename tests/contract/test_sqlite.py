"""The embedded store keeps the contract of the port `Database`."""

from pathlib import Path

import pytest

from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.stores.schema import schema_of
from freehold.stores.sqlite import Sqlite
from freehold.stores.sqlite.migrations import SqliteMigrations
from freehold.testing.contract import DATABASE, Promise, check_promise


@pytest.mark.parametrize("promise", DATABASE, ids=lambda promise: promise.__name__)
def test_the_embedded_store_keeps_its_promise_that(promise: Promise, tmp_path: Path) -> None:
    def make(model: Model) -> Database:
        with SqliteMigrations(str(tmp_path / "data.db"), schema_of(model)) as migrations:
            migrations.up()
        return Sqlite(model, str(tmp_path / "data.db"))

    check_promise(promise, make)

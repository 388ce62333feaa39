"""The store for DynamoDB keeps the contract of the port `Database`, on servers that others wrote.

Each promise has a table of its own: roto takes longer for each item, the more of them a table has.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.settings import Settings
from freehold.stores.dynamodb import kit
from freehold.testing import amazon
from freehold.testing.contract import DATABASE, Promise, check_promise
from tests.emulators import TRANSACTIONAL, emulated


@pytest.fixture(scope="module", params=TRANSACTIONAL)
def table_endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that speaks DynamoDB."""
    with emulated(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server.url


@pytest.mark.parametrize("promise", DATABASE, ids=lambda promise: promise.__name__)
def test_dynamodb_keeps_its_promise_that(promise: Promise, table_endpoint: str) -> None:
    settings = replace(
        Settings(), store="dynamodb", table=f"contract-{promise.__name__}", table_endpoint=table_endpoint
    )

    def make(model: Model) -> Database:
        with kit.migrations(settings, model) as migrations:
            migrations.up()
        return kit.opened(model, settings)

    check_promise(promise, make)


@pytest.mark.parametrize("table_endpoint", ["roto"], indirect=True)
@pytest.mark.parametrize("promise", DATABASE, ids=lambda promise: promise.__name__)
def test_behind_its_policies_dynamodb_keeps_its_promise_that(promise: Promise, table_endpoint: str) -> None:
    settings = replace(Settings(), store="dynamodb", table=f"behind-{promise.__name__}", table_endpoint=table_endpoint)

    def make(model: Model) -> Database:
        with kit.migrations(settings, model) as migrations:
            migrations.up()
        return amazon.opened(model, settings)

    check_promise(promise, make)

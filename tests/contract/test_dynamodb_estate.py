"""The store for DynamoDB keeps the contract of the port `Estate`."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.settings import Settings
from freehold.stores.dynamodb import kit
from freehold.testing.contract import ESTATE, EstatePromise, check_estate_promise
from tests.emulators import emulated


@pytest.fixture(scope="module")
def table_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that speaks DynamoDB."""
    with emulated("roto", tmp_path_factory.mktemp("roto")) as server:
        yield server.url


@pytest.mark.parametrize("promise", ESTATE, ids=lambda promise: promise.__name__)
def test_dynamodb_keeps_its_promise_to_operators_that(promise: EstatePromise, table_endpoint: str) -> None:
    settings = replace(Settings(), store="dynamodb", table="estate", table_endpoint=table_endpoint)

    def make(model: Model) -> Database:
        with kit.migrations(settings, model) as migrations:
            migrations.up()
        return kit.opened(model, settings)

    check_estate_promise(promise, make, lambda model: kit.estate(model, settings))

"""The store for DynamoDB keeps the contracts of the ports `Database` and `Estate`, on servers that others wrote.

Each promise of `Database` has a table of its own: roto takes longer for each item, the more of them a table has.
"""

from collections.abc import Callable, Iterator

import pytest

from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.settings import Settings
from freehold.stores.dynamodb import kit
from freehold.testing import amazon
from freehold.testing.contract import (
    DATABASE,
    ESTATE,
    EstatePromise,
    Promise,
    check_estate_promise,
    check_promise,
)
from tests.emulators import TRANSACTIONAL, emulated

PROMISES = pytest.mark.parametrize("promise", DATABASE, ids=lambda promise: promise.__name__)
ON_ROTO = pytest.mark.parametrize("table_endpoint", ["roto"], indirect=True)


@pytest.fixture(scope="module", params=TRANSACTIONAL)
def table_endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that speaks DynamoDB."""
    with emulated(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server.url


def on(table: str, endpoint: str) -> Settings:
    """The settings of a table."""
    return Settings(store="dynamodb", table=table, table_endpoint=endpoint)


def migrated(settings: Settings, opened: Callable[[Model, Settings], Database]) -> Callable[[Model], Database]:
    """What opens the table for a model, once it is migrated to it."""

    def make(model: Model) -> Database:
        with kit.migrations(settings, model) as migrations:
            migrations.up()
        return opened(model, settings)

    return make


@PROMISES
def test_dynamodb_keeps_its_promise_that(promise: Promise, table_endpoint: str) -> None:
    check_promise(promise, migrated(on(f"contract-{promise.__name__}", table_endpoint), kit.opened))


@ON_ROTO
@PROMISES
def test_behind_its_policies_dynamodb_keeps_its_promise_that(promise: Promise, table_endpoint: str) -> None:
    check_promise(promise, migrated(on(f"behind-{promise.__name__}", table_endpoint), amazon.opened))


@ON_ROTO
@pytest.mark.parametrize("promise", ESTATE, ids=lambda promise: promise.__name__)
def test_dynamodb_keeps_its_promise_to_operators_that(promise: EstatePromise, table_endpoint: str) -> None:
    settings = on("estate", table_endpoint)
    check_estate_promise(promise, migrated(settings, kit.opened), lambda model: kit.estate(model, settings))

"""A server that all tests of this folder share, and a table of its own for each that wants one."""

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("freehold.testing.contract")  # before it is imported

from freehold.testing.contract.stage import Stage  # noqa: E402
from tests.emulators import emulated  # noqa: E402
from tests.unit.stores.dynamodb.tables import TestTable  # noqa: E402


@pytest.fixture(scope="session")
def table_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """roto, which is quick."""
    with emulated("roto", tmp_path_factory.mktemp("roto")) as server:
        yield server.url


@pytest.fixture
def table(table_url: str) -> TestTable:
    """A table that is not there yet."""
    return TestTable(table_url)


@pytest.fixture(scope="module")
def shared(table_url: str) -> TestTable:
    """A table that the tests of a module share: each has tenants of its own."""
    return TestTable(table_url)


@pytest.fixture
def stage(shared: TestTable) -> Iterator[Stage]:
    """A store for the entities of the contract."""
    with shared.staged() as stage:
        yield stage

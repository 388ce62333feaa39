"""A server that all tests of this folder share, and a database of its own for each that wants one."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("freehold.testing.contract")  # before it is imported

from freehold.servers.postgres import PostgresServer  # noqa: E402
from freehold.testing.contract.stage import Stage  # noqa: E402
from freehold.testing.contract.subjects import SUBJECTS  # noqa: E402
from tests.unit.stores.postgres.servers import Database  # noqa: E402


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A server that forgets everything when the power goes, and is quick."""
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,  # pytest's own folders are for root alone
        PostgresServer(Path(folder), settings=["fsync=off"]) as server,
    ):
        yield server


@pytest.fixture
def database(server: PostgresServer) -> Iterator[Database]:
    """An empty database."""
    database = Database(server)
    yield database
    database.drop()


@pytest.fixture(scope="session")
def shared(server: PostgresServer) -> Iterator[Database]:
    """A database that has been migrated to the contract's model. Nobody changes it past the store."""
    database = Database(server)
    database.up(SUBJECTS)
    yield database
    database.drop()


@pytest.fixture(params=["schema", "pool"])
def tier(request: pytest.FixtureRequest) -> str:
    """Where new tenants go."""
    return str(request.param)


@pytest.fixture
def stage(shared: Database, tier: str) -> Iterator[Stage]:
    """A store for the entities of the contract, in each tier."""
    stage = Stage(lambda model: shared.opened(model, tier=tier, size=12))
    yield stage
    stage.database.close()

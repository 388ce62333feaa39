"""A promise that is not kept says what was and what was expected, as a test does. And servers for it to be kept on."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("freehold.testing.contract")  # before it is imported

from freehold.servers.postgres import LOGIN, SYSTEM, PostgresServer  # noqa: E402
from freehold.stores.postgres.migrations import PostgresMigrations  # noqa: E402
from freehold.stores.schema import schema_of  # noqa: E402
from freehold.testing.contract.subjects import SUBJECTS  # noqa: E402
from tests.contract.pooler import PROGRAM, Pooler  # noqa: E402

DEBIAN = Path(SYSTEM) / "15" / "bin"


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that all tests of this folder share: each has tenants of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,  # pytest's own folders are for root alone
        PostgresServer(Path(folder), settings=["fsync=off"]) as server,
    ):
        _migrate(server)
        yield server


@pytest.fixture(scope="session")
def database_url(server: PostgresServer) -> str:
    """Its database, for who owns it."""
    return server.url


@pytest.fixture(scope="session")
def debian() -> Iterator[PostgresServer]:
    """The same from Debian's package: PostgreSQL 15."""
    if not (DEBIAN / "postgres").exists():
        pytest.skip(f"PostgreSQL 15 is not installed: there is no {DEBIAN}/postgres")
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,
        PostgresServer(Path(folder), binaries=DEBIAN, settings=["fsync=off"]) as server,
    ):
        _migrate(server)
        yield server


@pytest.fixture(scope="session")
def single(server: PostgresServer) -> Iterator[Pooler]:
    """A pooler with one connection to the server, for everybody."""
    with _pooler(server, size=1) as pooler:
        yield pooler


@pytest.fixture(scope="session")
def several(server: PostgresServer) -> Iterator[Pooler]:
    """A pooler with a few connections, that are fewer than there are clients."""
    with _pooler(server, size=4) as pooler:
        yield pooler


def _pooler(server: PostgresServer, *, size: int) -> Pooler:
    if PROGRAM is None:
        pytest.skip("PgBouncer is not installed")
    return Pooler(server.url, size=size)


def _migrate(server: PostgresServer) -> None:
    with PostgresMigrations(server.url, schema_of(SUBJECTS), login=LOGIN) as migrations:
        migrations.up()

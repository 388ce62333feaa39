"""A promise that is not kept says what was and what was expected, as a test does. And servers for it to be kept on."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.servers.postgres import PostgresServer

pytest.register_assert_rewrite("freehold.testing.contract")


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A PostgreSQL database that all tests of this folder share: each has tenants of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,  # pytest's own folders are for root alone
        PostgresServer(Path(folder), settings=["fsync=off"]) as server,
    ):
        yield server.url

"""An embedded store in a file of its own, and what tries it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("freehold.testing.contract")  # before it is imported

from freehold.stores.sqlite import Sqlite  # noqa: E402
from freehold.testing.contract.stage import Stage  # noqa: E402
from tests.unit.stores.stored import migrated  # noqa: E402


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Where a database may be made."""
    return str(tmp_path / "data.db")


@pytest.fixture
def stage(file: str) -> Iterator[Stage]:
    """A store for the entities of the contract."""
    stage = Stage(lambda model: migrated(model, file))
    yield stage
    stage.database.close()


@pytest.fixture
def database(stage: Stage) -> Sqlite:
    """The store itself, to look inside."""
    assert isinstance(stage.database, Sqlite)
    return stage.database

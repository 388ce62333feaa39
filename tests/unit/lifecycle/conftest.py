"""Two deployments of TeamFlow: `here`, with tenants in it, and `there`, which is new. Made once, and copied."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.lifecycle.exporting import export
from freehold.settings import Settings
from tests.unit.lifecycle.place import Place, opened


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both in it, and with acme in an archive."""
    folder = tmp_path_factory.mktemp("prepared")
    with opened(Settings(data=str(folder / "here"))) as place:
        place.furnish("acme")
        place.furnish("globex")
        export(place.of, place.tenant("acme"), folder / "acme.zip")
    with opened(Settings(data=str(folder / "there"))):
        return folder


@pytest.fixture
def here(prepared: Path, tmp_path: Path) -> Iterator[Place]:
    """Where acme and globex are."""
    shutil.copytree(prepared / "here", tmp_path / "here")
    with opened(Settings(data=str(tmp_path / "here"))) as place:
        yield place


@pytest.fixture
def there(prepared: Path, tmp_path: Path) -> Iterator[Place]:
    """Where nobody is yet."""
    shutil.copytree(prepared / "there", tmp_path / "there")
    with opened(Settings(data=str(tmp_path / "there"))) as place:
        yield place


@pytest.fixture
def file(prepared: Path, tmp_path: Path) -> Path:
    """Acme in an archive."""
    return Path(shutil.copy(prepared / "acme.zip", tmp_path / "acme.zip"))

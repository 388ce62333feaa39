"""The parsed source is let go of after these tests: it would slow down the garbage collector in all that come later."""

from collections.abc import Iterator

import pytest

from tests.architecture.source import modules


@pytest.fixture(scope="package", autouse=True)
def parsed() -> Iterator[None]:
    """What the rules look at, for as long as there are rules to be kept."""
    yield
    modules.cache_clear()

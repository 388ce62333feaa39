"""The desk, and somebody at it."""

from collections.abc import Iterator

import pytest

from freehold.testing import Caller, caller
from tests.unit.runtime.desk import Desk


@pytest.fixture
def desk() -> Desk:
    """The app."""
    return Desk()


@pytest.fixture
def ada(desk: Desk) -> Iterator[Caller]:
    """The owner of a tenant of its own."""
    with caller(desk.app, desk.owner) as made:
        yield made

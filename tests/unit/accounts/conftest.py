"""The house, with Ada in it, who owns an organisation of her own."""

from collections.abc import Iterator

import pytest

from freehold.testing import Caller, caller
from tests.unit.accounts.house import House, app, owner


@pytest.fixture
def ada() -> Iterator[Caller]:
    """The owner of acme."""
    with caller(app, owner) as made:
        yield made


@pytest.fixture
def house(ada: Caller) -> House:
    """The house."""
    return House(ada)

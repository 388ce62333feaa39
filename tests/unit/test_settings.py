"""The environment has settings, and those of a destination beside them."""

import pytest

from freehold.model.finding import ModelError
from freehold.settings import DESTINATION, from_environment

BOTH = {"FREEHOLD_STORE": "sqlite", "FREEHOLD_TO_STORE": "postgres", "FREEHOLD_TO_DATA": "there", "OTHER": "x"}


def test_a_destination_has_settings_of_its_own() -> None:
    here, there = from_environment(BOTH), from_environment(BOTH, DESTINATION)
    assert (here.store, here.data) == ("sqlite", ".freehold")
    assert (there.store, there.data) == ("postgres", "there")


@pytest.mark.parametrize(("prefix", "name"), [("FREEHOLD_", "FREEHOLD_NONE"), (DESTINATION, "FREEHOLD_TO_NONE")])
def test_a_name_that_does_not_exist_is_refused(prefix: str, name: str) -> None:
    with pytest.raises(ModelError, match=f"{name}: there is no such setting"):
        from_environment({name: "x"}, prefix)

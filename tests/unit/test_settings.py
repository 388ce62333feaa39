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


def test_a_name_that_comes_near_one_is_told_that_one() -> None:
    with pytest.raises(ModelError) as error:
        from_environment({"FREEHOLD_STOR": "postgres"})
    assert error.value.findings[0].fix == "write FREEHOLD_STORE, or unset it"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("WORKERS", "many", "a whole number"),
        ("WORKERS", "2", "at least 3"),
        ("QUEUE_SECONDS", "0", "more than 0 seconds"),
        ("BODY_LIMIT", "-1", "at least 1"),
        ("DRAIN_SECONDS", "nan", "at least 0"),
        ("TIER", "shared", "one of schema, pool"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("POOLER", "yes", "true or false"),
    ],
)
def test_a_value_that_will_not_do_is_refused_with_what_will(name: str, value: str, wanted: str) -> None:
    with pytest.raises(ModelError, match=f"FREEHOLD_{name}: '{value}' is not {wanted}"):
        from_environment({f"FREEHOLD_{name}": value})


def test_a_level_of_the_log_may_be_in_capitals() -> None:
    assert from_environment({"FREEHOLD_LOG_LEVEL": "DEBUG"}).log_level == "debug"

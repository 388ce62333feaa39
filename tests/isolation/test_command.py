"""`freehold test isolation`: which store is attacked, and what it ends with."""

import json

from typer.testing import CliRunner, Result

from freehold.cli.verbs import app
from tests.isolation.apps import EXAMPLES


def attacked(*options: str, name: str = "01_tasks", environment: dict[str, str] | None = None) -> Result:
    target = str(EXAMPLES / f"{name}.py")
    return CliRunner().invoke(app, ["test", "isolation", target, "--only", "T01", *options], env=environment)


def test_it_ends_with_0_and_says_what_was_tried() -> None:
    done = attacked("--store", "sqlite", "--json")
    assert done.exit_code == 0
    assert json.loads(done.output)["by_attack"]["T01"] > 0


def test_the_store_is_the_one_that_is_asked_for_and_else_that_of_the_settings() -> None:
    asked = attacked("--store", "parchment")
    assert asked.exit_code == 2
    assert "there is no store parchment; there are: sqlite" in asked.output
    assert attacked(environment={"FREEHOLD_STORE": "parchment"}).exit_code == 2


def test_real_adapters_are_never_attacked_whatever_the_environment() -> None:
    assert attacked(name="04_events_and_ports", environment={"FREEHOLD_ENVIRONMENT": "production"}).exit_code == 0

"""`freehold test isolation`: which store is attacked, and what it ends with."""

import json
from pathlib import Path

import pytest
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


@pytest.mark.parametrize(
    "options", [("--store", "postgres"), ("--store", "postgres", "--tier", "pool"), ("--store", "dynamodb")]
)
def test_a_store_that_wants_a_server_has_one_started_and_the_users_data_is_left_alone(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    done = attacked("--json", *options, environment={"FREEHOLD_DATA": str(tmp_path / "data")})
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["by_attack"]["T01"] > 0
    assert not (tmp_path / "data").exists()


def test_real_adapters_are_never_attacked_whatever_the_environment() -> None:
    assert attacked(name="04_events_and_ports", environment={"FREEHOLD_ENVIRONMENT": "production"}).exit_code == 0


CHATTY = """
from freehold import App, Entity, Id, Store

app = App("chatty")
(member,) = app.roles("member")


class Thing(Entity):
    name: str


@app.query("GET /things/{id}", allow=member)
def get_thing(id: Id[Thing], things: Store[Thing]) -> Thing:
    print("looked at")
    return things.get(id)
"""


def test_what_an_app_prints_is_no_part_of_the_report(tmp_path: Path) -> None:
    (tmp_path / "chatty.py").write_text(CHATTY)
    done = CliRunner().invoke(app, ["test", "isolation", str(tmp_path / "chatty.py"), "--only", "T01", "--json"])
    assert json.loads(done.stdout)["leaks"] == []
    assert "looked at" in done.stderr


def test_an_attack_that_does_not_exist_is_refused() -> None:
    done = attacked("--only", "T01,T02")
    assert done.exit_code == 2
    assert "there is no attack T01,T02" in done.output


def test_what_never_succeeds_ends_with_1_unless_it_is_named() -> None:
    options = ["test", "isolation", str(Path(__file__).with_name("picky.py")), "--effort", "0.01", "--only", "OWN"]
    done = CliRunner().invoke(app, options)
    assert done.exit_code == 1
    assert "  book  422 NOT_TWO_NIGHTS" in done.output
    unproven = ["--unproven", "book", "--unproven", "book_in_bulk"]
    assert CliRunner().invoke(app, [*options, *unproven]).exit_code == 0
    wrong = CliRunner().invoke(app, [*options, "--unproven", "bok"])
    assert wrong.exit_code == 2
    assert "there is no route bok" in wrong.output

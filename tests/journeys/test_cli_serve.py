"""`freehold serve`: production. Nothing is made up, and a signal fails nobody."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.journeys.cli_kit import PASSWORD, Running, Shell, until, with_example

SLOW = '''

@app.command("POST /slow", allow=anyone, scope="everyone")
def be_slow() -> str:
    """Take a while."""
    import pathlib
    import time

    pathlib.Path("begun").touch()
    time.sleep(1)
    return "done"
'''


@pytest.fixture
def tasks(tmp_path: Path) -> Shell:
    """A folder with an app."""
    return with_example(tmp_path / "tasks")


def logged(server: Running) -> list[dict[str, object]]:
    """What it has logged, each line of which is JSON."""
    return [json.loads(line) for line in server.said().splitlines()]


def test_serve_does_not_start_on_a_store_that_is_behind(tasks: Shell) -> None:
    told = tasks.run("serve", "--port", "0", code=1)
    assert "FH303" in told
    assert "run `freehold migrate up`\n" in told
    assert "run `freehold migrate up --data other`\n" in tasks.run("serve", "--data", "other", code=1)


def test_serve_starts_after_a_migration_and_makes_nobody_up(tasks: Shell) -> None:
    tasks.run("migrate", "up")
    with tasks.running("serve") as server:
        assert server.ask("GET", "/health/ready").status == 200
        assert server.ask("POST", "/auth/sign-in", body={"email": "ada@acme.test", "password": PASSWORD}).status == 401
        assert server.stop(signal.SIGTERM) == 0
    assert tasks.json("tenant", "list") == []


def test_serve_makes_safe_migrations_when_told_to(tasks: Shell) -> None:
    with tasks.running("serve", "--migrate") as server:
        assert server.ask("GET", "/health/ready").status == 200


def test_serve_refuses_to_make_breaking_ones(tasks: Shell) -> None:
    tasks.run("migrate", "up")
    tasks.edit("    title: str\n", "    title: int\n")
    assert "FH301" in tasks.run("serve", "--migrate", "--port", "0", code=1)


def test_serve_logs_a_line_of_json_for_each_event(tasks: Shell) -> None:
    with tasks.running("serve", "--migrate") as server:
        server.ask("GET", "/tasks/1")
        assert server.stop(signal.SIGTERM) == 0
        lines = logged(server)
    assert all({"time", "level", "message"} <= line.keys() for line in lines)
    assert [line["status"] for line in lines if "status" in line] == [401]


def test_a_call_under_way_is_answered_although_a_signal_came(tasks: Shell) -> None:
    with (tasks.folder / "app.py").open("a") as file:
        file.write(SLOW)
    tasks.edit("from freehold import App", "from freehold import anyone, App")
    with tasks.running("serve", "--migrate") as server, ThreadPoolExecutor() as beside:
        assert server.ask("GET", "/health/ready").status == 200
        answer = beside.submit(server.ask, "POST", "/slow")
        until((tasks.folder / "begun").exists, "the call to begin")
        assert server.stop(signal.SIGTERM) == 0
        assert answer.result().data == "done"


def test_settings_of_the_environment_hold_and_the_command_line_goes_first(tasks: Shell) -> None:
    tasks.run("migrate", "up", FREEHOLD_DATA="here")
    assert (tasks.folder / "here" / "data.db").exists()
    tasks.run("migrate", "up", "--data", "there", FREEHOLD_DATA="here")
    assert (tasks.folder / "there" / "data.db").exists()
    assert "FH401" in tasks.run("serve", code=1, FREEHOLD_COLOUR="red")
    nowhere = tasks.run("serve", "--store", "dynamodb", code=1, FREEHOLD_TABLE_ENDPOINT="nowhere")
    assert nowhere.startswith("FH401  environment\n")
    assert "write FREEHOLD_TABLE_ENDPOINT as in http://" in nowhere

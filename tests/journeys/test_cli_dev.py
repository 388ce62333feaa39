"""`freehold dev`: two tenants to try things with, a server that follows the source, and nothing left behind."""

import json
import shlex
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.journeys.cli_kit import PASSWORD, Running, Shell, is_alive, until

SLOW = '''

@app.command("POST /slow", allow=member)
def be_slow() -> str:
    """Take a while."""
    import pathlib
    import time

    pathlib.Path("begun").touch()
    time.sleep(1.5)
    return "done"
'''


@pytest.fixture
def acme(tmp_path: Path) -> Shell:
    """A new app."""
    Shell(tmp_path).run("new", "acme")
    return Shell(tmp_path / "acme")


def greeted(dev: Running) -> Running:
    """The same, once it has told all."""
    dev.wait_for("curl")
    return dev


def test_dev_serves_two_tenants_with_people_in_them(acme: Shell) -> None:
    with acme.running("dev") as dev:
        greeted(dev)
        assert dev.ask("GET", "/health/ready").status == 200
        for email, role in (("ada@acme.test", "owner"), ("bob@acme.test", "member"), ("gina@globex.test", "owner")):
            me = dev.ask("GET", "/auth/me", dev.sign_in(email)["token"])
            assert me.data == {
                "id": dev.sign_in(email)["id"],
                "name": email.split("@")[0].title(),
                "email": email,
                "role": role,
            }


def test_what_dev_prints_can_be_pasted(acme: Shell) -> None:
    with acme.running("dev") as dev:
        greeted(dev)
        line = next(line for line in dev.said().splitlines() if line.strip().startswith("curl"))
        words = shlex.split(line)
        body = json.loads(words[words.index("-d") + 1])
        assert body == {"email": "ada@acme.test", "password": PASSWORD}
        address = next(word for word in words if word.startswith("http"))
        assert address == f"{dev.url}/api/v1/auth/sign-in"
        assert dev.ask("POST", "/auth/sign-in", body=body).status == 200


def test_what_one_demo_tenant_has_is_not_there_for_the_other(acme: Shell) -> None:
    with acme.running("dev") as dev:
        ada, gina = greeted(dev).sign_in("ada@acme.test"), dev.sign_in("gina@globex.test")
        mine = dev.ask("GET", "/me/tasks", ada["token"]).data
        assert isinstance(mine, list)
        assert len(mine) == 3
        assert dev.ask("GET", f"/tasks/{mine[0]['id']}", ada["token"]).status == 200
        assert dev.ask("GET", f"/tasks/{mine[0]['id']}", gina["token"]).status == 404


def test_seeds_are_sown_once_however_often_dev_starts(acme: Shell) -> None:
    for _ in range(2):
        with acme.running("dev") as dev:
            mine = dev.ask("GET", "/me/tasks", greeted(dev).sign_in("ada@acme.test")["token"]).data
            assert isinstance(mine, list)
            assert len(mine) == 3
            assert dev.stop() == 0


def test_without_demo_there_are_no_tenants(acme: Shell) -> None:
    with acme.running("dev", "--no-demo") as dev:
        dev.wait_for("docs")
        assert dev.ask("POST", "/auth/sign-in", body={"email": "ada@acme.test", "password": PASSWORD}).status == 401
    assert acme.json("tenant", "list") == []


def test_a_use_case_that_is_saved_is_served_without_a_restart(acme: Shell) -> None:
    with acme.running("dev") as dev:
        ada = greeted(dev).sign_in("ada@acme.test")
        assert dev.ask("GET", "/hello", ada["token"]).status == 404
        with (acme.folder / "app.py").open("a") as file:
            file.write('\n\n@app.query("GET /hello", allow=member)\ndef hello(me: User) -> str:\n    return me.name\n')
        dev.wait_for("reloaded")
        assert dev.ask("GET", "/hello", ada["token"]).data == "Ada"
        document = json.dumps(dev.ask("GET", "/openapi.json").body)
        assert "/hello" in document


def test_a_model_that_does_not_hold_is_told_and_the_last_one_goes_on(acme: Shell) -> None:
    with acme.running("dev") as dev:
        ada = greeted(dev).sign_in("ada@acme.test")
        acme.edit("def of(self, assignee: Id[User], done", "def of(self, assignee: str, done")
        dev.wait_for("not reloaded")
        assert "FH103  app.py:" in dev.said()
        assert dev.ask("GET", "/me/tasks", ada["token"]).status == 200
        acme.edit("def of(self, assignee: str, done", "def of(self, assignee: Id[User], done")
        dev.wait_for("\nreloaded")
        assert dev.ask("GET", "/me/tasks", ada["token"]).status == 200


def test_a_mistake_of_syntax_is_told_with_its_line(acme: Shell) -> None:
    with acme.running("dev") as dev:
        greeted(dev)
        lines = (acme.folder / "app.py").read_text().count("\n")
        with (acme.folder / "app.py").open("a") as file:
            file.write("def (:\n")
        dev.wait_for("not reloaded")
        assert f"FH404  app.py:{lines + 1}" in dev.said()
        assert dev.ask("GET", "/health/ready").status == 200


def test_a_file_that_a_broken_import_stopped_at_is_watched_too(acme: Shell) -> None:
    with acme.running("dev") as dev:
        greeted(dev)
        (acme.folder / "more.py").write_text("import nowhere_to_be_found\n")
        acme.edit("from typing import Protocol\n", "from typing import Protocol\n\nimport more\n")
        dev.wait_for("not reloaded")
        assert "FH404  more.py:1" in dev.said()
        (acme.folder / "more.py").write_text("")
        dev.wait_for("reloaded  more.py")
        assert dev.ask("GET", "/health/ready").status == 200


def test_a_field_that_is_added_is_migrated_and_named(acme: Shell) -> None:
    with acme.running("dev") as dev:
        ada = greeted(dev).sign_in("ada@acme.test")
        acme.edit("    done: bool = False\n\n\nclass", "    done: bool = False\n    size: int = 3\n\n\nclass")
        dev.wait_for("\nreloaded")
        assert "migrated  safe      add column task.size" in dev.said()
        mine = dev.ask("GET", "/me/tasks", ada["token"]).data
        assert isinstance(mine, list)
        assert {task["size"] for task in mine} == {3}


def test_a_change_that_would_break_the_data_is_refused_with_the_plan(acme: Shell) -> None:
    with acme.running("dev") as dev:
        ada = greeted(dev).sign_in("ada@acme.test")
        acme.edit("    text: str\n", "    text: int\n")
        acme.edit('text=f"Done: {task.title}"', "text=1")
        dev.wait_for("FH301")
        assert "BREAKING  alter column news.text" in dev.said()
        assert dev.ask("GET", "/news", ada["token"]).status == 200


def test_a_call_under_way_is_finished_by_the_version_it_came_to(acme: Shell) -> None:
    with (acme.folder / "app.py").open("a") as file:
        file.write(SLOW)
    with acme.running("dev") as dev, ThreadPoolExecutor() as beside:
        ada = greeted(dev).sign_in("ada@acme.test")
        (old,) = dev.children()
        answer = beside.submit(dev.ask, "POST", "/slow", ada["token"])
        until((acme.folder / "begun").exists, "the call to begin")
        acme.edit('return "done"', 'return "done, and new"')
        dev.wait_for("reloaded")
        assert answer.result().data == "done"
        assert dev.ask("POST", "/slow", ada["token"]).data == "done, and new"
        until(lambda: not is_alive(old) or None, "the old version to leave")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_process(acme: Shell, number: signal.Signals) -> None:
    with acme.running("dev") as dev:
        children = greeted(dev).children()
        assert dev.stop(number) == 0
        assert len(children) == 1
        assert not any(map(is_alive, children))


def test_no_orphan_goes_on_when_the_supervisor_is_killed(acme: Shell) -> None:
    with acme.running("dev") as dev:
        children = greeted(dev).children()
        dev.stop(signal.SIGKILL)
        until(lambda: not any(map(is_alive, children)) or None, "the server to leave")
        assert children


def test_an_app_that_is_broken_from_the_start_ends_dev(acme: Shell) -> None:
    acme.edit("def of(self, assignee: Id[User], done", "def of(self, assignee: str, done")
    told = acme.run("dev", "--port", "0", code=1)
    assert "FH103  app.py:" in told
    assert "fix  " in told


PORT = """

class Mail(Port, Protocol):
    def send(self, text: str) -> None: ...


app.provide(Mail, production="post.office:Smtp")


@app.operation()
def write(mail: Mail) -> None:
    mail.send("hello")
"""


def test_an_adapter_that_cannot_be_imported_is_told(acme: Shell) -> None:
    acme.edit("import App, ", "import App, Port, ")
    with (acme.folder / "app.py").open("a") as file:
        file.write(PORT)
    told = acme.run("dev", "--port", "0", code=1, FREEHOLD_ENVIRONMENT="production")
    assert "what fills Mail in production cannot be imported: No module named 'post'" in told
    assert told.startswith("FH163  app.py:")


SMTP = """
class Smtp:
    def __init__(self, host: str) -> None: ...
    def send(self, text: str) -> None: ...
"""


def test_an_adapter_that_cannot_be_made_is_told(acme: Shell) -> None:
    acme.edit("import App, ", "import App, Port, ")
    with (acme.folder / "app.py").open("a") as file:
        file.write(PORT.replace('production="post.office:Smtp"', 'local="post:Smtp", production="a:b"'))
    (acme.folder / "post.py").write_text(SMTP)
    told = acme.run("dev", "--port", "0", code=1)
    assert "what fills Mail in local cannot be made: Smtp() raised TypeError" in told
    assert "made without arguments" in told


@pytest.mark.parametrize("store", ["postgres", "dynamodb"])
def test_a_folder_that_cannot_be_made_for_a_server_is_told(acme: Shell, store: str) -> None:
    (acme.folder / "taken").write_text("a file")
    told = acme.run("dev", "--store", store, "--data", "taken", "--port", "0", code=1)
    assert told.startswith("FH409  taken\n")
    assert "--data FOLDER" in told


def test_what_is_refused_names_the_command_for_this_very_store(acme: Shell) -> None:
    acme.run("migrate", "up", "--data", "other")
    acme.edit("    text: str\n", "    text: int\n")
    acme.edit('text=f"Done: {task.title}"', "text=1")
    told = acme.run("dev", "--data", "other", "--port", "0", code=1)
    assert "`freehold migrate up --data other --breaking` if you mean it" in told


def test_a_port_in_use_is_told_with_what_to_do(acme: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = acme.run("dev", "--port", str(port), code=1)
    assert f"FH407  127.0.0.1:{port}" in told
    assert f"--port {port + 1}" in told


def test_dev_without_reload_serves_and_ends_as_well(acme: Shell) -> None:
    with acme.running("dev", "--no-reload") as dev:
        assert greeted(dev).children() == []
        assert dev.ask("GET", "/health/live").status == 200
        assert dev.stop() == 0

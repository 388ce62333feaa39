"""The verbs that work on data: call, seed, migrate, tenant, events, audit, keys."""

import json
import re
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.cli_kit import Shell, until


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new app with two tenants, and tasks in them: made once, and copied for each test."""
    folder = tmp_path_factory.mktemp("prepared")
    Shell(folder).run("new", "acme")
    Shell(folder / "acme").run("migrate", "up")
    Shell(folder / "acme").run("seed")
    return folder / "acme"


@pytest.fixture
def acme(tmp_path: Path, prepared: Path) -> Shell:
    """A new app with two tenants, and tasks in them."""
    return Shell(Path(shutil.copytree(prepared, tmp_path / "acme")))


def sql(shell: Shell, statement: str) -> list[tuple[object, ...]]:
    """Reach around freehold, into the file."""
    with closing(sqlite3.connect(shell.folder / ".freehold" / "data.db")) as raw, raw:
        return list(raw.execute(statement))


def mine(shell: Shell, email: str = "ada@acme.test") -> list[dict[str, object]]:
    """What somebody has to do."""
    found = json.loads(shell.run("call", "my_tasks", "--as", email))
    assert isinstance(found, list)
    return found


def test_a_use_case_is_called_as_a_member_with_its_inputs_as_options(acme: Shell) -> None:
    me = json.loads(acme.run("call", "who_am_i", "--as", "ada@acme.test"))
    options = ("--title", "Ship it", "--assignee", me["id"], "--as", "ada@acme.test", "--tenant", "acme")
    made = json.loads(acme.run("call", "create_task", *options))
    assert made["title"] == "Ship it"
    assert made["id"] in {task["id"] for task in mine(acme)}


def test_inputs_may_come_as_json(acme: Shell) -> None:
    me = json.loads(acme.run("call", "who_am_i", "--as", "ada@acme.test"))
    given = json.dumps({"title": "From a file", "assignee": me["id"]})
    assert (
        json.loads(acme.run("call", "create_task", "--as", "ada@acme.test", "--input", "-", given=given))["version"]
        == 1
    )


def test_help_lists_the_inputs_of_a_use_case(acme: Shell) -> None:
    told = acme.run("call", "create_task", "--help")
    assert "--title TEXT" in told
    assert "str, required" in told
    assert "--done / --no-done" in acme.run("call", "my_tasks", "--help")


def test_a_flag_is_a_truth_and_a_number_is_a_number(acme: Shell) -> None:
    done = acme.json("call", "my_tasks", "--as", "ada@acme.test", "--done")
    assert isinstance(done, dict)
    assert done["data"] == []
    some = acme.json("call", "my_tasks", "--as", "ada@acme.test", "--limit", "2")
    assert isinstance(some, dict)
    assert len(some["data"]) == 2
    assert some["meta"]["next"]


def test_a_call_is_refused_as_a_request_would_be(acme: Shell) -> None:
    task = str(mine(acme)[0]["id"])
    assert "TASK_NOT_FOUND" in acme.run("call", "read_task", "--id", task, "--as", "gina@globex.test", code=1)
    assert "FORBIDDEN" in acme.run("call", "delete_task", "--id", task, "--as", "bob@acme.test", code=1)
    answer = acme.json("call", "create_task", "--title", "x", "--assignee", task, "--as", "ada@acme.test", code=1)
    assert isinstance(answer, dict)
    assert answer["error"]["code"] == "UNKNOWN_REFERENCE"


def test_a_call_says_what_it_needs(acme: Shell) -> None:
    assert "--as EMAIL" in acme.run("call", "my_tasks", code=2)
    assert "needed: --title, --assignee" in acme.run("call", "create_task", "--as", "ada@acme.test", code=2)
    assert "there are: acme, globex" in acme.run("call", "my_tasks", "--as", "ada@acme.test", "--tenant", "no", code=2)
    assert "no member of globex" in acme.run("call", "my_tasks", "--as", "ada@acme.test", "--tenant", "globex", code=2)
    assert "there is no use case my_taks; what comes near: my_tasks" in acme.run("call", "my_taks", code=2)
    assert "Say who one is here: name, address and role in this organisation." in " ".join(
        acme.run("call", "--help").split()
    )


def test_the_same_key_is_answered_the_same(acme: Shell) -> None:
    me = json.loads(acme.run("call", "who_am_i", "--as", "ada@acme.test"))
    options = ("--title", "Once", "--assignee", me["id"], "--as", "ada@acme.test", "--key", "k1")
    first = json.loads(acme.run("call", "create_task", *options))
    assert json.loads(acme.run("call", "create_task", *options)) == first


def test_data_verbs_ask_for_a_migration_first(tmp_path: Path) -> None:
    Shell(tmp_path).run("new", "acme")
    assert "FH303" in Shell(tmp_path / "acme").run("tenant", "list", code=1)


def test_seeds_are_sown_once_unless_told_again(acme: Shell) -> None:
    assert len(mine(acme)) == 3
    assert "run before" in acme.run("seed")
    assert len(mine(acme)) == 3
    assert acme.run("seed", "--again").split("\n")[0] == "acme: first_tasks"
    assert len(mine(acme)) == 6


def test_a_tenant_of_ones_own_is_seeded_as_one_of_its_members(acme: Shell) -> None:
    acme.run("tenant", "create", "umbrella", "--email", "eve@umbrella.test")
    assert acme.run("seed", "--tenant", "umbrella", "--as", "eve@umbrella.test").strip() == "umbrella: first_tasks"
    assert len(mine(acme, "eve@umbrella.test")) == 3


def test_a_tenant_is_created_with_a_password_that_works(acme: Shell) -> None:
    made = acme.json("tenant", "create", "umbrella", "--email", "eve@umbrella.test")
    assert isinstance(made, dict)
    signed_in = ("--email", "eve@umbrella.test", "--password", made["password"])
    assert json.loads(acme.run("call", "sign_in", *signed_in))["organisation"] == made["id"]
    assert "already" in acme.run("tenant", "create", "umbrella", "--email", "eve@umbrella.test", code=2)
    known = acme.json("tenant", "create", "second", "--email", "eve@umbrella.test")
    assert isinstance(known, dict)
    assert known["password"] is None


def test_a_suspended_tenant_is_shut_out_until_it_is_resumed(acme: Shell) -> None:
    acme.run("tenant", "suspend", "acme")
    assert "TENANT_SUSPENDED" in acme.run("call", "my_tasks", "--as", "ada@acme.test", code=1)
    assert mine(acme, "gina@globex.test")
    states = acme.json("tenant", "list")
    assert isinstance(states, list)
    assert {one["slug"]: one["state"] for one in states} == {"acme": "suspended", "globex": "active"}
    acme.run("tenant", "resume", "acme")
    assert mine(acme)


def test_a_plan_says_what_is_safe_and_what_breaks_and_changes_nothing(acme: Shell) -> None:
    assert acme.run("migrate", "plan") == "Nothing to be done.\n"
    acme.edit("    text: str\n", "    text: int\n    size: int = 1\n")
    told = acme.run("migrate", "plan")
    assert "safe      add column news.size" in told
    assert "BREAKING  alter column news.text" in told
    steps = acme.json("migrate", "plan")
    assert isinstance(steps, list)
    assert {(step["part"], step["label"]) for step in steps} == {("size", "safe"), ("text", "breaking")}
    assert "FH301" in acme.run("migrate", "up", code=1)
    acme.run("migrate", "up", "--breaking")
    assert acme.json("migrate", "plan") == []


def test_a_migration_can_be_undone(acme: Shell) -> None:
    acme.edit("    text: str\n", "    text: str\n    size: int = 1\n")
    acme.run("migrate", "up")
    status = acme.json("migrate", "status")
    assert isinstance(status, dict)
    assert [one["number"] for one in status["applied"]] == [1, 2]
    assert "FH301" in acme.run("migrate", "down", code=1)
    acme.run("migrate", "down", "--number", "2", "--breaking")
    assert acme.run("migrate", "down", "--number", "2", "--breaking") == "There is nothing to undo.\n"
    status = acme.json("migrate", "status")
    assert isinstance(status, dict)
    assert (len(status["applied"]), status["pending"]) == (1, 1)
    assert "1 step is pending" in acme.run("migrate", "status")


def test_what_a_plan_looks_at_is_not_made_by_looking(tmp_path: Path) -> None:
    Shell(tmp_path).run("new", "acme")
    shell = Shell(tmp_path / "acme")
    assert "create table task" in shell.run("migrate", "plan")
    shell.run("migrate", "status")
    assert not (shell.folder / ".freehold").exists()


def test_what_is_dead_is_listed_and_sent_on_and_then_done(acme: Shell) -> None:
    acme.run("call", "finish_task", "--id", str(mine(acme)[0]["id"]), "--as", "ada@acme.test")
    waiting = acme.json("events", "list", "--state", "waiting")
    assert isinstance(waiting, list)
    assert [(one["tenant"], one["event"], one["handler"]) for one in waiting] == [("acme", "TaskDone", "tell_the_team")]
    sql(acme, "UPDATE freehold_delivery SET state = 'dead', tries = 8, error = 'it rained'")
    assert "it rained" in acme.run("events", "list")
    assert acme.run("events", "redrive", "--tenant", "globex") == "0 redriven\n"
    assert acme.json("events", "redrive") == [waiting[0]["id"]]
    with acme.running("serve") as server:
        news = until(lambda: json.loads(acme.run("call", "read_news", "--as", "ada@acme.test")), "the news")
        assert news[0]["text"].startswith("Done: ")
        assert server.stop(signal.SIGTERM) == 0
    assert acme.json("events", "list", "--state", "waiting") == []


def test_what_is_dead_can_be_thrown_away(acme: Shell) -> None:
    acme.run("call", "finish_task", "--id", str(mine(acme)[0]["id"]), "--as", "ada@acme.test")
    assert acme.run("events", "purge") == "0 thrown away\n"
    sql(acme, "UPDATE freehold_delivery SET state = 'dead'")
    assert acme.run("events", "purge") == "1 thrown away\n"
    assert acme.json("events", "list") == acme.json("events", "list", "--state", "waiting") == []


def test_what_operators_do_is_in_the_audit_chain_and_it_holds(acme: Shell) -> None:
    assert acme.run("audit", "verify") == "3 chains hold.\n"
    assert acme.json("audit", "verify", "--tenant", "acme") == []
    cases = [json.loads(str(text))["case"] for (text,) in sql(acme, "SELECT text FROM freehold_audit")]
    assert "first_tasks" in cases
    assert "create_tenant" in cases


def test_an_audit_entry_that_was_changed_is_found(acme: Shell) -> None:
    sql(
        acme, "UPDATE freehold_audit SET text = replace(text, 'first_tasks', 'nothing') WHERE text LIKE '%first_tasks%'"
    )
    (acme_broken, globex_broken) = acme.json("audit", "verify", code=1)
    assert {acme_broken["tenant"], globex_broken["tenant"]} == {"acme", "globex"}
    assert "not what was hashed" in acme.run("audit", "verify", "--tenant", "acme", code=1)


def test_keys_are_rotated_and_old_tokens_go_on_counting(acme: Shell) -> None:
    with acme.running("dev") as dev:
        dev.wait_for("curl")
        ada = dev.sign_in("ada@acme.test")
        rotated = acme.json("keys", "rotate", "--keep", "day")
        assert isinstance(rotated, dict)
        assert len(rotated["signing"]) == 2
        assert dev.ask("GET", "/me/tasks", ada["token"]).status == 200
        assert dev.ask("GET", "/me/tasks", dev.sign_in("ada@acme.test")["token"]).status == 200


def test_keys_kept_elsewhere_are_printed_for_there(acme: Shell) -> None:
    ring = (acme.folder / ".freehold" / "keys.json").read_text()
    fresh = json.loads(acme.run("keys", "rotate", FREEHOLD_KEYS=ring))
    assert len(fresh["signing"]) == 2
    assert (acme.folder / ".freehold" / "keys.json").read_text() == ring
    assert "is not a period" in acme.run("keys", "rotate", "--keep", "soon", code=2)


def test_keys_that_cannot_be_used_are_told_with_a_code(acme: Shell) -> None:
    (acme.folder / ".freehold" / "keys.json").write_text("{}")
    told = acme.run("keys", "rotate", code=1)
    assert re.search(r"^FH408 ", told)
    assert "Traceback" not in told

"""The verbs that read an app: check, explain, routes, openapi; and how an app is found."""

import json
from pathlib import Path

import pytest

from freehold import __version__
from freehold.cli.verbs import SECTIONS, app
from tests.journeys.cli_kit import Shell, with_example

JOB = '''

@app.every("day", scope="everyone")
def count_all() -> None:
    """Look at every tenant."""
'''


@pytest.fixture
def tasks(tmp_path: Path) -> Shell:
    """A folder with an app."""
    return with_example(tmp_path / "tasks")


def test_check_counts_what_holds_together(tasks: Shell) -> None:
    assert tasks.run("check") == "ok  tasks: 6 use cases, 1 entity, 1 lookup, 1 event, 2 roles\n"
    assert tasks.json("check") == []


def test_check_says_what_is_wrong_where_and_how_to_put_it_right(tasks: Shell) -> None:
    tasks.edit("def of(self, assignee: Id[User]", "def of(self, assignee: str")
    told = tasks.run("check", code=1)
    (finding,) = tasks.json("check", code=1)
    assert finding["code"] == "FH103"
    assert finding["file"] == "app.py"
    assert f"{finding['code']}  app.py:{finding['line']}\n  {finding['message']}\n" in told
    assert f"  > {finding['line']:>5} | " in told
    assert f"fix  {finding['fix']}" in told


def test_check_says_everything_that_is_wrong_at_once(tasks: Shell) -> None:
    tasks.edit("def of(self, assignee: Id[User]", "def of(self, assignee: str")
    tasks.edit('"GET /tasks/{id}"', '"GET /tasks/{task}"')
    found = tasks.json("check", code=1)
    assert isinstance(found, list)
    assert {"FH103", "FH105"} <= {finding["code"] for finding in found}


def test_an_error_while_the_app_is_loaded_is_told_with_its_place(tasks: Shell) -> None:
    with (tasks.folder / "app.py").open("a") as file:
        file.write("\n\ndef broken() -> None:\n    raise ValueError('no')\n\n\nbroken()\n")
    (finding,) = tasks.json("check", code=1)
    raised = (tasks.folder / "app.py").read_text().splitlines().index("    raise ValueError('no')") + 1
    assert (finding["code"], finding["file"], finding["line"]) == ("FH404", "app.py", raised)
    assert "ValueError: no" in finding["message"]


def test_routes_say_who_may_and_where_they_are_written(tasks: Shell) -> None:
    told = tasks.run("routes")
    assert "DELETE  /tasks/{id}" in told
    assert "/auth/sign-in" not in told
    assert "/auth/sign-in" in tasks.run("routes", "--all")
    rows = tasks.json("routes")
    assert isinstance(rows, list)
    deleting = next(row for row in rows if row["name"] == "delete_task")
    assert deleting["allow"] == "owner"
    assert deleting["route"] == "DELETE /tasks/{id}"
    assert deleting["place"].startswith("app.py:")


def test_no_place_is_broken_in_two(tmp_path: Path) -> None:
    tasks = with_example(tmp_path / f"tasks-{'long' * 20}")
    places = [row["place"] for row in tasks.json("routes", f"../{tasks.folder.name}/app.py")]  # type: ignore[attr-defined]
    told = tasks.run("routes", f"../{tasks.folder.name}/app.py")
    assert [place for place in places if f" {place}" not in told] == []


def test_the_openapi_document_is_printed_or_written(tasks: Shell) -> None:
    printed = json.loads(tasks.run("openapi"))
    assert printed["openapi"].startswith("3.1")
    tasks.run("openapi", "--output", "api.json")
    assert json.loads((tasks.folder / "api.json").read_text()) == printed
    assert "there is no folder nowhere" in tasks.run("openapi", "--output", "nowhere/api.json", code=2)


def test_explain_shows_the_index_that_serves_each_lookup(tasks: Shell) -> None:
    told = tasks.run("explain")
    assert "✓ Tasks.of(assignee)  newest first" in told
    assert "index task.of_assignee on tenant, assignee" in told
    assert "given user, Tasks rw, emits TaskDone" in told
    assert max(map(len, told.splitlines())) <= 100


def test_explain_tells_machines_the_same(tasks: Shell) -> None:
    told = tasks.json("explain")
    assert isinstance(told, dict)
    assert told["roles"] == ["member", "owner"]
    (lookup,) = told["lookups"]
    assert lookup["index"] == "task.of_assignee"
    assert lookup["searched_by"] == ["tenant=?", "assignee=?"]
    assert lookup["well_served"]
    assert told["events"] == [{"event": "TaskDone", "from": ["finish_task"], "to": ["ask_for_review"]}]
    assert "sign_in" not in {case["name"] for case in told["use_cases"]}
    everything = tasks.json("explain", "--all")
    assert isinstance(everything, dict)
    assert "sign_in" in {case["name"] for case in everything["use_cases"]}


def test_explain_lists_apart_what_crosses_tenants(tasks: Shell) -> None:
    assert "Nothing of this app's own." in tasks.run("explain")
    with (tasks.folder / "app.py").open("a") as file:
        file.write(JOB)
    told = tasks.run("explain")
    assert "Nothing of this app's own." not in told
    apart = told.partition("Crosses tenants")[2].partition("Lookups")[0]
    assert "count_all" in apart
    assert "once for all tenants" in told


@pytest.mark.parametrize("target", [".", "app.py", "app", "app:app", "../tasks", "../tasks/app.py"])
def test_an_app_is_found_by_any_of_its_names(tasks: Shell, target: str) -> None:
    assert tasks.run("check", target).startswith("ok  tasks")


def test_a_package_is_found_from_around_it_and_from_within(tmp_path: Path) -> None:
    package = with_example(tmp_path / "team").folder
    (package / "__init__.py").write_text("from .app import app\n")
    assert Shell(tmp_path).run("check", "team").startswith("ok  tasks")
    assert Shell(tmp_path).run("check").startswith("ok  tasks")
    assert Shell(package).run("check").startswith("ok  tasks")


def test_pyproject_says_which_app_is_meant(tasks: Shell) -> None:
    (tasks.folder / "other.py").write_text('from freehold import App\n\napp = App("other")\n')
    assert "FH403" in tasks.run("check", code=1)
    (tasks.folder / "pyproject.toml").write_text('[tool.freehold]\napp = "app.py"\n')
    assert tasks.run("check").startswith("ok  tasks")


def test_a_folder_without_an_app_is_told_so(tmp_path: Path) -> None:
    told = Shell(tmp_path).run("check", code=1)
    assert "FH402" in told
    assert "freehold new acme" in told


def test_a_name_of_nothing_is_told_so(tasks: Shell) -> None:
    assert "FH402" in tasks.run("check", "nothing.py", code=1)
    assert "FH402" in tasks.run("check", "app:nothing", code=1)


def test_several_apps_in_a_file_are_told_by_name(tasks: Shell) -> None:
    with (tasks.folder / "app.py").open("a") as file:
        file.write('\nother = App("other")\n')
    told = tasks.run("check", code=1)
    assert "FH403" in told
    assert "`app:other`" in told
    assert tasks.run("check", "app:app").startswith("ok  tasks")


def test_a_wrong_call_ends_with_two_and_says_how_to_get_help(tasks: Shell) -> None:
    assert "freehold check -h" in tasks.run("check", "--colour", code=2)
    assert "No such command" in tasks.run("chekc", code=2)


def test_help_lists_every_verb_under_a_heading(tasks: Shell) -> None:
    told = tasks.run("--help")
    verbs = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    groups = [group.name for group in app.registered_groups]
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted([*verbs, *map(str, groups)])
    assert all(f"\n{heading}:\n" in told for heading in SECTIONS)


@pytest.mark.parametrize("group", [[], ["tenant"], ["migrate"], ["test"]])
def test_no_sentence_in_a_list_of_commands_is_cut(tasks: Shell, group: list[str]) -> None:
    assert "..." not in tasks.run(*group, "--help").partition("Usage:")[2].partition("\n")[2]


def test_a_shell_completes_verbs_and_use_cases(tasks: Shell) -> None:
    words = {"_FREEHOLD_COMPLETE": "complete_bash", "COMP_CWORD": "1", "COMP_WORDS": "freehold exp"}
    assert tasks.run(**words).split() == ["explain"]
    words |= {"COMP_CWORD": "2", "COMP_WORDS": "freehold call fin"}
    assert tasks.run(**words).split() == ["finish_task"]
    words |= {"COMP_CWORD": "3", "COMP_WORDS": "freehold call create_task --ti"}
    assert tasks.run(**words).split() == ["--title"]


def test_the_version_is_told(tasks: Shell) -> None:
    assert tasks.run("--version").strip() == __version__


def test_a_file_that_cannot_be_written_is_told(tasks: Shell) -> None:
    (tasks.folder / "folder").mkdir()
    assert tasks.run("openapi", "-o", "folder", code=1).startswith("FH409  folder\n")
    assert tasks.run("new", "app.py/acme", code=1).startswith("FH409  ")
    assert tasks.run("keys", "rotate", "--data", "nowhere", code=1).startswith("FH409  ")

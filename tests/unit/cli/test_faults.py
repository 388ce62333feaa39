"""How what is wrong is told."""

import json
from pathlib import Path

import pytest

from freehold.cli.faults import tell
from freehold.edges.keys import KeysUnusable
from freehold.model.finding import Finding, ModelError, Place
from freehold.runtime.failures import Conflict, Invalid

FINDING = Finding("FH103", Place("app.py", 3), "this is wrong", "do that")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text("one\ntwo\nthree\nfour\nfive\nsix\n")
    return tmp_path / "app.py"


def test_a_finding_is_shown_with_the_lines_it_is_about(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(ModelError([FINDING]))
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "FH103  app.py:3", "  this is wrong", "", "        2 | two", "  >     3 | three", "        4 | four",
        "        5 | five", "", "  fix  do that", "",
    ]  # fmt: skip


@pytest.mark.parametrize("place", [Place("app.py", 0), Place("gone.py", 3), Place("data.db", 3)])
def test_a_place_that_is_no_line_is_told_without_one(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(ModelError([Finding("FH301", place, "this is wrong", "do that")]))
    told = capsys.readouterr().err.splitlines()
    assert told[1:3] == ["  this is wrong", "  fix  do that"]


def test_machines_get_findings_as_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(ModelError([FINDING]), as_json=True)
    told = capsys.readouterr()
    assert told.err == ""
    assert json.loads(told.out) == [
        {"code": "FH103", "file": "app.py", "line": 3, "message": "this is wrong", "fix": "do that"}
    ]


def test_a_refusal_is_told_with_its_details(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(Invalid(details=[{"loc": ["task", "title"], "msg": "Too long."}, {"limit": 3}]))
    told = capsys.readouterr().err.splitlines()
    assert told == ["INVALID  The input is not valid.", "  task.title: Too long.", '  {"limit": 3}']
    assert tell(Conflict("TASK_DONE", "It is done."), as_json=True)
    assert json.loads(capsys.readouterr().out)["code"] == "TASK_DONE"


def test_keys_that_cannot_be_used_have_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(KeysUnusable("They are gone."))
    assert capsys.readouterr().err.startswith("FH408  keys\n  They are gone.")


def test_a_mistake_of_our_own_is_not_dressed_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert not tell(ValueError("a bug"))
    assert capsys.readouterr() == ("", "")

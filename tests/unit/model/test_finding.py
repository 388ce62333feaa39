from __future__ import annotations

import functools
import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from freehold.model.finding import Finding, ModelError, Place

SOURCE = """\
import functools


class Task:
    title: str
    done: bool = False

    class Inner:
        number: int


def decorated(function):
    @functools.wraps(function)
    def wrapper():
        return function()
    return wrapper


@decorated
def finish():
    pass


def make():
    class Local:
        name: str
    return Local


Earlier = Task


@functools.total_ordering
class Task:
    title: str

    def __lt__(self, other):
        return True
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (tmp_path / "written.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "written", raising=False)
    return importlib.import_module("written")


def test_a_place_is_written_so_that_editors_can_go_there() -> None:
    assert str(Place("tasks.py", 3)) == "tasks.py:3"
    assert Place("tasks.py", 3).down(2) == Place("tasks.py", 5)


def test_a_function_is_where_it_is_written_whatever_was_wrapped_around_it(written: ModuleType) -> None:
    assert Place.of(written.finish) == Place("written.py", 19)


def test_a_class_is_where_it_is_written_and_so_are_its_fields(written: ModuleType) -> None:
    assert Place.of(written.Earlier.Inner) == Place("written.py", 8)
    assert Place.of(written.Earlier.Inner, "number") == Place("written.py", 9)
    assert Place.of(written.Earlier.Inner, "inherited") == Place("written.py", 8)
    assert Place.of(written.make()) == Place("written.py", 25)


def test_two_classes_of_one_name_are_where_each_is_written(written: ModuleType) -> None:
    assert Place.of(written.Earlier, "title") == Place("written.py", 5)
    assert Place.of(written.Task) == Place("written.py", 33)


def test_what_no_file_holds_is_in_its_module() -> None:
    assert Place.of(type("Made", (), {"__module__": "nowhere"})) == Place("nowhere", 0)
    assert Place.of(functools.partial(print)).line == 0


def test_a_file_elsewhere_keeps_its_whole_path(
    written: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert Place.of(written.finish).file == str(tmp_path / "written.py")


def test_the_calling_line_is_the_nearest_that_is_not_freeholds() -> None:
    place = Place.calling()
    assert place.file.endswith("test_finding.py")


def test_a_finding_is_two_lines_the_matter_and_the_fix() -> None:
    finding = Finding("FH101", Place("tasks.py", 3), "create_task: `title` has no type", "give it one")
    assert str(finding) == "tasks.py:3: FH101 create_task: `title` has no type\n    fix: give it one"


def test_findings_come_once_in_the_order_of_the_source_and_otherwise_as_they_were_found() -> None:
    def at(line: int, code: str, message: str, file: str = "b.py") -> Finding:
        return Finding(code, Place(file, line), message, "fix")

    second, first, other = at(9, "FH101", "z"), at(2, "FH130", "late"), at(9, "FH101", "a")
    before, elsewhere = at(2, "FH102", "soon"), at(99, "FH163", "there", "a.py")
    error = ModelError([second, first, other, second, before, elsewhere])
    assert error.findings == [elsewhere, before, first, second, other]
    assert str(error) == "\n".join(map(str, error.findings))

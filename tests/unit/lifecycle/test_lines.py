"""A line is the same from whichever store an entity comes, and is believed only as far as its model goes."""

import json
import subprocess
import sys

import pytest

from freehold.lifecycle import lines as module
from freehold.lifecycle.lines import Lines, Unreadable
from freehold.model.data import Entity, Id
from freehold.model.model import table_of
from freehold.stores.schema import schema_of
from freehold.testing.contract.subjects import Point, Shape, Thing
from tests.unit.stores.stored import model_of

ID = "01a21d25-ccc5-7436-96a9-b7e1e5557df4"
THING = Thing(id=Id(ID), version=3, several=frozenset(["b", "a", "c"]), shape=Shape.SQUARE, place=Point(x=-0.0))


def lines_of(kind: type[Entity]) -> Lines:
    return Lines(kind, schema_of(model_of(kind)).tables[table_of(kind)])


def test_a_line_comes_back_as_it_was() -> None:
    line = lines_of(Thing).write(THING)
    assert lines_of(Thing).read(line) == THING
    assert line.count(b"\n") == 1
    assert list(json.loads(line)) == sorted(json.loads(line))


def test_a_set_is_written_in_one_order_by_every_process() -> None:
    script = "from tests.unit.lifecycle.test_lines import *; print(lines_of(Thing).write(THING).decode(), end='')"
    written = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert written == {lines_of(Thing).write(THING).decode()}


def test_what_a_line_lacks_is_as_the_model_says() -> None:
    fields = json.loads(lines_of(Thing).write(THING))
    del fields["text"], fields["wish"]
    assert lines_of(Thing).read(json.dumps(fields).encode()) == THING


@pytest.mark.parametrize(
    "changed",
    [{"whole": "1"}, {"whole": True}, {"whole": 1.5}, {"whole": 2**64}, {"text": 1}, {"text": None}, {"real": "1"},
     {"flag": "true"}, {"day": "yesterday"}, {"moment": 0}, {"hour": "25:00"}, {"amount": "much"}, {"amount": "1e9999"},
     {"key": "x"}, {"raw": "*"}, {"shape": "round"}, {"state": "ajar"}, {"step": 9}, {"place": "{"}, {"place": "[]"},
     {"id": "x"}, {"id": ID.upper()}, {"id": None}, {"nothing": 1}],
    ids=str,
)  # fmt: skip
def test_what_is_no_such_value_is_refused(changed: dict[str, object]) -> None:
    fields = {**json.loads(lines_of(Thing).write(THING)), **changed}
    with pytest.raises(Unreadable):
        lines_of(Thing).read(json.dumps(fields).encode())


def test_what_is_too_long_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 100)
    with pytest.raises(Unreadable, match="longer"):
        lines_of(Thing).write(THING)

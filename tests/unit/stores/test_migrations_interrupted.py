"""A migration that is killed leaves the old schema; several at once leave the new one, made once."""

import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from freehold.model.finding import ModelError
from freehold.stores.schema import schema_of
from freehold.stores.sqlite.migrations import SqliteMigrations
from tests.unit.stores import versions
from tests.unit.stores.stored import add, migrated, model_of, rows, shape

ACME = "018f0000-0000-7000-8000-000000000001"
ROWS = 300
ROOT = Path(__file__).parents[3]


@pytest.fixture
def filled(file: str) -> str:
    """A file with many tasks in their first version."""
    task, *_ = versions.first()
    database = migrated(model_of(task), file)
    ids = (f"018f0000-0000-7000-9000-{number:012}" for number in range(ROWS))
    add(database, ACME, *(task(id=id, title=str(number)) for number, id in enumerate(ids)))
    database.close()
    return file


def start(file: str, steps: int = 0) -> subprocess.Popen[str]:
    """Another process that is about to migrate."""
    command = [sys.executable, "-m", "tests.unit.stores.migrating", file, "everything_changed", str(steps)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("steps", [10, 300, 4_000])
def test_a_migration_that_is_killed_leaves_the_old_schema(steps: int, filled: str) -> None:
    before = shape(filled), rows(filled, "SELECT id, title FROM task")
    with start(filled, steps) as process:
        process.communicate("go\n")
    assert process.returncode == -signal.SIGKILL
    assert (shape(filled), rows(filled, "SELECT id, title FROM task")) == before
    assert rows(filled, "PRAGMA integrity_check") == [("ok",)]
    with start(filled) as process:
        process.communicate("go\n")
    assert process.returncode == 0
    assert len(rows(filled, "SELECT id FROM task WHERE typeof(title) = 'integer' AND number = 7")) == ROWS


def test_of_several_that_migrate_at_once_one_does(filled: str) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(start(filled)) for _ in range(3)]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert rows(filled, "SELECT label FROM freehold_schema") == [("safe",), ("breaking",)]
    assert len(rows(filled, "SELECT id FROM task WHERE number = 7")) == ROWS


def test_a_migration_that_cannot_begin_says_why(filled: str) -> None:
    schema = schema_of(model_of(*versions.with_optional()))
    with SqliteMigrations(filled, schema) as holding, SqliteMigrations(filled, schema, patience=0.01) as waiting:
        with (
            holding._transaction(),
            pytest.raises(ModelError, match=r"FH305 the database cannot be migrated: .* locked"),
        ):
            waiting.up()
        assert waiting.up()

"""Migrations of files with data in them: what is done, what is refused, and that nothing is half done."""

import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from freehold.model.data import Entity
from freehold.model.finding import ModelError
from freehold.runtime.ports import Span
from freehold.runtime.scope import Scope
from freehold.stores.schema import schema_of
from freehold.stores.sqlite import Sqlite
from freehold.stores.sqlite.migrations import SqliteMigrations
from tests.unit.stores import versions
from tests.unit.stores.stored import add, migrated, model_of, rows, shape
from tests.unit.stores.versions import Kinds

Version = Callable[[], Kinds]

ACME, GLOBEX = (f"018f0000-0000-7000-8000-00000000000{number}" for number in (1, 2))
IDS = [f"018f0000-0000-7000-9000-{number:012}" for number in range(9)]


def nothing() -> Kinds:
    return ()


def apply(file: str, version: Version, *, breaking: bool = False) -> list[str]:
    """Migrate up to a version; what was done."""
    with SqliteMigrations(file, schema_of(model_of(*version()))) as migrations:
        return [str(step) for step in migrations.up(breaking=breaking)]


def undo(file: str, *, number: int | None = None, breaking: bool = False) -> list[str]:
    """Migrate down by one."""
    with SqliteMigrations(file, schema_of(model_of())) as migrations:
        return [str(step) for step in migrations.down(number=number, breaking=breaking)]


def fill(file: str, version: Version, *values: dict[str, object], tenant: str = ACME) -> list[Entity]:
    """Migrate to a version, and add its first entity once for each of these."""
    kinds = version()
    database = migrated(model_of(*kinds), file)
    entities = [kinds[0](id=IDS[number], **given) for number, given in enumerate(values)]
    add(database, tenant, *entities)
    database.close()
    return entities


def read(file: str, version: Version, tenant: str = ACME) -> list[dict[str, object]]:
    """All tasks of a tenant as a program of this version reads them, without what every entity has."""
    kinds = version()
    task, *_ = kinds
    database = Sqlite(model_of(*kinds), file)
    with Scope(tenant) as scope:
        snapshot = database.snapshot(scope)
        found = [snapshot.get(task, id) for id in IDS]
        snapshot.close()
    database.close()
    own = set(task.model_fields) - set(Entity.model_fields)
    return [{name: getattr(one[1], name) for name in task.model_fields if name in own} for one in found if one]


def trouble(file: str, version: Version, *, breaking: bool = True) -> str:
    """Why a migration is refused; and that it changes nothing."""
    before = shape(file), rows(file, "SELECT * FROM task"), rows(file, "SELECT number, label FROM freehold_schema")
    with pytest.raises(ModelError) as error:
        apply(file, version, breaking=breaking)
    assert before == (
        shape(file),
        rows(file, "SELECT * FROM task"),
        rows(file, "SELECT number, label FROM freehold_schema"),
    )
    (finding,) = error.value.findings
    assert finding.fix
    assert finding.place.file == file
    return f"{finding.code} {finding.message}"


DEFAULTS = {"done": False, "size": 1.5, "tags": ["new"], "mark": 'it\'s \x00 "new"'}
DONE: list[tuple[Version, list[dict[str, object]], Version, list[dict[str, object]]]] = [
    (versions.first, [{"title": "a"}], versions.with_default, [{"title": "a", "note": None, **DEFAULTS}]),
    (versions.first, [{"title": "a"}], versions.with_optional, [{"title": "a", "note": None, "due": None}]),
    (versions.first, [], versions.with_required, []),
    (versions.first, [{"title": "a", "note": "b"}], versions.without_note, [{"title": "a"}]),
    (versions.first, [{"title": "a", "note": "b"}], versions.note_required, [{"title": "a", "note": "b"}]),
    (versions.first, [{"title": "a"}], versions.note_filled, [{"title": "a", "note": "none"}]),
    (versions.note_required, [{"title": "a", "note": "b"}], versions.first, [{"title": "a", "note": "b"}]),
    (versions.first, [{"title": "a"}], versions.title_optional, [{"title": "a", "note": None}]),
    (versions.first, [{"title": "12"}, {"title": "-7"}], versions.title_number, [{"title": 12}, {"title": -7}]),
    (versions.title_number, [{"title": 12}], versions.first, [{"title": "12"}]),
    (versions.first, [{"title": "it's"}], versions.title_json, [{"title": "it's"}]),
    (versions.first, [{"title": "a"}], versions.title_chosen, [{"title": "a"}]),
    (versions.first, [{"title": "a"}], versions.renamed, [{"name": ""}]),
    (versions.first, [{"title": "a"}, {"title": "a"}], versions.listed, [{"title": "a"}, {"title": "a"}]),
    (versions.first, [{"title": "a"}, {"title": "b"}], versions.unique, [{"title": "a"}, {"title": "b"}]),
    (versions.first, [{"title": "1"}], versions.everything_changed, [{"title": 1, "number": 7, "due": None}]),
]


@pytest.mark.parametrize(("old", "values", "new", "expected"), DONE, ids=lambda one: getattr(one, "__name__", ""))
def test_what_is_there_lives_on(
    old: Version, values: list[dict[str, object]], new: Version, expected: list[dict[str, object]], file: str
) -> None:
    fill(file, old, *values)
    fill(file, old, *values, tenant=GLOBEX)
    apply(file, new, breaking=True)
    for tenant in (ACME, GLOBEX):
        found = read(file, new, tenant)
        assert [one | wanted for one, wanted in zip(found, expected, strict=True)] == found
    assert rows(file, "PRAGMA integrity_check") == [("ok",)]
    assert rows(file, "PRAGMA foreign_key_check") == []


@pytest.mark.parametrize(("old", "new"), [(one[0], one[2]) for one in DONE], ids=lambda one: one.__name__)
def test_a_migrated_file_is_like_a_new_one(old: Version, new: Version, file: str, tmp_path: Path) -> None:
    apply(file, old)
    apply(file, new, breaking=True)
    apply(str(tmp_path / "new.db"), new)
    assert shape(file).keys() == shape(str(tmp_path / "new.db")).keys()
    for name, made in shape(str(tmp_path / "new.db")).items():
        if isinstance(made, str):
            assert shape(file)[name] == made
    assert apply(file, new) == []


@pytest.mark.parametrize(("old", "new"), [(one[0], one[2]) for one in DONE], ids=lambda one: one.__name__)
def test_up_and_down_again_is_where_it_was(old: Version, new: Version, file: str) -> None:
    apply(file, old)
    before = shape(file)
    apply(file, new, breaking=True)
    undo(file, breaking=True)
    assert shape(file) == before
    with SqliteMigrations(file, schema_of(model_of(*old()))) as migrations:
        assert migrations.plan() == []
        assert len(migrations.status()) == 1


REFUSED: list[tuple[Version, list[dict[str, object]], Version, str]] = [
    (
        versions.first,
        [{"title": "a"}, {"title": "b"}],
        versions.with_required,
        "FH304 task.number: rows that have no value for it: 2; nothing was changed",
    ),
    (
        versions.first,
        [{"title": "a"}, {"title": "b", "note": "c"}],
        versions.note_required,
        "FH304 task.note: rows that have no value for it: 1; nothing was changed",
    ),
    (
        versions.first,
        [{"title": "1"}, {"title": "one"}, {"title": "2.5"}],
        versions.title_number,
        "FH304 task.title: rows that hold what is no integer: 2; nothing was changed",
    ),
    (
        versions.first,
        [{"title": "2026-01-01"}, {"title": "tomorrow"}],
        versions.title_moment,
        "FH304 task.title: rows that hold what is no moment: 1; nothing was changed",
    ),
    (
        versions.title_chosen,
        [{"title": "a"}, {"title": "c"}],
        versions.title_chosen_less,
        "FH304 task.title: rows that hold a value that is not among its choices any more: 1; nothing was changed",
    ),
    (
        versions.first,
        [{"title": "a"}, {"title": "a"}, {"title": "a"}, {"title": "b"}],
        versions.unique,
        "FH304 task.one_title: rows that have the same title as another: 1; nothing was changed",
    ),
]


@pytest.mark.parametrize(("old", "values", "new", "why"), REFUSED, ids=lambda one: getattr(one, "__name__", ""))
def test_what_would_lose_or_break_rows_is_refused(
    old: Version, values: list[dict[str, object]], new: Version, why: str, file: str
) -> None:
    fill(file, old, *values)
    assert trouble(file, new) == why
    assert [one | wanted for one, wanted in zip(read(file, old), values, strict=True)] == read(file, old)


def test_the_same_value_in_two_tenants_is_no_obstacle_to_a_unique_index(file: str) -> None:
    for tenant in (ACME, GLOBEX):
        fill(file, versions.first, {"title": "a"}, tenant=tenant)
    assert len(apply(file, versions.unique, breaking=True)) == 1


def test_a_breaking_step_needs_to_be_asked_for(file: str) -> None:
    fill(file, versions.first, {"title": "a"})
    assert trouble(file, versions.without_note, breaking=False).startswith("FH301 BREAKING  drop column task.note")
    assert trouble(file, nothing, breaking=False).startswith("FH301 BREAKING  drop table task")


def test_an_index_that_was_kept_serves_after_a_rebuild(file: str) -> None:
    kinds = versions.everything_changed()
    apply(file, versions.listed)
    apply(file, versions.everything_changed, breaking=True)
    task, _ = kinds
    database = Sqlite(model_of(*kinds), file)
    add(database, ACME, *(task(id=IDS[number], title=number, due=date(2026, 1, 9 - number)) for number in range(5)))
    lookup = next(one for one in model_of(*kinds).lookups if not one.unique)
    with Scope(ACME) as scope:
        snapshot = database.snapshot(scope)
        assert [one.id for _, one in snapshot.page(lookup, [7], Span(9))] == IDS[4::-1]
        snapshot.close()
    database.close()
    listing = f"SELECT * FROM task WHERE tenant = '{ACME}' AND number = 7 ORDER BY coalesce(due, -9e999), id"
    assert "USING INDEX task.of_number_by_due" in str(rows(file, f"EXPLAIN QUERY PLAN {listing}"))


def family(file: str, version: Version, *, area: str | None) -> None:
    """A project and an area, a task in the project (and perhaps the area), and a remark about it."""
    project, area_kind, task, remark = version()
    database = migrated(model_of(project, area_kind, task, remark), file)
    add(
        database, ACME, project(id=IDS[0]), area_kind(id=IDS[1]), task(id=IDS[2], project=IDS[0], area=area),
        remark(id=IDS[3], task=IDS[2]),
    )  # fmt: skip
    database.close()


def test_a_table_that_is_moved_into_a_parent_keeps_its_rows_and_their_children(file: str) -> None:
    family(file, versions.apart, area=None)
    apply(file, versions.within_project, breaking=True)
    assert [rows(file, f"SELECT id FROM {table}") for table in ("task", "remark")] == [[(IDS[2],)], [(IDS[3],)]]
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("DELETE FROM project")
    connection.commit()
    connection.close()
    assert [rows(file, f"SELECT id FROM {table}") for table in ("task", "remark")] == [[], []]


def test_a_table_that_is_moved_out_of_its_parent_keeps_its_rows(file: str) -> None:
    family(file, versions.within_project, area=None)
    apply(file, versions.apart)
    assert [rows(file, f"SELECT id FROM {table}") for table in ("task", "remark")] == [[(IDS[2],)], [(IDS[3],)]]


def test_a_table_whose_parents_are_not_there_is_not_moved(file: str) -> None:
    family(file, versions.apart, area=IDS[8])
    why = "FH304 task: rows that have no area: 1; nothing was changed"
    assert trouble(file, versions.within_area) == why


def test_a_parent_that_was_dropped_takes_its_children_along(file: str) -> None:
    family(file, versions.within_project, area=None)
    apply(file, nothing, breaking=True)
    assert {name for name in shape(file) if not name.startswith("freehold_")} == set()


def test_what_was_applied_is_noted_with_its_label(file: str) -> None:
    apply(file, versions.first)
    apply(file, versions.with_optional)
    apply(file, versions.without_note, breaking=True)
    with SqliteMigrations(file, schema_of(model_of())) as migrations:
        assert [(one.number, one.label) for one in migrations.status()] == [(1, "safe"), (2, "safe"), (3, "breaking")]
    undo(file, breaking=True)
    assert apply(file, versions.without_note, breaking=True)


def test_a_migration_that_is_named_is_undone_once(file: str) -> None:
    for version in (versions.first, versions.with_optional, versions.without_note):
        apply(file, version, breaking=True)
    with pytest.raises(ModelError, match=r"FH317 3 came after migration 2"):
        undo(file, number=2, breaking=True)
    assert undo(file, number=3, breaking=True)
    assert undo(file, number=3, breaking=True) == []
    with SqliteMigrations(file, schema_of(model_of())) as migrations:
        assert [one.number for one in migrations.status()] == [1, 2]


def test_there_is_nothing_below_the_first_migration(file: str) -> None:
    apply(file, versions.first)
    assert undo(file, breaking=True)
    assert undo(file) == []
    assert "task" not in shape(file)


def test_a_store_does_not_open_what_is_behind_its_model(file: str) -> None:
    with pytest.raises(ModelError, match=r"FH303 there is no database yet\n    fix: run `freehold migrate up`"):
        Sqlite(model_of(*versions.first()), file)
    assert not Path(file).exists()
    apply(file, versions.first)
    with pytest.raises(ModelError, match=r"FH303 the database is behind the model: safe +add column task.due"):
        Sqlite(model_of(*versions.with_optional()), file)


def test_a_program_goes_on_while_the_next_version_is_there_already(file: str) -> None:
    task, *_ = versions.first()
    old = migrated(model_of(task), file)
    add(old, ACME, task(id=IDS[0], title="before"))
    apply(file, versions.with_default)
    add(old, ACME, task(id=IDS[1], title="after"))
    old.close()
    again = Sqlite(model_of(task), file)
    add(again, ACME, task(id=IDS[2], title="restarted"))
    again.close()
    assert [one["title"] for one in read(file, versions.with_default)] == ["before", "after", "restarted"]


def test_guards_hold_in_a_program_that_was_running(file: str) -> None:
    task, *_ = versions.first()
    old = migrated(model_of(task), file)
    add(old, ACME, task(id=IDS[0], title="theirs"))
    apply(file, versions.note_filled, breaking=True)
    connection = old._writer._connection
    connection.ground = GLOBEX
    with pytest.raises(sqlite3.IntegrityError, match="this is not ours to write"):
        connection.raw.execute("DELETE FROM task")
    connection.ground = None
    old.close()
    assert len(read(file, versions.note_filled)) == 1

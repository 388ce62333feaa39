"""The plan of a migration: what is to be done, in which order, and what of it may hurt."""

from collections.abc import Callable
from typing import Protocol

import pytest

from freehold.model.data import Entity, Page, Paging
from freehold.model.finding import ModelError
from freehold.model.lookup import lookup
from freehold.model.ports import Store
from freehold.stores.migrate import steps, suffices
from freehold.stores.schema import Schema, schema_of
from tests.unit.stores import versions
from tests.unit.stores.stored import model_of
from tests.unit.stores.versions import Kinds

Version = Callable[[], Kinds]


def of(version: Version) -> Schema:
    return schema_of(model_of(*version()))


def nothing() -> Kinds:
    return ()


LOST = "what is in it is lost"
LACKING = "rows that exist have no value for it: give it a default"
CASES: list[tuple[Version, Version, list[str]]] = [
    (versions.first, versions.first, []),
    (nothing, versions.listed, ["safe create table task", "safe create index task.of_title_by_note"]),
    (versions.first, nothing, ["BREAKING drop table task: everything in it is lost"]),
    (
        versions.first,
        versions.with_default,
        [f"safe add column task.{name}" for name in ("done", "size", "tags", "mark")],
    ),
    (versions.first, versions.with_optional, ["safe add column task.due"]),
    (versions.first, versions.with_required, [f"BREAKING add column task.number: {LACKING}"]),
    (versions.first, versions.without_note, [f"BREAKING drop column task.note: {LOST}"]),
    (
        versions.first,
        versions.note_required,
        ["BREAKING alter column task.note: rows that exist may have no value for it"],
    ),
    (versions.note_required, versions.first, ["safe alter column task.note"]),
    (
        versions.first,
        versions.title_number,
        ["BREAKING alter column task.title: its type changes from text to integer"],
    ),
    (
        versions.first,
        versions.title_moment,
        ["BREAKING alter column task.title: its type changes from text to moment"],
    ),
    (
        versions.first,
        versions.title_chosen,
        ["BREAKING alter column task.title: rows that exist may hold something else"],
    ),
    (
        versions.title_chosen,
        versions.title_chosen_less,
        ["BREAKING alter column task.title: rows that exist may hold c"],
    ),
    (versions.title_chosen_less, versions.title_chosen, ["safe alter column task.title"]),
    (versions.title_chosen, versions.first, ["safe alter column task.title"]),
    (versions.first, versions.renamed, ["safe add column task.name", f"BREAKING drop column task.title: {LOST}"]),
    (versions.first, versions.listed, ["safe create index task.of_title_by_note"]),
    (versions.listed, versions.first, ["safe drop index task.of_title_by_note"]),
    (
        versions.first,
        versions.unique,
        ["BREAKING create index task.one_title: values that exist twice make it fail"],
    ),
    (
        versions.listed,
        versions.unique,
        [
            "safe drop index task.of_title_by_note",
            "BREAKING create index task.one_title: values that exist twice make it fail",
        ],
    ),
    (
        versions.apart,
        versions.within_project,
        ["BREAKING move table task: rows whose project is not there make it fail", "safe create index task.of_project"],
    ),
    (versions.within_project, versions.apart, ["safe drop index task.of_project", "safe move table task"]),
    (
        versions.apart,
        nothing,
        [f"BREAKING drop table {name}: everything in it is lost" for name in ("remark", "task", "area", "project")],
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), CASES, ids=lambda one: getattr(one, "__name__", ""))
def test_a_plan_says_what_it_does_and_what_may_hurt(old: Version, new: Version, expected: list[str]) -> None:
    assert [" ".join(str(step).split()) for step in steps(of(old), of(new))] == expected


@pytest.mark.parametrize(("old", "new"), [case[:2] for case in CASES], ids=lambda one: getattr(one, "__name__", ""))
def test_every_step_is_about_what_it_names(old: Version, new: Version) -> None:
    for step in steps(of(old), of(new)):
        assert step.subject in str(step)
        assert step.is_breaking == ("BREAKING" in str(step))
        assert (step.before is not None) == (step.change == "alter column")


def test_a_schema_can_be_written_down() -> None:
    for version in (versions.everything_changed, versions.with_default, versions.within_area):
        schema = of(version)
        assert Schema.model_validate_json(schema.model_dump_json()) == schema


@pytest.mark.parametrize(
    ("present", "wanted", "lacking"),
    [
        (versions.first, versions.first, 0),
        (versions.with_default, versions.first, 0),  # the next version's, which has only added to ours
        (versions.with_optional, versions.first, 0),
        (versions.listed, versions.first, 0),
        (versions.apart, nothing, 0),
        (versions.title_chosen, versions.title_chosen_less, 0),
        (versions.with_required, versions.first, 1),  # we could add no task: nothing fills its number
        (versions.first, versions.with_default, 4),
        (versions.first, versions.listed, 1),
        (versions.first, versions.title_number, 1),
        (versions.first, versions.note_required, 1),
        (versions.note_required, versions.first, 1),
        (versions.apart, versions.within_project, 2),
        (nothing, versions.first, 1),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_program_needs_no_less_than_its_schema(present: Version, wanted: Version, lacking: int) -> None:
    assert len(list(suffices(of(present), of(wanted)))) == lacking


def test_two_lookups_cannot_want_different_indexes_of_one_name() -> None:
    class Thing(Entity):
        a_b: str
        a: str
        b: str

    class Things(Store[Thing], Protocol):
        @lookup()
        def of(self, a_b: str, page: Paging) -> Page[Thing]: ...

        @lookup()
        def also(self, a: str, b: str, page: Paging) -> Page[Thing]: ...

    with pytest.raises(ModelError, match=r"FH302 Things\.\w+ needs an index called of_a_b"):
        schema_of(model_of(Thing, Things))

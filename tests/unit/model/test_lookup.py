from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

import pytest
from pydantic import Field
from typing_extensions import TypeAliasType

from freehold import ALL, FIRST, App, Entity, Id, Page, Paging, Range, ReadOnly, Store, User, lookup
from freehold.model.finding import ModelError
from freehold.model.lookup import (
    Lookup,
    entity_of,
    is_key,
    is_optional,
    is_read_only,
    is_sortable,
    is_store,
    lookup_of,
    lookups_of,
    plain,
    reference_of,
    shown,
)


class Colour(StrEnum):
    RED = "red"


class Size(Enum):
    SMALL = "small"


class Weight(IntEnum):
    LIGHT = 1


class Task(Entity):
    title: str
    number: int
    due: date | None = None
    assignee: Id[User] | None = None


class Tasks(Store[Task], Protocol):
    @lookup(newest_first=True)
    def of(self, assignee: Id[User], page: Paging = FIRST) -> Page[Task]: ...

    @lookup(order="due", descending=True)
    def due(self, assignee: Id[User] | None, due: Range[date] = ALL, *, page: Paging) -> Page[Task]: ...

    @lookup(unique=True)
    def by_number(self, number: int) -> Task | None: ...

    @lookup()
    def all(self, page: Paging) -> Page[Task]: ...


class MoreTasks(Tasks, Protocol):
    @lookup()
    def titled(self, title: str, page: Paging) -> Page[Task]: ...


def found(store: type) -> dict[str, Lookup]:
    return {pattern.name: pattern for pattern in lookups_of(store)}


def test_a_lookup_is_read_off_its_method() -> None:
    pattern = found(Tasks)["due"]
    assert (pattern.entity, pattern.store, pattern.name) == (Task, "Tasks", "due")
    assert (pattern.keys, pattern.order, pattern.span, pattern.page) == (("assignee",), "due", "due", "page")
    assert (pattern.descending, pattern.unique) == (True, False)
    assert (pattern.parameters, pattern.defaults) == (("assignee", "due", "page"), (("due", ALL),))
    assert pattern.place.file.endswith("test_lookup.py")


def test_without_an_order_a_list_is_in_the_order_of_creation() -> None:
    assert (found(Tasks)["all"].order, found(Tasks)["all"].descending) == ("id", False)
    assert (found(Tasks)["of"].order, found(Tasks)["of"].descending) == ("id", True)


@pytest.mark.parametrize(
    ("name", "index"),
    [("of", "of_assignee"), ("due", "of_assignee_by_due"), ("by_number", "one_number"), ("all", "of_all")],
)
def test_lookups_that_can_share_an_index_name_the_same_one(name: str, index: str) -> None:
    assert found(Tasks)[name].index == index


def test_a_lookup_is_had_by_its_name() -> None:
    assert lookup_of(Tasks, "due") == found(Tasks)["due"]
    with pytest.raises(LookupError, match="Tasks has no lookup titled"):
        lookup_of(Tasks, "titled")


def test_a_lookup_can_be_kept_in_a_set() -> None:
    assert len({*lookups_of(Tasks), *lookups_of(Tasks)}) == 4


def test_a_store_has_the_lookups_of_the_store_it_adds_to() -> None:
    assert sorted(found(MoreTasks)) == ["all", "by_number", "due", "of", "titled"]
    assert {pattern.store for pattern in lookups_of(MoreTasks)} == {"MoreTasks"}
    assert entity_of(MoreTasks) is Task


def test_all_that_is_wrong_with_a_store_is_raised_at_once() -> None:
    class Wrong(Store[Task], Protocol):
        @lookup()
        def of(self, colour: str, page: Paging) -> list[Task]: ...

        def all(self) -> None: ...

    with pytest.raises(ModelError) as raised:
        list(lookups_of(Wrong))
    assert [finding.code for finding in raised.value.findings] == ["FH102", "FH110", "FH108"]


def test_a_store_is_known_by_what_it_is_made_of() -> None:
    assert (is_store(Store), is_store(Tasks), is_store(Task), is_store("Tasks")) == (True, True, False, False)
    assert (entity_of(Store[Task]), entity_of(Tasks), entity_of(Store[Any]), entity_of(str)) == (Task, Task, None, None)


@pytest.mark.parametrize(
    ("hint", "rest"),
    [
        (str, str),
        (str | None, str),
        (Annotated[str, Field(max_length=3)], str),
        (Annotated[str, Field(max_length=3)] | None, str),
        pytest.param(ReadOnly[Tasks], Tasks, id="ReadOnly"),
        (list[str] | None, list[str]),
        (str | int, str | int),
        (str | int | None, str | int | None),
        (TypeAliasType("Name", Annotated[str, 1]) | None, str),
    ],
    ids=str,
)
def test_a_type_is_plain_without_its_none_and_its_constraints(hint: object, rest: object) -> None:
    assert plain(hint) == rest


def test_what_may_be_none_is_optional() -> None:
    assert [is_optional(hint) for hint in (str | None, str, Annotated[str, None])] == [True, False, False]


def test_only_the_mark_makes_read_only() -> None:
    assert [is_read_only(hint) for hint in (ReadOnly[Tasks], Tasks, Annotated[Tasks, 1])] == [True, False, False]


@pytest.mark.parametrize("hint", [str, int, float, date, datetime, bool, Id[Task], Colour, date | None], ids=str)
def test_what_has_an_order_in_every_store(hint: object) -> None:
    assert is_sortable(hint)


@pytest.mark.parametrize("hint", [Decimal, Size, Weight, list[str], Task, str | int, time, UUID, None], ids=str)
def test_what_has_none(hint: object) -> None:
    assert not is_sortable(hint)


@pytest.mark.parametrize(
    "hint", [str, int, bool, date, time, UUID, Id[Task], Colour, Size, Literal["a"], date | None], ids=str
)
def test_what_is_written_in_one_way_is_a_key(hint: object) -> None:
    assert is_key(hint)


@pytest.mark.parametrize("hint", [Decimal, Weight, Literal[1], list[str], Task, dict[str, str], None], ids=str)
def test_what_can_be_written_in_several_is_none(hint: object) -> None:
    assert not is_key(hint)


def test_an_id_refers_to_an_entity_or_a_user() -> None:
    assert [reference_of(hint) for hint in (Id[Task], Id[User] | None, Id[str], Id, str)] == [
        Task,
        User,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (str, "str"),
        (None, "None"),
        (type(None), "None"),
        (Id[Task] | None, "Id[Task] | None"),
        (dict[str, list[int]], "dict[str, list[int]]"),
        (Annotated[str, Field(max_length=3)], "str"),
        pytest.param(ReadOnly[Tasks], "ReadOnly[Tasks]", id="ReadOnly"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Page[Task], "Page[Task]"),
        (Any, "Any"),
    ],
    ids=str,
)
def test_a_type_is_shown_as_somebody_would_write_it(hint: object, text: str) -> None:
    assert shown(hint) == text


def test_the_lookups_of_an_app_are_found_through_the_stores_its_use_cases_take() -> None:
    app = App("tasks")
    (member,) = app.roles("member")
    app.query("GET /tasks", allow=member)(list_tasks)
    assert {pattern.name for pattern in app.model().lookups} == {"of", "due", "by_number", "all"}


def list_tasks(page: Paging, tasks: Tasks) -> Page[Task]: ...

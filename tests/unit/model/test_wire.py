from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AnyUrl, BaseModel, Field, PositiveInt
from pydantic_core import CoreSchema
from typing_extensions import TypedDict

from freehold import Entity, Id, User
from freehold.model.wire import is_list, is_scalar, nameless, parts_of, trouble


class Task(Entity):
    title: str


class Money(BaseModel):
    amount: int


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int


class Place(TypedDict):
    name: str


class Widget:
    pass


class Broken:
    @classmethod
    def __get_pydantic_core_schema__(cls, source: type, handler: object) -> CoreSchema:
        raise ValueError("it is broken")


SCALARS = [str, int, Id[User], Colour, Literal["a", 1], date | None, UUID, PositiveInt, AnyUrl, str | int, Any]


@pytest.mark.parametrize("hint", SCALARS, ids=str)
def test_one_value_fits_into_an_address(hint: object) -> None:
    assert is_scalar(hint)


@pytest.mark.parametrize(
    "hint", [list[str], dict[str, str], Money, Point, Place, Widget, str | Money, Callable[[], int]], ids=str
)
def test_what_has_parts_does_not(hint: object) -> None:
    assert not is_scalar(hint)


def test_an_address_can_repeat_a_value() -> None:
    assert all(map(is_list, (list[str], tuple[Id[Task], ...], set[Colour], list[int] | None)))
    assert not any(map(is_list, (str, list[Money], list[list[str]], dict[str, str])))


@pytest.mark.parametrize(
    "hint",
    [
        *SCALARS,
        None,
        bytes,
        timedelta,
        Decimal,
        Money,
        Point,
        Place,
        Task,
        object,
        dict[str, list[Money | None]],
        Annotated[str, Field(pattern="a")],
    ],
    ids=str,
)
def test_what_can_be_written_as_json(hint: object) -> None:
    assert trouble(hint) == ""


@pytest.mark.parametrize(
    ("hint", "why"),
    [
        (Widget, "nobody knows how to write Widget as JSON"),
        (list[Widget], "nobody knows how to write list[Widget] as JSON"),
        (Callable[[int], str], "nobody knows how to write Callable[[int], str] as JSON"),
        (Iterator[int], "nobody knows how to write Iterator[int] as JSON"),
        (type[Task], "nobody knows how to write type[Task] as JSON"),
        (Broken, "Broken makes no sense: it is broken"),
    ],
    ids=str,
)
def test_what_cannot_and_why(hint: object, why: str) -> None:
    assert trouble(hint).startswith(why)


def test_the_parts_of_a_type_are_those_of_its_values() -> None:
    assert list(parts_of(dict[str, list[Id[Task]]])) == [dict[str, list[Id[Task]]], str, list[Id[Task]], Id[Task]]
    assert list(parts_of(Literal["a"])) == [Literal["a"]]


def test_an_id_must_say_of_what() -> None:
    assert [nameless(hint) for hint in (Id, Id[str], list[Id[Widget]])] == ["Id", "Id[str]", "Id[Widget]"]
    assert [nameless(hint) for hint in (Id[Task], Id[User] | None, str)] == ["", "", ""]

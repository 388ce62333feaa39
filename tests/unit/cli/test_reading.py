"""A use case as a line of a listing says it."""

from datetime import date
from typing import Annotated, Literal, Protocol

import pytest
from pydantic import Field

from freehold import ALL, FIRST, App, Entity, Id, Now, Page, Paging, Range, Store, User, lookup
from freehold.cli import reading

app = App("shop")
(member,) = app.roles("member")


class Book(Entity):
    title: str
    published: date


class Books(Store[Book], Protocol):
    @lookup(order="published")
    def all(self, page: Paging, published: Range[date]) -> Page[Book]: ...


@app.query("GET /shelves/{shelf}/books", allow=member)
def books(
    shelf: str, me: User, now: Now, store: Books, published: Range[date] = ALL, page: Paging = FIRST, much: bool = True
) -> Page[Book]:
    """List them."""
    return store.all(page, published)


@app.command("POST /books", allow=member)
def add_book(title: str, published: date | None, store: Books, tags: list[str] | None = None) -> Book:
    """Add one."""
    return store.add(Book(title=title, published=published or date(2026, 1, 1)))


CASES = app.model().use_cases


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (str, "str"),
        (Id[User], "Id[User]"),
        (str | None, "str | None"),
        (Annotated[str, Field(max_length=3)], "str"),
        (list[Annotated[int, Field(ge=0)]], "list[int]"),
        (tuple[str, ...], "tuple[str, ...]"),
        (dict[str, Page[Book]], "dict[str, Page[Book]]"),
        (Literal["a", "b"], "'a' | 'b'"),
        (None, "None"),
    ],
)
def test_a_type_is_said_without_its_constraints(hint: object, text: str) -> None:
    assert reading.type_text(hint) == text


def test_inputs_are_said_without_those_of_the_path() -> None:
    assert reading.inputs_text(CASES["books"].inputs) == "published?: Range[date], page, much?: bool"
    assert reading.inputs_text(CASES["add_book"].inputs) == "title: str, published: date | None, tags?: list[str]"


def test_a_query_s_stores_are_said_to_be_read_only() -> None:
    assert reading.given_text(CASES["books"]) == "user, now, Books r"
    assert reading.given_text(CASES["add_book"]) == "Books rw"


def test_machines_are_told_which_inputs_are_required_and_where_they_go() -> None:
    row = reading.row(CASES["books"])
    inputs = row["inputs"]
    assert isinstance(inputs, list)
    assert inputs[0] == {"name": "shelf", "type": "str", "in": "path", "required": True}
    assert inputs[-1] == {"name": "much", "type": "bool", "in": "query", "required": False}
    assert (row["route"], row["allow"], row["returns"]) == ("GET /shelves/{shelf}/books", "member", "Page[Book]")


@pytest.mark.parametrize(
    ("number", "noun", "told"), [(1, "entity", "1 entity"), (2, "entity", "2 entities"), (0, "role", "0 roles")]
)
def test_things_are_counted_as_one_would(number: int, noun: str, told: str) -> None:
    assert reading.counted(number, noun) == told

"""What is sent becomes what a signature asks for, or is refused."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from pydantic_core import to_json

from freehold import ALL, FIRST, App, Entity, Id, Page, Paging, Range, Store
from freehold.model.usecase import UseCase
from freehold.runtime.failures import BadRequest, Failure, Invalid, NotFound
from freehold.runtime.prepared import Prepared, Sent

app = App("prepared")
(anybody,) = app.roles("anybody")


class Colour(StrEnum):
    RED = "red"


class Thing(Entity):
    name: str


class Size(BaseModel):
    width: int


@app.command("POST /things/{id}/{number}", allow=anybody)
def change(  # noqa: PLR0917  # one of everything
    id: Id[Thing], number: int, name: str, things: Store[Thing], size: Size | None = None, on: date | None = None,
    at: datetime | None = None, colour: Colour = Colour.RED, share: float = 0.5, many: Annotated[int, Field(ge=1)] = 1,
) -> None:  # fmt: skip
    """Take one of everything."""


@app.query("GET /things", allow=anybody)
def search(
    name: str, colours: list[Colour], loud: bool = False, on: Range[date] = ALL, page: Paging = FIRST,
) -> Page[Thing]:  # fmt: skip
    """Ask for one of everything."""
    return Page()


def case(name: str) -> UseCase:
    return app.model().use_cases[name]


CHANGE, SEARCH = Prepared(case("change")), Prepared(case("search"))
PATH = {"id": "01994c3a-7b5e-7c1d-9e2f-3a4b5c6d7e8f", "number": "7"}


def body(**fields: object) -> Sent:
    return Sent(PATH, body=to_json({"name": "x", **fields}))


def test_what_is_sent_is_what_the_signature_asks_for() -> None:
    sent = body(size={"width": 1}, on="2026-01-15", at="2026-01-15T09:30:00Z", colour="red", share=1, many=2)
    assert CHANGE.read(sent) == {
        "id": PATH["id"], "number": 7, "name": "x", "size": Size(width=1), "on": date(2026, 1, 15),
        "at": datetime(2026, 1, 15, 9, 30, tzinfo=UTC), "colour": Colour.RED, "share": 1.0, "many": 2,
    }  # fmt: skip


def test_what_is_left_out_has_its_default() -> None:
    read = CHANGE.read(body())
    assert (read["size"], read["on"], read["colour"], read["share"], read["many"]) == (None, None, "red", 0.5, 1)


def test_a_query_is_read_as_text() -> None:
    read = SEARCH.read(Sent({}, "name=a+b%26&colours=red&colours=red&loud=true&on_start=2026-01-15&limit=3&cursor=c"))
    assert read["name"] == "a b&"
    assert (read["colours"], read["loud"]) == ([Colour.RED] * 2, True)
    assert (read["on"], read["page"]) == (Range(start=date(2026, 1, 15)), Paging(3, "c"))


@pytest.mark.parametrize(
    "query", ["loud=yes", "loud=1", "loud=True", "on_stop=0", "on_stop=1768435200", "limit=1.0", "limit=1_0"]
)
def test_text_has_one_form_only(query: str) -> None:
    with pytest.raises(Invalid):
        SEARCH.read(Sent({}, f"name=x&colours=red&{query}"))


@pytest.mark.parametrize(
    "fields",
    [{"on": 0}, {"at": 1768435200}, {"many": "2"}, {"many": 0}, {"many": 2**63}, {"share": "1"}, {"size": {}},
     {"size": {"width": "1"}}, {"colour": "blue"}, {"id": PATH["id"]}, {"number": 7}, {"other": 1}, {"things": []}],
)  # fmt: skip
def test_json_means_what_it_says(fields: dict[str, object]) -> None:
    with pytest.raises(Invalid) as caught:
        CHANGE.read(body(**fields))
    assert caught.value.details[0]["loc"][0] == next(iter(fields))  # type: ignore[index]  # a list


@pytest.mark.parametrize("path", [{"number": "x"}, {"number": "1.5"}, {"id": "x"}, {"number": str(2**63)}])
def test_an_address_that_cannot_be_is_no_address(path: dict[str, str]) -> None:
    with pytest.raises(NotFound) as caught:
        CHANGE.read(Sent({**PATH, **path}, body=to_json({"name": "x"})))
    assert caught.value.code == "THING_NOT_FOUND"


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        CHANGE.read(body(many=0, colour="blue", other=1))
    assert [detail["loc"] for detail in caught.value.details] == [["colour"], ["many"], ["other"]]


def test_no_value_is_told_back() -> None:
    with pytest.raises(Invalid) as caught:
        CHANGE.read(body(colour="sesame", other="sesame", many="sesame"))
    assert "sesame" not in str(caught.value.details)


def test_what_is_told_of_a_long_list_of_mistakes_is_short() -> None:
    many: dict[str, object] = {f"field{number}" * 100: 1 for number in range(1_000)}
    for read, sent in ((CHANGE, body(**many)), (SEARCH, Sent({"name": "x"}, query=f"{'x' * 20_000}=1"))):
        with pytest.raises(Invalid) as refused:
            read.read(sent)
        assert 0 < len(to_json(list(refused.value.details))) < 10_000


def test_values_that_are_python_already_are_taken_as_they_are() -> None:
    read = CHANGE.read(Sent({**PATH, "number": 7, "name": "x", "on": date(2026, 1, 15), "size": Size(width=1)}))
    assert (read["number"], read["on"], read["size"]) == (7, date(2026, 1, 15), Size(width=1))


def test_a_query_takes_no_body() -> None:
    with pytest.raises(Invalid):
        SEARCH.read(Sent({}, "name=x&colours=red", b'{"name": "x"}'))


@given(st.binary(max_size=60))
def test_whatever_bytes_come_are_read_or_refused(sent: bytes) -> None:
    with pytest.raises((BadRequest, Invalid)):  # a body with a required field: nothing random is one
        CHANGE.read(Sent(PATH, body=sent or b"-"))


@given(st.text(max_size=60))
def test_whatever_query_comes_is_read_or_refused(sent: str) -> None:
    with pytest.raises(Failure) as caught:
        SEARCH.read(Sent({}, sent))
    assert caught.value.status in (400, 422)

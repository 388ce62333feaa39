"""Values that are made for types are valid, marked, and unlike each other."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, StringConstraints
from pydantic_core import to_json

from freehold import Entity, Id, User
from freehold.model.usecase import Input, Source
from freehold.testing.isolation.inputs import LATE, Fill, Unfit, ids_in, replaced, schema_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(BaseModel):
    name: str
    owner: Id[User]


class Thing(Entity):
    title: Annotated[str, StringConstraints(min_length=20, max_length=30)]
    slug: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$")]
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    small: Annotated[int, Field(gt=0, le=9)]
    even: Annotated[int, Field(multiple_of=2)]
    price: Decimal
    fee: Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]
    few: Annotated[Decimal, Field(gt=0, lt=7, max_digits=10, decimal_places=2)]
    share: Annotated[float, Field(ge=0, le=1)]
    colour: Colour
    size: Literal["s", "m"]
    day: date
    at: datetime
    parts: Annotated[list[Part], Field(min_length=2)]
    notes: dict[str, str]
    pair: tuple[int, str]
    maybe: str | None = None


@pytest.mark.parametrize("variant", range(4))
def test_an_entity_of_any_fields_can_be_made(variant: int) -> None:
    values = Fill("qz", base=730_000_000).object(schema_of(Thing), of="thing", variant=variant)
    thing = Thing.model_validate_json(to_json(values))
    assert thing.title.startswith("qz")
    assert thing.maybe is not None


def test_no_text_and_no_number_is_made_twice() -> None:
    fill = Fill("qz", base=5_000_000)
    made = [fill.text() for _ in range(50)] + [str(fill.number()) for _ in range(50)]
    assert len(set(made)) == len(made)


def test_what_no_pattern_tells_can_be_given_as_a_sample() -> None:
    schema = {"properties": {"iban": {"type": "string", "pattern": "^DE[0-9]{20}$"}}}
    with pytest.raises(Unfit):
        Fill("qz").object(schema, of="account")
    samples = {"account.iban": ["DE" + "1" * 20]}
    assert Fill("qz", samples=samples).object(schema, of="account") == {"iban": "DE" + "1" * 20}


def test_what_no_pattern_tells_is_taken_from_the_examples_of_a_field() -> None:
    class Account(Entity):
        iban: Annotated[str, Field(pattern="^DE[0-9]{20}$", examples=["DE" + "1" * 20])] | None = None
        owner: Annotated[str, Field(examples=["Ada"])]

    schema = schema_of(Account)
    first, late = (Fill("qz").object(schema, of="account", variant=variant) for variant in (0, LATE))
    assert first["iban"] == late["iban"] == "DE" + "1" * 20
    assert str(first["owner"]).startswith("qz")  # a text that is known again shows more
    assert late["owner"] == "Ada"


def test_values_that_go_together_are_given_together() -> None:
    schema = {"properties": {name: {"type": "integer"} for name in ("first", "last", "guests")}, "required": ["first"]}
    samples = {"book": [{"first": 1, "last": 3}], "last": [7]}
    made = Fill("qz", samples=samples).object(schema, of="book", optional=False)
    assert made == {"first": 1, "last": 3}


def test_ids_are_found_wherever_they_lie() -> None:
    deep = Input("parts", list[Part], Source.BODY)
    assert list(ids_in(deep)) == [((0, "owner"), User)]
    assert list(ids_in(Input("owner", Id[User] | None, Source.BODY))) == [((), User)]


def test_an_id_deep_inside_is_replaced_and_nothing_else() -> None:
    before = [{"name": "x", "owner": "a"}, {"name": "y", "owner": "a"}]
    assert replaced(before, (0, "owner"), "b") == [{"name": "x", "owner": "b"}]
    assert before[0]["owner"] == "a"

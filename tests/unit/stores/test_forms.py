"""What is kept of a value is all of it; and what could not be given back as it was is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, Field, PrivateAttr, SecretBytes, SecretStr, StringConstraints

from freehold.model.data import Entity, Id
from freehold.runtime.failures import Invalid
from freehold.stores.forms import Form, Kept, Plain, Unkept, codec, converted, kept, may_lack, moment
from freehold.stores.rows import RowCodec

TENANT = "018f0000-0000-7000-8000-000000000000"


class Word(StrEnum):
    ONE = "one"


class Number(IntEnum):
    ONE = 1


class Mixed(Enum):
    ONE = 1
    TWO = "two"


class Flag(Enum):
    ON = True


class Point(NamedTuple):
    x: float
    y: float


@dataclass
class Box:
    points: list[Point]


class Renamed(BaseModel):
    inner: int = Field(alias="outer")
    other: int = Field(0, validation_alias=AliasChoices("that", "other"), serialization_alias="this")


class Hiding(BaseModel):
    shown: str = ""
    hidden: str = Field("", exclude=True)


class Loose(BaseModel):
    number: float = 0.0
    raw: bytes = b""


Title = Annotated[str, StringConstraints(max_length=3)]


@pytest.mark.parametrize(
    ("hint", "form", "choices"),
    [
        (str, Form.TEXT, ()),
        (Title, Form.TEXT, ()),
        (Title | None, Form.TEXT, ()),
        (Id, Form.ID, ()),
        (Id[Entity], Form.ID, ()),
        (Id[Entity] | None, Form.ID, ()),
        (Literal["a", "b"], Form.TEXT, ("a", "b")),
        (Word, Form.TEXT, ("one",)),
        (Number, Form.INTEGER, (1,)),
        (Literal[1, 2], Form.INTEGER, (1, 2)),
        (Literal[True], Form.JSON, ()),
        (Literal[1, "a"], Form.JSON, ()),
        (Mixed, Form.JSON, ()),
        (Flag, Form.JSON, ()),
        (int, Form.INTEGER, ()),
        (bool, Form.BOOLEAN, ()),
        (float, Form.REAL, ()),
        (int | str, Form.JSON, ()),
        (datetime, Form.MOMENT, ()),
        (date, Form.DATE, ()),
        (Decimal, Form.DECIMAL, ()),
        (timedelta, Form.JSON, ()),
        (list[str], Form.JSON, ()),
        (Point, Form.JSON, ()),
    ],
)
def test_every_type_has_its_form(hint: object, form: Form, choices: tuple[object, ...]) -> None:
    found = kept(hint)
    assert (found.form, found.choices) == (form, choices)


@pytest.mark.parametrize(
    ("hint", "may"),
    [
        (str, False), (str | None, True), (list[int], False), (list[int] | None, True), (Any, True), (object, True),
        (int | str, False), (int | str | None, True), (Box, False), (dict[str, Any], False),
    ],
)  # fmt: skip
def test_what_may_be_none_may_lack(hint: object, may: bool) -> None:
    assert may_lack(hint) is may


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (list[str], ["a", "\x00", "\u2028"]),
        (tuple[int, ...], (1, 2)),
        (Sequence[int], (1, 2)),
        (Sequence[int], [1, 2]),
        (Mapping[str, tuple[int, ...]], {"a": (1,)}),
        (set[int], {1, 2}),
        (dict[str, object], {"a": [1, 2.5, None, {"b": "c"}]}),
        (Box, Box([Point(0.1, 2)])),
        (list[Renamed], [Renamed(outer=1, that=2)]),
        (list[bytes], [b"\xff\x00"]),
        (timedelta, timedelta(microseconds=1)),
        (list[datetime], [datetime(2026, 1, 1, tzinfo=UTC)]),
        (list[Decimal], [Decimal("1.50")]),
        (int | str, "1"),
        (int | float | str, 1.0),
        (Mixed, Mixed.TWO),
        (Literal[1, "a"], "a"),
        (list[Mixed], [Mixed.ONE]),
    ],
)
def test_what_is_kept_as_json_comes_back(hint: object, value: object) -> None:
    encode, decode = codec(hint)
    assert encode is not None
    assert decode is not None
    again = decode(encode(value))
    assert again == value or list(again) == list(value)  # a Sequence may come back as a list
    assert encode(again) == encode(value)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (SecretStr, SecretStr("correct horse")),
        (list[SecretBytes], [SecretBytes(b"battery")]),
        (Hiding, Hiding(hidden="staple")),
        (list[Hiding], [Hiding(hidden="staple")]),
        (Loose, Loose(number=float("nan"))),
        (Loose, Loose(number=float("inf"))),
        (Loose, Loose(raw=b"\xff")),
        (dict[str, float], {"a": float("inf")}),
        (object, object()),
        (dict[str, object], {"a": (1, 2), "b": {1, 2}}),
        (list[str], ["\ud800"]),
    ],
)
def test_what_would_not_come_back_is_refused(hint: object, value: object) -> None:
    encode = codec(hint).encode
    assert encode is not None
    with pytest.raises(Unkept, match="does not come back"):
        encode(value)


@given(st.datetimes(timezones=st.timezones() | st.none()), st.datetimes(timezones=st.timezones() | st.none()))
def test_moments_sort_as_their_texts(one: datetime, other: datetime) -> None:
    try:
        texts = moment(one), moment(other)
    except Unkept:
        return  # before the year 1 or after 9999, in UTC
    meant = [datetime.fromisoformat(text) for text in texts]
    assert (texts[0] < texts[1]) == (meant[0] < meant[1])
    assert meant[0] == (one if one.tzinfo else one.replace(tzinfo=UTC)).astimezone(UTC)
    assert len(texts[0]) == len(texts[1])


@pytest.mark.parametrize(
    ("value", "old", "new", "expected"),
    [
        ("12", Form.TEXT, Form.INTEGER, 12),
        ("12.0", Form.TEXT, Form.INTEGER, 12),
        ("twelve", Form.TEXT, Form.INTEGER, None),
        (12, Form.INTEGER, Form.TEXT, "12"),
        (12, Form.INTEGER, Form.REAL, 12.0),
        (12.0, Form.REAL, Form.INTEGER, 12),
        (12.5, Form.REAL, Form.INTEGER, None),
        (1e300, Form.REAL, Form.INTEGER, None),
        (1, Form.INTEGER, Form.BOOLEAN, 1),
        (2, Form.INTEGER, Form.BOOLEAN, None),
        ("yes", Form.TEXT, Form.BOOLEAN, 1),
        ("2026-01-31", Form.TEXT, Form.DATE, "2026-01-31"),
        ("2026-02-31", Form.TEXT, Form.DATE, None),
        ("2026-01-31", Form.DATE, Form.MOMENT, "2026-01-31T00:00:00.000000+00:00"),
        ("2026-01-31T12:00:00+02:00", Form.TEXT, Form.MOMENT, "2026-01-31T10:00:00.000000+00:00"),
        ("text", Form.TEXT, Form.JSON, '"text"'),
        (12, Form.INTEGER, Form.JSON, "12"),
        ('"text"', Form.JSON, Form.TEXT, "text"),
        ("[1,2]", Form.JSON, Form.TEXT, "[1,2]"),
        ("12", Form.JSON, Form.INTEGER, 12),
        ("[1]", Form.JSON, Form.INTEGER, None),
        ("1.50", Form.DECIMAL, Form.TEXT, "1.50"),
        ("1.50", Form.DECIMAL, Form.REAL, 1.5),
        ("1.50", Form.TEXT, Form.DECIMAL, "1.50"),
        (None, Form.TEXT, Form.INTEGER, None),
    ],
)
def test_a_kept_value_takes_another_form_if_it_can(value: Plain, old: Form, new: Form, expected: object) -> None:
    assert converted(value, old, new) == expected


class Noted(Entity):
    title: str = ""
    extra: object = None
    _seen: int = PrivateAttr(default=7)


class Finished(Entity):
    title: str = ""

    def model_post_init(self, context: object, /) -> None:
        """Make the title loud."""
        self.__dict__["title"] = self.title.upper()


class Inheriting(Finished):
    body: str = ""


def test_an_entity_that_is_read_is_whole() -> None:
    codec_of = RowCodec(Noted)
    tenant, found = codec_of.decode(codec_of.encode(Noted(title="a", extra={"b": 1}), TENANT))
    assert isinstance(found, Noted)
    assert (tenant, found) == (TENANT, Noted(title="a", extra={"b": 1}))
    assert found._seen == 7
    found.title = "b"
    assert found.model_copy(deep=True) == found
    assert found.model_dump() == {**Noted(title="b", extra={"b": 1}).model_dump()}
    assert found.model_fields_set == set(Noted.model_fields)


@pytest.mark.parametrize("kind", [Finished, Inheriting])
def test_what_an_entity_does_when_it_is_made_is_done_when_it_is_read(kind: type[Finished]) -> None:
    codec_of = RowCodec(kind)
    row = codec_of.encode(kind(), TENANT)
    row[codec_of.names.index("title")] = "quiet"
    found = codec_of.decode(row)[1]
    assert isinstance(found, Finished)
    assert found.title == "QUIET"


def test_one_entity_that_was_read_does_not_change_another() -> None:
    codec_of = RowCodec(Noted)
    row = codec_of.encode(Noted(), TENANT)
    one, other = codec_of.decode(row)[1], codec_of.decode(row)[1]
    one.model_fields_set.clear()
    assert other.model_fields_set == set(Noted.model_fields)


def test_a_refused_value_says_in_which_field_it_is() -> None:
    codec_of = RowCodec(Noted)
    with pytest.raises(Invalid) as error:
        codec_of.encode(Noted(extra=SecretStr("x")), TENANT)
    assert error.value.details[0]["loc"] == ["extra"]


def test_an_enumerated_type_says_what_it_may_hold() -> None:
    assert kept(Word) == Kept(Form.TEXT, Word, ("one",))

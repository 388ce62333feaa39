"""Keys sort as their values do, and no value breaks out of its part."""

from datetime import UTC, date, datetime, time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.model.data import Entity, Id
from freehold.model.layout import Slot
from freehold.model.lookup import Lookup, lookups_of
from freehold.runtime.failures import Invalid
from freehold.stores.dynamodb.keys import END, LAST, guard, ordered, partition, place, sort, value_in_key
from tests.unit.stores import versions

TENANT = "01a21d4d-b9c2-7192-a8c9-d88b6c359b7c"
OTHER = "01a21d4d-b9c2-7192-a8c9-d88b6c359b7d"


class Kept(Entity):
    text: str | None = None
    whole: int | None = None
    real: float | None = None
    flag: bool | None = None
    moment: datetime | None = None
    day: date | None = None
    hour: time | None = None
    uuid: UUID | None = None
    other: Id[Entity] | None = None
    amount: str = ""


LOW = st.text(st.characters(max_codepoint=0x7F), max_size=4)
TEXTS = st.one_of(LOW, st.text(st.characters(exclude_categories=["Cs"]), max_size=6))
WHOLE = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-3, 3))
REALS = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.0, -0.0, 5e-324, -5e-324]))
MOMENTS = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
VALUES: dict[str, st.SearchStrategy[object]] = {
    "text": TEXTS, "whole": WHOLE, "real": REALS, "flag": st.booleans(), "moment": MOMENTS,
    "day": st.dates(), "hour": st.times(), "uuid": st.uuids(),
}  # fmt: skip
IDS = st.uuids().map(str)


def rank(field: str, value: object) -> object:
    """What Python sorts by. Texts go by their UTF-8, as in every store."""
    return value.encode() if isinstance(value, str) else value


def before(field: str, one: object, other: object) -> bool:
    """Whether a value comes before another; None comes before all."""
    if one is None or other is None:
        return one is None and other is not None
    left, right = rank(field, one), rank(field, other)
    return left < right  # type: ignore[operator]


@pytest.mark.parametrize("field", VALUES)
def test_keys_sort_as_their_values_do(field: str) -> None:
    values = st.none() | VALUES[field]

    @given(values, values, IDS, IDS)
    def check(one: object, other: object, id_of_one: str, id_of_other: str) -> None:
        first, second = sort(Kept, field, one, id_of_one), sort(Kept, field, other, id_of_other)
        same = not before(field, one, other) and not before(field, other, one)
        expected = id_of_one < id_of_other if same else before(field, one, other)
        assert (first.encode() < second.encode()) == expected

    check()


@given(st.lists(TEXTS, min_size=2, max_size=8))
def test_lists_of_texts_sort_as_in_every_store(texts: list[str]) -> None:
    by_key = sorted(texts, key=lambda text: ordered(Kept, "text", text).encode())
    assert by_key == sorted(texts, key=str.encode)


def test_every_low_code_point_and_every_prefix_keeps_its_place() -> None:
    characters = ["", *(chr(code) for code in range(0x80)), "\x80", "\u07ff", "\uffff", "\U00010000", "\U0010ffff"]
    texts = [f"{opening}{character}" for opening in ("", "a", "#", "$") for character in characters]
    by_key = sorted(texts, key=lambda text: sort(Kept, "text", text, TENANT).encode())
    assert by_key == sorted(texts, key=str.encode)


@pytest.mark.parametrize(
    "values",
    [
        [None, -(2**63), -(10**18), -1, 0, 1, 10**18, 2**63 - 1],
        [None, -1.7e308, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1.7e308],
        [None, date.min, date(999, 12, 31), date(1000, 1, 1), date.max],
        [None, False, True],
        [None, "", "\x00", "\x00\x00", "#", "#a", "$", "%", "a", "a\x00", "a#", "ab"],
    ],
)
def test_the_ends_of_each_type_are_in_order(values: list[object]) -> None:
    kinds = {int: "whole", float: "real", date: "day", bool: "flag", str: "text"}
    field = kinds[type(values[1])]
    keys = [sort(Kept, field, value, TENANT) for value in values]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_both_zeros_are_one_value() -> None:
    assert ordered(Kept, "real", -0.0) == ordered(Kept, "real", 0.0)
    assert value_in_key(Kept, "real", -0.0) == value_in_key(Kept, "real", 0.0)


@pytest.mark.parametrize("field", VALUES)
def test_no_value_breaks_out_of_its_part(field: str) -> None:
    @given(VALUES[field])
    def check(value: object) -> None:
        assert END not in value_in_key(Kept, field, value)
        assert END not in ordered(Kept, field, value)

    check()


@given(st.lists(TEXTS | st.none(), min_size=2, max_size=2), st.lists(TEXTS | st.none(), min_size=2, max_size=2))
def test_other_values_have_another_partition(one: list[str | None], other: list[str | None]) -> None:
    slot = Slot(Kept, "of_text_and_other", ("text", "other"), "id", "GSI1")
    keys = [partition(slot, TENANT, dict(zip(slot.keys, values, strict=True))) for values in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)
    assert all(key.startswith(f"ORG#{TENANT}#TEXT#") for key in keys)
    assert partition(slot, OTHER, dict(zip(slot.keys, one, strict=True))) != keys[0]


@given(TEXTS, TEXTS)
def test_ids_that_are_none_keep_to_their_place(one: str, other: str) -> None:
    assert (place(Kept, one) == place(Kept, other)) == (one == other)
    assert place(Kept, one).count(END) == 1
    assert f"KEPT{END}" <= place(Kept, one) < f"KEPT{LAST}"


@pytest.mark.parametrize("alike", ["a" * 500, "é" * 300, "~" * 401])
def test_a_long_value_is_in_a_partition_key_as_its_hash(alike: str) -> None:
    slot = Slot(Kept, "of_text", ("text",), "id", "GSI1")
    keys = {partition(slot, TENANT, {"text": text}) for text in (alike, f"{alike}a", f"b{alike}", None)}
    assert len(keys) == 4
    assert all(len(key.encode()) < 1024 for key in keys)


def test_a_hash_that_somebody_writes_is_a_value_like_others() -> None:
    slot = Slot(Kept, "of_text", ("text",), "id", "GSI1")
    key = partition(slot, TENANT, {"text": "a" * 500})
    written = key.rpartition(END)[2]
    assert partition(slot, TENANT, {"text": written}) != key
    assert partition(slot, TENANT, {"text": "~"}) != partition(slot, TENANT, {"text": None})


def test_a_value_that_is_too_long_to_be_ordered_by_is_refused() -> None:
    assert len(sort(Kept, "text", "a" * 799, TENANT).encode()) <= 1024
    with pytest.raises(Invalid) as refused:
        sort(Kept, "text", "a" * 800, TENANT)
    assert "800 bytes" in str(refused.value.details)


def test_a_key_of_many_long_values_is_no_longer_than_a_key_can_be() -> None:
    slot = Slot(Kept, "of_three", ("text", "other", "amount"), "id", "GSI1")
    long = {"text": "a" * 390, "other": "b" * 390, "amount": "c" * 390}
    many = Slot(Kept, "of_six", slot.keys * 2, "id", "GSI1")
    keys = [partition(many, TENANT, {**long, "text": f"{end}{'a' * 390}"}) for end in "xy"]
    assert keys[0] != keys[1]
    assert all(len(key.encode()) < 1024 for key in keys)
    assert 1024 < len(partition(slot, TENANT, long).encode()) < 2048


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_a_number_that_not_every_store_holds_is_refused(value: int) -> None:
    with pytest.raises(Invalid):
        ordered(Kept, "whole", value)


@given(TEXTS, TEXTS)
def test_a_unique_value_has_a_guard_of_its_own(one: str, other: str) -> None:
    pattern = by_title()
    guards = [guard(pattern, {"title": text}) for text in (one, other)]
    assert (guards[0] == guards[1]) == (one == other)
    assert guard(pattern, {"title": None}) is None


def by_title() -> Lookup:
    """A unique lookup."""
    return next(pattern for kind in versions.unique()[1:] for pattern in lookups_of(kind))

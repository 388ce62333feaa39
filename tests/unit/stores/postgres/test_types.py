"""Whatever a field can hold comes back from the server as it was, to the last digit; what cannot is refused by name."""

import string
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from math import copysign

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from freehold.model.data import Entity
from freehold.runtime.failures import Invalid
from freehold.stores.postgres.names import LONGEST, quoted
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import Grade, Point, Sample, Shape, Thing
from tests.unit.stores.postgres.fleets import ACME, IDS, add, read, up
from tests.unit.stores.postgres.servers import Database
from tests.unit.stores.stored import model_of

pytestmark = pytest.mark.postgres

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
MOMENTS = st.datetimes(
    datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)  # noqa: DTZ001  # Hypothesis adds the zone
)  # fmt: skip
THINGS = st.builds(
    Thing, text=TEXT, whole=st.integers(-(2**63), 2**63 - 1), real=st.floats(allow_nan=False, allow_infinity=False),
    flag=st.booleans(), amount=st.decimals(allow_nan=False, allow_infinity=False, places=12),
    day=st.dates(), moment=MOMENTS, hour=st.times(), span=st.timedeltas(timedelta(-9999), timedelta(9999)),
    key=st.uuids(), raw=st.binary(), shape=st.sampled_from(Shape), grade=st.sampled_from(Grade),
    labels=st.lists(TEXT), prices=st.dictionaries(TEXT, st.decimals(-9, 9, places=2)),
    place=st.builds(Point, x=st.floats(allow_nan=False, allow_infinity=False)), wish=st.none() | TEXT,
    count=st.none() | st.integers(-5, 5), until=st.none() | MOMENTS,
)  # fmt: skip


@pytest.fixture(scope="module")
def kept(shared: Database) -> Iterator[Stage]:
    """A store whose one tenant keeps everything that is tried."""
    stage = Stage(shared.opened)
    yield stage
    stage.database.close()


@given(thing=THINGS)
@example(Thing(real=-0.0, amount=Decimal("-0"), day=date(1, 1, 1), moment=datetime(1, 1, 1, tzinfo=UTC)))
@example(Thing(day=date(9999, 12, 31), moment=datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), hour=time(23, 59, 59)))
@example(Thing(amount=Decimal("1.50"), whole=2**63 - 1, real=5e-324))
@example(Thing(amount=Decimal("1E+2"), whole=-(2**63), real=1.7976931348623157e308))
@example(Thing(text="it's \\ \" '' $1 %s \n\t\x01\x7f\u2028😀", raw=bytes(range(256))))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_it_comes_back_as_it_was(kept: Stage, thing: Thing) -> None:
    kept.add(kept.acme, thing := thing.model_copy(update={"id": kept.new_id()}))
    found = kept.get(kept.acme, thing)
    assert found == thing
    assert (copysign(1, found.real), found.amount.normalize()) == (copysign(1, thing.real), thing.amount.normalize())
    assert found.moment.utcoffset() == timedelta(0)
    assert type(found.shape) is Shape


def test_a_decimal_keeps_its_trailing_zeros_and_loses_its_exponent_and_the_sign_of_zero(kept: Stage) -> None:
    amounts = {
        "1.50": "1.50",
        "1E+2": "100",
        "-0.00": "0.00",
        "0E-5": "0.00000",
        "-7": "-7",
    }
    for given_amount, expected in amounts.items():
        found = kept.get(kept.acme, kept.add(kept.acme, Thing(amount=Decimal(given_amount))))
        assert str(found.amount) == expected


def test_a_time_of_another_zone_comes_back_in_utc(kept: Stage) -> None:
    there = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    found = kept.get(kept.acme, kept.add(kept.acme, Sample(moment=there)))
    assert (found.moment, found.moment.tzinfo) == (there, UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "a\x00b"), ("wish", "\ud800"), ("whole", 2**63), ("whole", -(2**63) - 1),
        ("amount", Decimal("1E+1000")),
        ("moment", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_and_named(field: str, value: object, kept: Stage) -> None:
    thing = Thing(id=kept.new_id())
    object.__setattr__(thing, "__dict__", {**thing.__dict__, field: value})
    with pytest.raises(Invalid) as error:
        kept.add(kept.acme, thing)
    assert [detail["loc"] for detail in error.value.details] == [[field]]
    assert not kept.has(kept.acme, thing)


@given(name=st.text(string.printable + "é😀", min_size=1))
def test_a_name_fits_and_no_two_that_are_too_long_become_one(name: str) -> None:
    once, longer = (quoted(each)[1:-1].replace('""', '"') for each in (name, name + "x"))
    assert len(once.encode()) <= LONGEST
    assert once != longer
    assert once == name or len(name.encode()) > LONGEST


LONG = "a_field_whose_name_is_longer_than_the_sixty_three_bytes_that_postgresql_looks_at"


def long_names() -> tuple[type, ...]:
    fields = {"__annotations__": {f"{LONG}_one": str, f"{LONG}_two": str}, f"{LONG}_one": "1", f"{LONG}_two": "2"}
    return (type("Task", (Entity,), {**fields, "__module__": __name__}),)


def test_fields_whose_names_are_longer_than_the_server_reads_stay_apart(database: Database) -> None:
    task, *_ = kinds = long_names()
    up(database, lambda: kinds)
    store = database.opened(model_of(task))
    add(store, ACME, task(id=IDS[0], **{f"{LONG}_one": "first", f"{LONG}_two": "second"}))
    store.close()
    assert read(database, lambda: kinds) == [{f"{LONG}_one": "first", f"{LONG}_two": "second"}]

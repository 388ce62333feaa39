"""What goes in comes out, whatever the type of the field and its value; or else it is refused, and never altered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from freehold.model.data import Entity
from freehold.runtime.failures import Invalid, TooLarge
from freehold.testing.contract.ordering import DAYS, MOMENTS, NUMBERS, REALS, TEXTS
from freehold.testing.contract.stage import Stage, raised, same
from freehold.testing.contract.subjects import Colour, Grade, Player, Point, Shape, Team, Thing

UNUSUAL = (
    "\n\t\r ", "'; DROP TABLE team; --", '"', "\\", "%_", "null", "NULL", "{}", "<script>", "\u202eright to left\u202c",
    "שלום", "مرحبا", "e\u0301", "é",
    "👩‍👩‍👧‍👦", "\ufeff", "\uffff", "\U0010ffff", "\x01\x1f\x7f\x80", "0123456789" * 10_000,
)  # fmt: skip
AMOUNTS = ("0", "0.1", "-0.10", "1.50", "1E+2", "99999999999999999999.0000000001", "1E-20")
PLUS2 = timezone(timedelta(hours=2))
CLOSE = timezone(timedelta(hours=-11, minutes=-30))

VALUES: Mapping[str, Sequence[object]] = {
    "text": (*TEXTS, *UNUSUAL),
    "whole": NUMBERS,
    "real": (*REALS, -0.0, 1.7976931348623157e308, 2.2250738585072014e-308, 0.1 + 0.2, 1 / 3),
    "flag": (True, False),
    "amount": tuple(Decimal(text) for text in AMOUNTS),
    "day": DAYS,
    "moment": MOMENTS,
    "hour": (
        time.min,
        time.max,
        time(12),
        time(12, 30, 15),
        time(0, 0, 0, 1),
        time(12, tzinfo=UTC),
        time(12, tzinfo=PLUS2),
    ),
    "span": (timedelta(0), timedelta(days=-1, microseconds=1), timedelta(days=400, seconds=5, microseconds=999_999)),
    "key": (UUID(int=0), UUID(int=2**128 - 1), UUID("018f0000-0000-7000-8000-000000000000")),
    "raw": (b"", b"\x00", bytes(range(256)), "é".encode()),
    "colour": tuple(Colour),
    "shape": tuple(Shape),
    "grade": tuple(Grade),
    "state": ("open", "shut"),
    "step": (1, 2, 3),
    "either": (0, "0", 2**40, "", "text"),
    "labels": ([], ["a", "b", "a"], [""], list(UNUSUAL[:-1])),
    "pair": ((0, ""), (-5, "text")),
    "several": (frozenset(), frozenset({"a", "b"})),
    "prices": ({}, {"a": Decimal("1.50"), "": Decimal(0), "é": Decimal(-1), "b": Decimal("1E+2")}),
    "place": (Point(x=1.5), Point(x=-1e300, y=0.1, names=["a", ""])),
    "path": ([], [Point(x=1), Point(x=2, names=["b"])]),
    "wish": (None, "", "null", "text"),
    "count": (None, 0, -1),
    "until": (None, *MOMENTS[:3]),
    "where": (None, Point(x=0)),
    "perhaps": (None, [], [1, 2**70]),
}


def every_value_comes_back(stage: Stage) -> None:
    """Every value of every type comes back equal, of the same type, and as the same text where that says more."""
    assert set(VALUES) == set(Thing.model_fields) - set(Entity.model_fields), "a type has no values to try"
    tried = [(field, value) for field, values in VALUES.items() for value in values]
    things = [(field, value, Thing.model_validate({field: value})) for field, value in tried]
    for start in range(0, len(things), 50):
        stage.add_all(stage.acme, [thing for _, _, thing in things[start : start + 50]])
    for field, value, thing in things:
        found = getattr(stage.get(stage.acme, thing), field)
        assert found == value, f"{field}: {value!r} came back as {found!r}"
        assert type(found) is type(value), f"{field}: {value!r} came back as {found!r}"
        if field in ("whole", "either"):
            assert str(found) == str(value), f"{field}: {value!r} came back as {found!r}"
        if field == "amount":  # in plain digits, as many as there were
            assert f"{found:f}" == f"{value:f}", f"{field}: {value!r} came back as {found!r}"


def every_value_can_be_saved(stage: Stage) -> None:
    """So does what an entity is changed to."""
    thing = stage.add(stage.acme, Thing())
    for number in range(max(map(len, VALUES.values()))):
        values = {field: values[number % len(values)] for field, values in VALUES.items()}
        thing = stage.save(stage.acme, thing, **values)
        assert stage.get(stage.acme, thing) == thing


def a_moment_comes_back_in_utc(stage: Stage) -> None:
    """A time of day in another zone comes back as the same moment, in UTC; one without a zone is taken as UTC."""
    noon = datetime(2026, 7, 1, 12, 0, 0, 123_456)  # noqa: DTZ001  # it has none on purpose
    for given, expected in (
        (noon, noon.replace(tzinfo=UTC)),
        (noon.replace(tzinfo=PLUS2), datetime(2026, 7, 1, 10, 0, 0, 123_456, UTC)),
        (noon.replace(tzinfo=CLOSE), datetime(2026, 7, 1, 23, 30, 0, 123_456, UTC)),
    ):
        found = stage.get(stage.acme, stage.add(stage.acme, Thing(moment=given))).moment
        assert found == expected
        assert found.utcoffset() == timedelta(0)


def a_number_beyond_64_bits_is_refused(stage: Stage) -> None:
    """A whole number that not every store can hold is refused as wrong input, with its field; nothing is kept."""
    for number in (2**63, -(2**63) - 1, 2**64, 10**30):
        error = raised(Invalid, stage.add, stage.acme, Player(goals=number))
        assert [detail["loc"] for detail in error.details] == [["goals"]]
    assert stage.page(stage.acme, "Players.of", [None]) == []


def a_moment_beyond_the_calendar_is_refused(stage: Stage) -> None:
    """A moment that UTC has no date for, in the year 0 or 10000, is refused as wrong input."""
    for moment in (datetime.min.replace(tzinfo=PLUS2), datetime.max.replace(tzinfo=CLOSE)):
        raised(Invalid, stage.add, stage.acme, Thing(moment=moment))


def what_is_not_text_is_refused(stage: Stage) -> None:
    """Half of a surrogate pair is no character, and is refused as wrong input."""
    raised(Invalid, stage.add, stage.acme, Team(name="\ud800"))
    assert stage.page(stage.acme, "Teams.all", []) == []


def what_is_no_number_is_refused(stage: Stage) -> None:
    """Infinity, and what is no number, are refused as wrong input; within a value, too."""
    for number in (float("inf"), float("-inf"), float("nan")):
        raised(Invalid, stage.add, stage.acme, _thing(real=number))
        raised(Invalid, stage.add, stage.acme, _thing(place=Point(x=number)))
        raised(Invalid, stage.add, stage.acme, _thing(path=[Point(x=number)]))


def a_nul_is_kept_or_refused(stage: Stage) -> None:
    """The character NUL, which some stores cannot keep, comes back or is refused; text does not end at it."""
    _kept_or_refused(stage, "before\x00after")
    _kept_or_refused(stage, "\x00")


def a_long_text_is_kept_or_refused(stage: Stage) -> None:
    """A text of a megabyte, which some stores cannot keep, comes back whole or is refused."""
    _kept_or_refused(stage, "0123456789abcdé\n" * 65_536)


def unusual_texts_can_be_looked_up(stage: Stage) -> None:
    """Whatever a text has in it, a lookup by it finds the one that has it."""
    teams = [Team(name=text, code=text) for text in dict.fromkeys((*TEXTS, *UNUSUAL[:-1]))]
    for start in range(0, len(teams), 20):
        stage.add_all(stage.acme, teams[start : start + 20])
    for team in teams:
        assert same(stage.page(stage.acme, "Teams.by_code", [team.code]), [team]), repr(team.code)


def _kept_or_refused(stage: Stage, text: str) -> None:
    thing = Thing(text=text, labels=[text])
    try:
        stage.add(stage.acme, thing)
    except (Invalid, TooLarge):
        assert not thing.id or not stage.has(stage.acme, thing)
    else:
        found = stage.get(stage.acme, thing)
        assert (found.text, found.labels) == (text, [text])


def _thing(**values: object) -> Thing:
    """A thing that nobody has validated."""
    thing = Thing()
    vars(thing).update(values)
    return thing

"""The order of lists, and parts of them: the same on every store, and the same as Python's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import combinations
from typing import Any

from freehold.model.data import Paging, Range
from freehold.model.lookup import Lookup
from freehold.runtime.ports import Span
from freehold.runtime.unit import rank
from freehold.testing.contract.stage import Stage, same
from freehold.testing.contract.subjects import SORTED, Grade, Sample, ordered

TEXTS = (
    "",
    " ",
    "!",
    "0",
    "10",
    "2",
    "A",
    "Z",
    "a",
    "a ",
    "aa",
    "a\u0301",
    "ab",
    "b",
    "~",
    "é",
    "א",
    "ﬁ",
    "\ue000",
    "😀",
)
NUMBERS = (-(2**63), -(10**9), -100, -2, -1, 0, 1, 2, 9, 10, 11, 100, 2**31, 2**53, 2**53 + 1, 2**63 - 1)
REALS = (-1e300, -1e9, -2.5, -1.0, -1e-300, 0.0, 5e-324, 0.1, 0.2, 1.0, 1.5, 2.0, 10.0, 1e9, 1e300)
DAYS = (
    date.min,
    date(999, 12, 31),
    date(1999, 12, 31),
    date(2000, 1, 1),
    date(2026, 2, 28),
    date(2026, 10, 1),
    date.max,
)
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
MOMENTS = (
    datetime.min.replace(tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
    START - timedelta(microseconds=1),
    START, START + timedelta(microseconds=1), START + timedelta(microseconds=100_000), START + timedelta(seconds=1),
    datetime(2026, 1, 1, 14, 30, tzinfo=timezone(timedelta(hours=2))), START + timedelta(hours=1),
    datetime.max.replace(tzinfo=UTC),
)  # fmt: skip

VALUES: Mapping[str, Sequence[object]] = {
    "text": TEXTS, "whole": NUMBERS, "real": REALS, "flag": (False, True), "day": DAYS, "moment": MOMENTS,
    "grade": tuple(Grade),
}  # fmt: skip


def values_of(field: str) -> Sequence[object]:
    """The values to try for a field; None as well, where it may lack."""
    values = VALUES.get(field.removesuffix("_or_none"), MOMENTS)
    return (None, *values) if field.endswith("_or_none") else values


def every_order_is_pythons(stage: Stage) -> None:
    """Lists are in the order Python gives their values: texts by code point, times by moment; up and down."""
    samples = _fill(stage, twice=False)
    for lookup in SORTED:
        found = stage.page(stage.acme, lookup, ["box"])
        assert same(found, _expected(samples, lookup)), lookup.name


def what_lacks_a_value_comes_first(stage: Stage) -> None:
    """None comes before everything, even before the empty text and the lowest number; and last when descending."""
    for field in ("text", "whole", "real", "day", "moment"):
        lowest = {"box": field, f"{field}_or_none": VALUES[field][0]}
        lacking, low = stage.add_all(stage.acme, [Sample(box=field), Sample.model_validate(lowest)])
        assert same(stage.page(stage.acme, ordered(f"{field}_or_none"), [field]), [lacking, low]), field
        assert same(stage.page(stage.acme, ordered(f"{field}_or_none", descending=True), [field]), [low, lacking]), (
            field
        )


def what_is_equal_is_in_the_order_of_its_id(stage: Stage) -> None:
    """Entities with the same value, or with none, are in the order of their ids, up and down."""
    samples = _fill(stage, twice=True)
    for lookup in SORTED:
        found = stage.page(stage.acme, lookup, ["box"])
        assert same(found, _expected(samples, lookup)), lookup.name


def every_range_is_half_open(stage: Stage) -> None:
    """A range has its start and not its stop; what lacks a value is in no range that has a bound."""
    samples = _fill(stage, twice=True)
    for lookup in SORTED:
        edges = [value for value in values_of(lookup.order)[::3] if value is not None]
        bounds = [(low, None) for low in edges] + [(None, high) for high in edges] + list(combinations(edges, 2))
        for start, stop in bounds:
            found = stage.page(stage.acme, lookup, ["box"], Span(1000, start, stop))
            assert same(found, _expected(samples, lookup, start, stop)), f"{lookup.name} from {start!r} to {stop!r}"


def an_empty_range_is_empty(stage: Stage) -> None:
    """A range that stops where it starts, or before, has nothing in it."""
    _fill(stage, twice=False)
    for lookup in SORTED:
        low, *_, high = (value for value in values_of(lookup.order) if value is not None)
        for start, stop in ((low, low), (high, high), (high, low)):
            assert stage.page(stage.acme, lookup, ["box"], Span(9, start, stop)) == [], lookup.name


def every_list_can_be_walked(stage: Stage) -> None:
    """Page after page, every list shows everything in it once and in order; equal and lacking values too."""
    samples = _fill(stage, twice=True)
    for lookup in SORTED:
        assert same(list(stage.walk(stage.acme, lookup, ["box"], 7)), _expected(samples, lookup)), lookup.name


def every_range_can_be_walked(stage: Stage) -> None:
    """So does every range."""
    samples = _fill(stage, twice=True)
    for lookup in SORTED:
        start, *_, stop = (value for value in values_of(lookup.order) if value is not None)
        for bounds in (Range(start), Range(None, stop), Range(start, stop)):
            found = list(stage.walk(stage.acme, lookup, ["box"], 5, bounds))
            assert same(found, _expected(samples, lookup, bounds.start, bounds.stop)), f"{lookup.name} in {bounds}"


def a_walk_misses_nothing_that_stays(stage: Stage) -> None:
    """What is in a list during a whole walk is seen once, whatever is added and removed meanwhile."""
    for lookup in (ordered("whole"), ordered("whole", descending=True), ordered("text_or_none")):
        box = lookup.name
        staying = stage.add_all(stage.acme, [Sample(box=box, whole=number // 2 * 10) for number in range(20)])
        seen: list[str] = []
        for number, sample in enumerate(stage.walk(stage.acme, lookup, [box], 3)):
            seen.append(sample.id)
            passing = stage.add(stage.acme, Sample(box=box, whole=number * 7 % 100))
            if number % 2:
                stage.remove(stage.acme, passing)
        assert [seen.count(sample.id) for sample in staying] == [1] * 20, lookup.name


def a_call_sees_its_own_writes_in_place(stage: Stage) -> None:
    """Within a call, lists have what the call has written, just where the store will have it."""
    samples = _fill(stage, twice=False)
    with stage.call(stage.acme) as unit:
        for sample in samples[::3]:
            unit.remove(Sample, sample.id)
        for sample in samples[1::3]:
            unit.save(sample.model_copy(update={"whole": ~sample.whole, "text_or_none": "m", "real_or_none": None}))
        for sample in _samples():
            unit.add(sample)
        asked = [(lookup, bounds) for lookup in SORTED for bounds in _some_ranges(lookup)]
        during = [list(unit.page(lookup, ["box"], bounds, Paging(1000))) for lookup, bounds in asked]
    for (lookup, bounds), found in zip(asked, during, strict=True):
        after = stage.page(stage.acme, lookup, ["box"], Span(1000, bounds.start, bounds.stop))
        assert same(found, after), f"{lookup.name} in {bounds}"


def _samples() -> list[Sample]:
    """As many as there are texts, each with another value in each field, as far as there are so many."""
    fields = {lookup.order: values_of(lookup.order) for lookup in SORTED if lookup.order != "created_at"}
    rows = [{field: values[row % len(values)] for field, values in fields.items()} for row in range(len(TEXTS))]
    return [Sample.model_validate(row) for row in rows]


def _fill(stage: Stage, *, twice: bool) -> list[Sample]:
    samples = stage.add_all(stage.acme, _samples()[::-1])
    if twice:
        stage.clock.turn(timedelta(microseconds=1))
        samples += stage.add_all(stage.acme, _samples())
    return [stage.get(stage.acme, sample) for sample in samples]


def _some_ranges(lookup: Lookup) -> list[Range[object]]:
    edges = [value for value in values_of(lookup.order) if value is not None]
    low, high = edges[len(edges) // 4], edges[-1]
    return [Range(), Range(low), Range(None, high), Range(low, high)]


def _expected(samples: Sequence[Sample], lookup: Lookup, start: object = None, stop: object = None) -> list[Sample]:
    """What the list has to have, worked out the plain way."""

    def within(value: Any) -> bool:  # noqa: ANN401  # what can be compared with its like
        if value is None:
            return start is None and stop is None
        return bool((start is None or value >= start) and (stop is None or value < stop))

    chosen = [sample for sample in samples if within(getattr(sample, lookup.order))]
    return sorted(chosen, key=lambda sample: rank(sample, lookup.order), reverse=lookup.descending)

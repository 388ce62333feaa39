from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated

from typing_extensions import TypeAliasType

from freehold.model.finding import Finding
from freehold.model.hints import hints_of

if TYPE_CHECKING:
    from decimal import Decimal


def fine(title: str, number: Annotated[int, 1] | None) -> None: ...


def half(title: str, price: Decimal, when: str.tomorrow) -> Decimal: ...


def test_all_types_are_read_with_what_they_are_annotated_with() -> None:
    found: list[Finding] = []
    assert hints_of(fine, "fine", found) == {"title": str, "number": Annotated[int, 1] | None, "return": type(None)}
    assert found == []


def test_what_cannot_be_read_is_found_and_the_rest_is_read() -> None:
    found: list[Finding] = []
    assert hints_of(half, "half", found) == {"title": str}
    assert [finding.code for finding in found] == ["FH104", "FH143", "FH104"]
    assert all(finding.place.file.endswith("test_hints.py") for finding in found)


def test_a_wrapped_function_is_read_where_it_was_written() -> None:
    @functools.wraps(half)
    def wrapper(*args: object) -> object: ...

    found: list[Finding] = []
    assert hints_of(wrapper, "half", found) == {"title": str}
    assert len(found) == 3


def test_a_type_is_read_as_what_its_name_stands_for() -> None:
    found: list[Finding] = []
    assert hints_of(named, "named", found) == {"word": Annotated[str, 1], "return": type(None)}


Word = TypeAliasType("Word", Annotated[str, 1])


def named(word: Word) -> None: ...

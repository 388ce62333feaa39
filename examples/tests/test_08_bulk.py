"""Many items, each by itself."""

import json
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType

import pytest

from freehold import Invalid
from freehold.testing import Caller, caller

ADA, BEN = {"name": "Ada", "email": "ada@acme.test"}, {"name": "Ben", "email": "ben@acme.test"}


@pytest.fixture
def ada(example: ModuleType) -> Iterator[Caller]:
    """A member."""
    with caller(example.app, "member") as ada:
        yield ada


def codes(who: Caller, items: Sequence[Mapping[str, str]], key: str | None = None) -> list[str]:
    """For each item `ok`, or the code it was refused with."""
    results = json.loads(who.answer("add_contact_in_bulk", key=key, items=items).data)
    return ["ok" if result["success"] else result["error"]["code"] for result in results]


def test_one_bad_row_does_not_spoil_the_others(example: ModuleType, ada: Caller) -> None:
    nobody = {"name": "Nobody", "email": "nowhere"}
    assert codes(ada, [BEN, nobody, BEN, ADA]) == ["ok", "INVALID", "CONTACT_EMAIL_TAKEN", "ok"]
    assert [contact.name for contact in ada.call(example.list_contacts)] == ["Ada", "Ben"]


def test_a_list_that_is_sent_again_adds_nobody_twice(example: ModuleType, ada: Caller) -> None:
    assert codes(ada, [ADA], key="a") == ["ok"]
    assert codes(ada, [ADA, BEN], key="a") == ["ok", "ok"]
    assert len(ada.call(example.list_contacts)) == 2


def test_who_may_not_add_one_may_not_add_many(ada: Caller) -> None:
    assert codes(ada.acting_as("viewer"), [ADA, BEN]) == ["FORBIDDEN", "FORBIDDEN"]


def test_a_list_can_be_too_long(ada: Caller) -> None:
    with pytest.raises(Invalid):
        codes(ada, [ADA] * 501)

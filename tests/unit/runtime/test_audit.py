"""The audit chain: whatever is changed, moved or cut out is found, with its place."""

import sqlite3

import pytest

from freehold.runtime import audit
from freehold.runtime.scope import Scope
from freehold.testing import Caller
from tests.unit.runtime.desk import Desk


@pytest.fixture
def file(desk: Desk, ada: Caller) -> str:
    """The database file of somebody who has done five things."""
    for number in range(5):
        ada.call(desk.make_folder, name=f"folder {number}")
    return str(getattr(ada.backend.database, "file", ""))


def breaks(ada: Caller) -> list[audit.Break]:
    """What does not hold in her chain."""
    with Scope(ada.tenant) as scope:
        return list(audit.verify(ada.backend.database, scope))


def test_an_untouched_chain_holds(ada: Caller, file: str) -> None:
    assert file
    assert breaks(ada) == []


@pytest.mark.parametrize(
    ("tampering", "number"),
    [
        ("UPDATE freehold_audit SET text = replace(text, 'make_folder', 'other') WHERE tenant = ? AND number = 3", 3),
        ("UPDATE freehold_audit SET text = text || ' ', hash = hash WHERE tenant = ? AND number = 1", 1),
        ("DELETE FROM freehold_audit WHERE tenant = ? AND number = 2", 2),
        ("UPDATE freehold_audit SET hash = before WHERE tenant = ? AND number = 4", 4),
        ("UPDATE freehold_audit SET number = number + 10 WHERE tenant = ? AND number > 3", 4),
    ],
)
def test_tampering_is_found_with_its_place(ada: Caller, file: str, tampering: str, number: int) -> None:
    with sqlite3.connect(file) as raw:
        assert raw.execute(tampering, (ada.tenant,)).rowcount > 0
    raw.close()
    assert breaks(ada)[0].number == number


def test_two_entries_that_change_places_are_found(ada: Caller, file: str) -> None:
    with sqlite3.connect(file) as raw:
        for old, new in ((2, 100), (3, 2), (100, 3)):
            move = "UPDATE freehold_audit SET number = ? WHERE tenant = ? AND number = ?"
            raw.execute(move, (new, ada.tenant, old))
    raw.close()
    assert breaks(ada)[0].number == 2


def test_chains_of_two_tenants_know_nothing_of_each_other(desk: Desk, ada: Caller, file: str) -> None:
    globex = ada.of("globex")
    globex.call(desk.make_folder, name="theirs")
    with sqlite3.connect(file) as raw:
        raw.execute("DELETE FROM freehold_audit WHERE tenant = ?", (ada.tenant,))
    raw.close()
    assert breaks(globex) == []

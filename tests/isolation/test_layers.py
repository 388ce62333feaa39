"""Each layer switched off: the others hold. And each switch does switch something off."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from freehold.accounts.records import Member
from freehold.edges.headers import Headers
from freehold.runtime.failures import Forbidden, TenantScopeMissing
from freehold.runtime.scope import Scope
from freehold.stores.sqlite.statements import Statements
from freehold.testing import Caller, caller, isolation
from freehold.wiring import site
from tests.isolation.apps import app_named
from tests.isolation.layers import OFF, measured, table
from tests.isolation.surgery import broken

B = "019b76da-a800-7000-9ce1-89920bd87188"
HOLDS = {
    ("L1",), ("L2",), ("L3",), ("L4",),
    ("L1", "L2"), ("L1", "L3"), ("L1", "L4"), ("L2", "L3"), ("L2", "L4"),
}  # fmt: skip
"""What may be missing. Without both layers of the store, the second one notices what comes back, and not what is written."""


@contextmanager
def two_teams() -> Iterator[tuple[Caller, Caller]]:
    """An owner in each of two tenants."""
    with caller(app_named("01_tasks"), "owner") as ada:
        yield ada, ada.of("evil")


@pytest.mark.parametrize("layer", OFF)
def test_with_one_layer_off_nothing_of_teamflow_leaks(layer: str) -> None:
    outcome = measured([layer], lambda: isolation.run(app_named("teamflow"), effort=0.2))
    assert not outcome.leaks, "\n".join(map(str, outcome.leaks))


def test_which_layers_and_pairs_of_layers_may_be_missing_is_what_we_say() -> None:
    outcomes = list(table(effort=0.1))
    assert {outcome.off for outcome in outcomes if not outcome.leaks} == HOLDS, "\n".join(map(str, outcomes))


def test_what_layer_1_alone_holds_is_that_a_token_opens_one_tenant_of_its_person() -> None:
    outcome = measured(["L1"], lambda: isolation.run(app_named("01_tasks"), effort=0.1, only=("T18", "T32")))
    assert outcome.unbound
    assert {leak.case.actor for leak in outcome.unbound} <= {"member of both", "member of B who has entered nothing"}
    assert not outcome.leaks


def named_by_header(ada: Caller) -> str:
    """The tenant that a call of Ada's is for, when a header says B."""
    api = site(ada.backend)._api
    given = Headers(token=ada.token(), tenant=B)
    principal = api._identify(ada.backend.runtime.cases["list_members"], given)
    assert principal is not None
    return principal.tenant


def test_layer_1_off_believes_a_header() -> None:
    with two_teams() as (ada, _):
        with pytest.raises(Forbidden):
            named_by_header(ada)
        with broken(*OFF["L1"]):
            assert named_by_header(ada) == B


def test_layer_2_off_compares_nothing_and_goes_on_after_the_call() -> None:
    with two_teams() as (ada, eve):
        found = (eve.tenant, Member(id=eve.id, name="eve", email="eve@evil.test", role="owner"))
        with Scope(ada.tenant) as scope, closing(ada.backend.runtime.begin(scope)) as unit:
            with pytest.raises(TenantScopeMissing):
                unit._own(found)
            with broken(*OFF["L2"]):
                assert unit._own(found) is found[1]
                unit.close()
                assert scope.tenant == ada.tenant


def member_seen(of: Caller, by: Caller) -> str | None:
    """On whose ground somebody is found, when somebody else's call looks for them."""
    with Scope(by.tenant) as scope, closing(by.backend.database.snapshot(scope)) as snapshot:
        found = snapshot.get(Member, of.id)
        return found[0] if found else None


def test_layers_3_and_4_off_show_what_either_would_not() -> None:
    seen = {}
    for off in ((), ("L3",), ("L4",), ("L3", "L4")):
        with broken(*(one for layer in off for one in OFF[layer])), two_teams() as (ada, eve):
            seen[off] = member_seen(eve, ada) == eve.tenant
    assert seen == {(): False, ("L3",): False, ("L4",): False, ("L3", "L4"): True}


def test_layer_3_off_names_the_tenant_in_no_statement() -> None:
    assert "tenant = ?" in Statements(Member).get
    with broken(*OFF["L3"]):
        statements = Statements(Member)
    texts = (statements.get, statements.exists, statements.update, statements.delete)
    assert all("OR 1" in text for text in texts)


def test_layer_4_off_shows_plain_tables() -> None:
    def read_a_table() -> int:
        with two_teams() as (ada, _):
            connection = ada.backend.database._readers.take(ada.tenant)  # type: ignore[attr-defined]  # SQLite's
            return len(connection.raw.execute("SELECT tenant FROM freehold_member").fetchall())

    with pytest.raises(sqlite3.DatabaseError, match="prohibited"):
        read_a_table()
    with broken(*OFF["L4"]):
        assert read_a_table() == 2

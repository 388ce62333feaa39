"""Who a principal is, as the tenants' own grounds say; and which tenants there are."""

from datetime import timedelta

import pytest

from freehold.accounts import membership
from freehold.accounts.membership import SHUT_FOR, STALE_AFTER, Accounts
from freehold.model.names import PLATFORM
from freehold.runtime.failures import Forbidden, Unauthenticated
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Principal
from freehold.runtime.prepared import Sent
from freehold.runtime.scope import Scope
from tests.unit.accounts.house import House

GONE = "01900000-0000-7000-8000-000000000000"


@pytest.fixture
def accounts(house: House) -> Accounts:
    """What the runtime asks."""
    return Accounts(house.backend.database, house.clock)


def test_all_active_tenants_are_listed_however_many_there_are(
    house: House, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "BATCH", 2)
    places = [house.enter(name).organisation for name in ("bob", "carl", "dora", "eve")]
    house.operate("suspend_tenant", organisation="carl")
    assert list(accounts.tenants()) == [house.ada.tenant, places[0], places[2], places[3]]


def test_a_tenant_that_is_gone_is_let_in_no_more(accounts: Accounts) -> None:
    with pytest.raises(Unauthenticated):
        accounts.admit(GONE)


def test_a_state_is_read_again_after_two_seconds(house: House, accounts: Accounts) -> None:
    accounts.admit(house.ada.tenant)
    house.operate("suspend_tenant", organisation="acme")
    accounts.admit(house.ada.tenant)
    house.clock.turn(timedelta(seconds=STALE_AFTER))
    with pytest.raises(Forbidden, match="TENANT_SUSPENDED"):
        accounts.admit(house.ada.tenant)


def test_who_is_let_in_again_waits_for_less_than_who_is_shut_out(house: House, accounts: Accounts) -> None:
    house.operate("suspend_tenant", organisation="acme")
    with pytest.raises(Forbidden):
        accounts.admit(house.ada.tenant)
    house.operate("resume_tenant", organisation="acme")
    with pytest.raises(Forbidden):
        accounts.admit(house.ada.tenant)
    house.clock.turn(timedelta(seconds=SHUT_FOR))
    accounts.admit(house.ada.tenant)


def test_only_so_many_states_are_remembered(house: House, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "MOST", 2)
    for name in ("bob", "carl", "dora"):
        accounts.admit(house.enter(name).organisation)
    assert len(accounts._states) <= 2


@pytest.mark.parametrize(
    "principal",
    [
        {"issuer": "https://id.test"},
        {"kind": "key"},
        {"subject": GONE},
    ],
)
def test_nobody_but_people_of_ours_reach_what_belongs_to_no_tenant(house: House, principal: dict[str, str]) -> None:
    bob = house.enter("bob")
    ready = house.backend.runtime.cases["my_organisations"]
    who = Principal(**{"tenant": bob.organisation, "subject": bob.person, **principal})
    with pytest.raises(Unauthenticated):
        house.backend.runtime(Call(ready, Sent({}), who))


@pytest.mark.parametrize(
    "key",
    [
        "fhk_", "fhk_a.b.c", f"fhk_{PLATFORM}.{GONE}.x", f"fhk_{GONE}.{GONE}", f"fhk_{GONE}.{GONE}.x.y",
        f"fhk_{GONE.upper()}.{GONE}.x".replace("0", "A"), f"fhk_{GONE}.{GONE}.{'x' * 256}",
    ],
)  # fmt: skip
def test_what_is_no_key_opens_nothing(house: House, key: str) -> None:
    with pytest.raises(Unauthenticated):
        house.call("who_am_i", key)


def test_for_a_key_of_a_tenant_that_somebody_made_up_no_ground_is_read(house: House, accounts: Accounts) -> None:
    """With a session for each tenant (token vending) everything made up would open one more."""
    unit = house.backend.runtime.begin(Scope(GONE))
    unit.read_no_more()
    with pytest.raises(Unauthenticated):
        accounts.member(Principal(GONE, GONE, kind="key"), unit)


def test_a_role_in_one_organisation_is_none_in_another(house: House) -> None:
    ada, bob = house.enter("owner"), house.enter("bob")
    house.call("join_organisation", bob.access_token, token=house.invite(ada.access_token, "bob").token)
    there = house.switch(bob, "owner")
    with pytest.raises(Forbidden):
        house.call("list_invitations", there.access_token)
    assert house.call("list_invitations", bob.access_token) is not None

"""What operators do with tenants, and how fast it counts."""

from datetime import timedelta
from typing import cast

import pytest

from freehold.accounts.door import Issued, Place, SignedIn
from freehold.accounts.records import Organisation
from freehold.model.data import Page
from freehold.runtime.failures import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from tests.unit.accounts.house import GOOD, House

SECONDS = timedelta(seconds=5)
"""Within this time a suspension has to count everywhere."""


def create(house: House, name: str, organisation: str, role: str = "owner") -> Place:
    inputs = {"organisation": organisation, "email": f"{name}@home.test", "name": name, "role": role}
    return cast("Place", house.operate("create_tenant", **inputs, password=GOOD))


def test_an_operator_creates_a_tenant_and_its_first_member(house: House) -> None:
    assert create(house, "bob", "bobs").role == "owner"
    assert house.call("who_am_i", house.sign_in("bob").access_token)
    page = cast("Page[Organisation]", house.operate("list_tenants"))
    assert [tenant.slug for tenant in page] == ["acme", "bobs"]


def test_creating_again_adds_a_member_and_changes_nobody(house: House) -> None:
    create(house, "bob", "bobs")
    create(house, "bob", "bobs", "guest")
    create(house, "carl", "bobs", "guest")
    bob = house.sign_in("bob").access_token
    listed = cast("Page[object]", house.call("list_members", bob))
    assert [(member.name, member.role) for member in listed] == [("bob", "owner"), ("carl", "guest")]  # type: ignore[attr-defined]  # members


def test_a_person_can_be_put_into_a_second_tenant(house: House) -> None:
    create(house, "bob", "bobs")
    create(house, "bob", "others", "guest")
    assert house.switch(house.sign_in("bob"), "others").organisation


def test_a_role_that_the_app_does_not_have_is_refused(house: House) -> None:
    with pytest.raises(Conflict, match="NO_SUCH_ROLE"):
        create(house, "bob", "bobs", "emperor")
    with pytest.raises(Invalid):
        house.operate("create_tenant", organisation="B O B", email="x", name="", role="owner", password="short")


def test_a_suspended_tenant_is_shut_out_within_seconds_and_let_in_again(house: House) -> None:
    bob = house.enter("bob")
    key = cast("Issued", house.call("create_api_key", bob.access_token, name="build", role="guest")).token
    assert house.call("who_am_i", bob.access_token)
    house.operate("suspend_tenant", organisation="bob")
    house.clock.turn(SECONDS)
    for token in (bob.access_token, key):
        with pytest.raises(Forbidden, match="TENANT_SUSPENDED"):
            house.call("who_am_i", token)
    house.operate("resume_tenant", organisation="bob")
    house.clock.turn(SECONDS)
    assert house.call("who_am_i", bob.access_token)
    assert house.call("who_am_i", key)


def test_suspending_one_tenant_leaves_the_others_alone(house: House) -> None:
    bob, carl = house.enter("bob"), house.enter("carl")
    house.operate("suspend_tenant", organisation="bob")
    house.clock.turn(SECONDS)
    assert house.call("who_am_i", carl.access_token)
    assert house.call("my_organisations", bob.access_token)


def test_there_is_nothing_to_suspend_under_an_unknown_name(house: House) -> None:
    with pytest.raises(NotFound, match="ORGANISATION_NOT_FOUND"):
        house.operate("suspend_tenant", organisation="nowhere")


def test_an_operator_gives_somebody_a_new_password(house: House) -> None:
    house.enter("bob")
    fresh = "lantern gravel spoon"
    house.operate("give_password", email="bob@home.test", password=fresh)
    signed_in = house.call("sign_in", email="bob@home.test", password=fresh)
    assert cast("SignedIn", signed_in).access_token
    with pytest.raises(Unauthenticated):
        house.call("sign_in", email="bob@home.test", password=GOOD)
    with pytest.raises(NotFound, match="PERSON_NOT_FOUND"):
        house.operate("give_password", email="nobody@home.test", password=fresh)

"""Invitations: who may take the seat, and when there is none any more."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest

from freehold.accounts.door import INVITATION_LIFETIME
from freehold.accounts.records import Invitation
from freehold.model.data import Page
from freehold.runtime.failures import Conflict, Forbidden, Invalid, NotFound
from tests.unit.accounts.house import GOOD, House


def accept(house: House, token: str, password: str = GOOD) -> object:
    return house.call("accept_invitation", token=token, name="Guest", password=password)


def test_somebody_new_takes_the_seat_that_was_kept(house: House) -> None:
    ada = house.enter("ada")
    bob = house.bring(ada.access_token, "bob", "keeper")
    assert bob.organisation == ada.organisation
    assert house.call("who_am_i", bob.access_token).role == "keeper"  # type: ignore[attr-defined]  # a User
    assert not list(cast("Page[Invitation]", house.call("list_invitations", ada.access_token)))


def test_somebody_known_signs_in_and_joins(house: House) -> None:
    ada, bob = house.enter("ada"), house.enter("bob")
    token = house.invite(ada.access_token, "bob").token
    with pytest.raises(Conflict, match="PERSON_EMAIL_TAKEN"):
        accept(house, token)
    house.call("join_organisation", bob.access_token, token=token)
    assert house.switch(bob, "ada").organisation == ada.organisation


def test_an_invitation_is_taken_once(house: House) -> None:
    ada = house.enter("ada")
    token = house.invite(ada.access_token, "bob").token
    accept(house, token)
    for again in (
        lambda: accept(house, token),
        lambda: house.call("join_organisation", house.sign_in("bob").access_token, token=token),
    ):
        with pytest.raises(NotFound, match="INVITATION_NOT_FOUND"):
            again()


def test_only_who_is_invited_can_join(house: House) -> None:
    ada, eve = house.enter("ada"), house.enter("eve")
    token = house.invite(ada.access_token, "bob").token
    with pytest.raises(NotFound) as not_eves:
        house.call("join_organisation", eve.access_token, token=token)
    with pytest.raises(NotFound) as no_token:
        house.call("join_organisation", eve.access_token, token="nonsense")
    assert str(not_eves.value) == str(no_token.value)
    assert accept(house, token) is None


def test_a_member_does_not_join_twice(house: House) -> None:
    ada = house.enter("ada")
    bob = house.bring(ada.access_token, "bob")
    with pytest.raises(Conflict, match="ALREADY_A_MEMBER"):
        house.call("join_organisation", bob.access_token, token=house.invite(ada.access_token, "bob", "keeper").token)


Spoil = Callable[[House, str, str], None]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda house, ada, id: house.clock.turn(INVITATION_LIFETIME),
        lambda house, ada, id: house.call("withdraw_invitation", house.sign_in("ada").access_token, id=id),
    ],
    ids=["expired", "withdrawn"],
)
def test_an_invitation_that_is_over_is_like_none(house: House, spoil: Spoil) -> None:
    ada = house.enter("ada").access_token
    invited = house.invite(ada, "bob")
    spoil(house, ada, invited.id)
    with pytest.raises(NotFound, match="INVITATION_NOT_FOUND"):
        accept(house, invited.token)


def test_who_was_taken_out_leaves_no_invitation_behind(house: House) -> None:
    ada = house.enter("ada").access_token
    keeper = house.bring(ada, "keeper", "keeper")
    back_door = house.invite(keeper.access_token, "other-me", "keeper").token
    house.call("remove_member", ada, id=keeper.person)
    with pytest.raises(NotFound, match="INVITATION_NOT_FOUND"):
        accept(house, back_door)


def test_nobody_joins_a_suspended_organisation(house: House) -> None:
    ada, bob = house.enter("ada"), house.enter("bob")
    new, known = (house.invite(ada.access_token, name).token for name in ("carl", "bob"))
    house.operate("suspend_tenant", organisation="ada")
    house.clock.turn(timedelta(seconds=5))
    with pytest.raises(Forbidden, match="TENANT_SUSPENDED"):
        accept(house, new)
    with pytest.raises(Forbidden, match="TENANT_SUSPENDED"):
        house.call("join_organisation", bob.access_token, token=known)
    house.operate("resume_tenant", organisation="ada")
    house.clock.turn(timedelta(seconds=5))
    assert accept(house, new) is None


def test_a_token_counts_with_its_own_organisation_only(house: House) -> None:
    ada, eve = house.enter("ada"), house.enter("eve")
    token = house.invite(ada.access_token, "bob").token
    for forged in (token.replace(ada.organisation, eve.organisation), token[:-1], token.upper(), "..", ""):
        with pytest.raises(NotFound, match="INVITATION_NOT_FOUND"):
            accept(house, forged)


def test_an_invitation_of_another_organisation_cannot_be_withdrawn(house: House) -> None:
    ada, eve = house.enter("ada"), house.enter("eve")
    invited = house.invite(ada.access_token, "bob")
    with pytest.raises(NotFound):
        house.call("withdraw_invitation", eve.access_token, id=invited.id)
    assert accept(house, invited.token) is None


def test_who_is_new_needs_a_good_password_too(house: House) -> None:
    ada = house.enter("ada").access_token
    with pytest.raises(Invalid):
        accept(house, house.invite(ada, "bob").token, "password123")

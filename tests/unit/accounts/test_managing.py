"""Members, their roles, and the keys of programs: who may change whom."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from freehold.accounts.door import Issued
from freehold.accounts.records import ApiKey, Member
from freehold.model.data import Page
from freehold.model.ports import User
from freehold.runtime.failures import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from tests.unit.accounts.house import House

NOWHERE = "01900000-0000-7000-8000-000000000000"


def members(house: House, token: str) -> dict[str, str]:
    page = cast("Page[Member]", house.call("list_members", token, limit=200))
    return {member.name: member.role for member in page}


def key_of(house: House, token: str, role: str = "keeper") -> Issued:
    return cast("Issued", house.call("create_api_key", token, name="build", role=role))


def test_a_manager_gives_and_takes_roles_up_to_its_own(house: House) -> None:
    ada = house.enter("ada").access_token
    keeper = house.bring(ada, "keeper", "keeper").access_token
    guest = house.bring(keeper, "guest")
    house.call("change_role", keeper, id=guest.person, role="keeper")
    house.call("change_role", keeper, id=guest.person, role="guest")
    assert members(house, guest.access_token) == {"ada": "owner", "keeper": "keeper", "guest": "guest"}


@pytest.mark.parametrize(
    ("use_case", "inputs"),
    [
        ("change_role", {"role": "guest"}),
        ("remove_member", {}),
        ("link_identity", {"issuer": "https://id.test", "subject": "mine"}),
        ("unlink_identity", {}),
    ],
)
def test_a_manager_cannot_touch_who_is_above(house: House, use_case: str, inputs: dict[str, object]) -> None:
    ada = house.enter("ada")
    keeper = house.bring(ada.access_token, "keeper", "keeper").access_token
    with pytest.raises(Forbidden, match="ROLE_TOO_HIGH"):
        house.call(use_case, keeper, id=ada.person, **inputs)
    assert members(house, keeper)["ada"] == "owner"


@pytest.mark.parametrize(
    ("use_case", "inputs"),
    [("invite", {"email": "me@eve.test"}), ("create_api_key", {"name": "build"}), ("change_role", {"id": ""})],
)
def test_a_manager_cannot_give_more_than_it_has(house: House, use_case: str, inputs: dict[str, object]) -> None:
    ada = house.enter("ada").access_token
    keeper = house.bring(ada, "keeper", "keeper")
    inputs = {name: value or keeper.person for name, value in inputs.items()}
    with pytest.raises(Forbidden, match="ROLE_TOO_HIGH"):
        house.call(use_case, keeper.access_token, **inputs, role="owner")
    with pytest.raises(Invalid) as unknown:
        house.call(use_case, keeper.access_token, **inputs, role="emperor")
    assert [detail["loc"] for detail in unknown.value.details] == [["role"]]


def test_a_guest_manages_nobody(house: House) -> None:
    ada = house.enter("ada")
    guest = house.bring(ada.access_token, "guest")
    attempts: list[tuple[str, dict[str, object]]] = [
        ("change_role", {"id": guest.person, "role": "owner"}),
        ("remove_member", {"id": ada.person}),
        ("invite", {"email": "friend@eve.test", "role": "guest"}),
        ("list_invitations", {}),
        ("create_api_key", {"name": "build", "role": "guest"}),
        ("list_api_keys", {}),
    ]
    for use_case, inputs in attempts:
        with pytest.raises(Forbidden):
            house.call(use_case, guest.access_token, **inputs)


def test_members_of_another_organisation_are_absent(house: House) -> None:
    ada, eve = house.enter("ada"), house.enter("eve")
    answers = []
    for id in (ada.person, NOWHERE):
        with pytest.raises(NotFound) as refused:
            house.call("remove_member", eve.access_token, id=id)
        answers.append(str(refused.value))
    assert answers[0] == answers[1]
    assert members(house, ada.access_token) == {"ada": "owner"}


def test_the_last_owner_stays(house: House) -> None:
    ada = house.enter("ada")
    for use_case, inputs in (("change_role", {"role": "guest"}), ("remove_member", {})):
        with pytest.raises(Conflict, match="LAST_OWNER"):
            house.call(use_case, ada.access_token, id=ada.person, **inputs)
    bob = house.bring(ada.access_token, "bob", "owner")
    house.call("change_role", ada.access_token, id=ada.person, role="guest")
    with pytest.raises(Conflict, match="LAST_OWNER"):
        house.call("remove_member", bob.access_token, id=bob.person)


def test_two_owners_cannot_take_each_other_out_at_once(house: House) -> None:
    ada = house.enter("ada")
    bob = house.bring(ada.access_token, "bob", "owner")
    third = house.bring(ada.access_token, "keeper", "keeper")

    def take_out(by: str, whom: str) -> object:
        try:
            return house.call("change_role", by, id=whom, role="guest")
        except (Conflict, Forbidden) as refused:
            return refused.code

    for _ in range(10):
        with ThreadPoolExecutor(2) as pool:
            moves: list[Callable[[], object]] = [
                lambda: take_out(ada.access_token, bob.person),
                lambda: take_out(bob.access_token, ada.person),
            ]
            list(pool.map(lambda move: move(), moves))
        roles = members(house, third.access_token)
        assert "owner" in (roles["ada"], roles["bob"])
        left, gone = (ada, bob) if roles["ada"] == "owner" else (bob, ada)
        house.call("change_role", left.access_token, id=gone.person, role="owner")


def test_who_was_taken_out_is_out_at_the_next_call(house: House) -> None:
    ada = house.enter("ada").access_token
    bob = house.bring(ada, "bob")
    assert house.call("who_am_i", bob.access_token)
    house.call("remove_member", ada, id=bob.person)
    with pytest.raises(Unauthenticated):
        house.call("who_am_i", bob.access_token)


def test_a_lower_role_counts_at_the_next_call(house: House) -> None:
    ada = house.enter("ada").access_token
    bob = house.bring(ada, "bob", "keeper")
    assert house.call("list_invitations", bob.access_token) is not None
    house.call("change_role", ada, id=bob.person, role="guest")
    with pytest.raises(Forbidden):
        house.call("list_invitations", bob.access_token)


def test_a_key_acts_in_its_role_until_it_is_revoked(house: House) -> None:
    ada = house.enter("ada").access_token
    key = key_of(house, ada, "guest")
    me = cast("User", house.call("who_am_i", key.token))
    assert (me.id, me.name, me.email, me.role) == (key.id, "build", "", "guest")
    house.call("revoke_api_key", ada, id=key.id)
    with pytest.raises(Unauthenticated):
        house.call("who_am_i", key.token)


def test_a_key_manages_nobody_and_enters_no_organisation(house: House) -> None:
    ada = house.enter("ada")
    key = key_of(house, ada.access_token, "owner").token
    attempts: list[tuple[str, dict[str, object]]] = [
        ("create_api_key", {"name": "spare", "role": "guest"}),
        ("invite", {"email": "friend@eve.test", "role": "guest"}),
        ("remove_member", {"id": ada.person}),
    ]
    for use_case, inputs in attempts:
        with pytest.raises(Forbidden):
            house.call(use_case, key, **inputs)
    for use_case, inputs in [("my_organisations", {}), ("found_organisation", {"organisation": "more"})]:
        with pytest.raises(Unauthenticated):
            house.call(use_case, key, **inputs)


def test_a_key_opens_its_own_organisation_only(house: House) -> None:
    ada, eve = house.enter("ada"), house.enter("eve")
    key = key_of(house, ada.access_token).token
    with pytest.raises(Unauthenticated):
        house.call("who_am_i", key.replace(ada.organisation, eve.organisation))
    with pytest.raises(Unauthenticated):
        house.call("who_am_i", key[:-1] + ("a" if key[-1] != "a" else "b"))


def test_a_key_above_ones_own_role_cannot_be_revoked(house: House) -> None:
    ada = house.enter("ada").access_token
    keeper = house.bring(ada, "keeper", "keeper").access_token
    key = key_of(house, ada, "owner")
    with pytest.raises(Forbidden, match="ROLE_TOO_HIGH"):
        house.call("revoke_api_key", keeper, id=key.id)
    assert house.call("who_am_i", key.token)


def test_the_secret_of_a_key_is_shown_once_and_kept_nowhere(house: House) -> None:
    ada = house.enter("ada").access_token
    inputs = {"name": "build", "role": "guest"}
    made = house.answer("create_api_key", ada, idempotency_key="k", **inputs)
    secret = cast("Issued", made.value).token.rpartition(".")[2]
    again = house.answer("create_api_key", ada, idempotency_key="k", **inputs)
    listed = house.answer("list_api_keys", ada)
    assert secret.encode() in made.data
    assert again.replayed
    assert b'"token":""' in again.data
    assert secret.encode() not in listed.data
    assert b"secret" not in listed.data
    (kept,) = cast("Page[ApiKey]", listed.value)
    assert secret not in kept.secret


def test_what_an_identity_provider_calls_a_member_is_not_shown(house: House) -> None:
    ada = house.enter("ada")
    house.call("link_identity", ada.access_token, id=ada.person, issuer="https://id.test", subject="s-1")
    assert b"id.test" not in house.answer("list_members", ada.access_token).data


def test_an_identity_belongs_to_one_member(house: House) -> None:
    ada = house.enter("ada")
    bob = house.bring(ada.access_token, "bob")
    linked = {"issuer": "https://id.test", "subject": "s-1"}
    house.call("link_identity", ada.access_token, id=ada.person, **linked)
    with pytest.raises(Conflict, match="MEMBER_IDENTITY_TAKEN"):
        house.call("link_identity", ada.access_token, id=bob.person, **linked)
    house.call("unlink_identity", ada.access_token, id=ada.person)
    assert house.call("link_identity", ada.access_token, id=bob.person, **linked)

"""Signing up, in and out; refreshing, switching; and what keeps others from it."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from freehold.accounts.door import ACCESS_SECONDS, SESSION_LIFETIME, SignedIn
from freehold.accounts.records import Person, Session
from freehold.model.data import Id
from freehold.model.names import PLATFORM
from freehold.runtime.failures import Conflict, Forbidden, Invalid, Limited, NotFound, Unauthenticated
from freehold.runtime.scope import Scope
from freehold.settings import Settings
from freehold.testing import Caller, HandClock
from freehold.wiring import backend
from tests.unit.accounts.house import GOOD, House, app

SECRET = 32
"""Bytes of a fresh secret."""


def person(house: House, id: str) -> Person:
    with Scope(PLATFORM) as scope:
        unit = house.backend.runtime.begin(scope)
        found = unit.get(Person, id)
        unit.close()
    assert isinstance(found, Person)
    return found


def keep(house: House, kept: Person | Session) -> None:
    with Scope(PLATFORM) as scope:
        unit = house.backend.runtime.begin(scope)
        unit.save(kept)
        house.backend.database.commit([unit.changes()])
        unit.close()


def test_who_signs_up_owns_an_organisation_and_can_sign_in(house: House) -> None:
    place = house.sign_up("bob", "bobs")
    come_in = house.sign_in("bob")
    assert (place.slug, place.role) == ("bobs", "owner")
    me = house.call("who_am_i", come_in.access_token)
    assert (me.name, me.email, me.role) == ("bob", "bob@home.test", "owner")  # type: ignore[attr-defined]  # a User


def test_an_address_is_the_same_in_capitals(house: House) -> None:
    house.sign_up("bob")
    inputs = {"email": " BOB@Home.test ", "password": GOOD}
    assert house.call("sign_in", **inputs)
    with pytest.raises(Conflict, match="PERSON_EMAIL_TAKEN"):
        house.call("sign_up", **inputs, name="Bob", organisation="again")


def test_the_name_of_an_organisation_is_taken_once(house: House) -> None:
    house.sign_up("bob", "bobs")
    with pytest.raises(Conflict, match="ORGANISATION_SLUG_TAKEN"):
        house.sign_up("eve", "bobs")
    with pytest.raises(Unauthenticated):
        house.sign_in("eve")


@pytest.mark.parametrize("password", ["short", "password123", "P@ssw0rd1234", "qwertyuiop", "1234567890", "aaaaaaaaaa"])
def test_a_password_that_is_tried_first_is_refused(house: House, password: str) -> None:
    with pytest.raises(Invalid) as refused:
        house.call("sign_up", email="bob@home.test", password=password, name="Bob", organisation="bobs")
    assert [detail["loc"] for detail in refused.value.details] == [["password"]]


def test_a_wrong_password_and_an_unknown_person_are_answered_alike(house: House) -> None:
    house.sign_up("bob")
    with pytest.raises(Unauthenticated) as wrong:
        house.sign_in("bob", "not that one")
    with pytest.raises(Unauthenticated) as unknown:
        house.sign_in("nobody", "not that one")
    assert str(wrong.value) == str(unknown.value)


def test_guessing_locks_the_account_and_says_so_to_the_unknown_alike(house: House) -> None:
    house.sign_up("bob")
    waits = []
    for name in ("bob", "nobody"):
        for number in range(5):
            with pytest.raises(Unauthenticated):
                house.sign_in(name, "not that one", at=f"192.0.2.{number}")
        with pytest.raises(Limited) as locked:
            house.sign_in(name, at="198.51.100.1")
        waits.append(locked.value.retry_after)
    assert waits == [60.0, 60.0]
    house.clock.turn(timedelta(seconds=61))
    assert house.sign_in("bob")


def test_guessing_at_many_accounts_locks_the_address(house: House) -> None:
    house.sign_up("bob")
    for number in range(50):
        with pytest.raises(Unauthenticated):
            house.sign_in(f"guess{number}", "not that one", at="203.0.113.9")
    with pytest.raises(Limited):
        house.sign_in("bob", at="203.0.113.9")
    assert house.sign_in("bob", at="192.0.2.1")


def test_a_hash_that_is_weaker_than_todays_is_made_again_when_its_owner_comes_in(house: House) -> None:
    house.sign_up("bob")
    bob = person(house, house.sign_in("bob").person)
    bob.password = weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(GOOD)
    keep(house, bob)
    house.sign_in("bob")
    renewed = person(house, bob.id).password
    assert renewed != weak
    house.sign_in("bob")
    assert person(house, bob.id).password == renewed


def test_a_refresh_gives_new_tokens_and_the_old_one_ends_the_session(house: House) -> None:
    first = house.enter("bob")
    second = house.refresh(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    with pytest.raises(Unauthenticated, match="SESSION_OVER"):
        house.refresh(first.refresh_token)
    with pytest.raises(Unauthenticated, match="SESSION_OVER"):
        house.refresh(second.refresh_token)


def test_reuse_ends_one_session_and_not_the_others(house: House) -> None:
    here, there = house.enter("bob"), house.sign_in("bob")
    house.refresh(here.refresh_token)
    with pytest.raises(Unauthenticated):
        house.refresh(here.refresh_token)
    assert house.refresh(there.refresh_token)


def test_reuse_is_noticed_at_every_door_that_takes_the_token(house: House) -> None:
    first = house.enter("bob")
    second = house.refresh(first.refresh_token)
    with pytest.raises(Unauthenticated):
        house.call("switch", second.access_token, organisation="bob", token=first.refresh_token)
    with pytest.raises(Unauthenticated):
        house.refresh(second.refresh_token)


class Meeting:
    """Randomness for which two callers wait for one another, once it is armed."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(2, timeout=30)
        self.armed = False

    def bytes(self, count: int) -> bytes:
        if self.armed and count == SECRET:
            self.barrier.wait()
        return os.urandom(count)


def test_of_two_refreshes_at_once_one_goes_on_and_the_session_lives() -> None:
    meeting, clock = Meeting(), HandClock()
    made = backend(app, Settings(), memory=True, clock=clock, random=meeting)
    house = House(Caller(made, clock, "acme", "owner"))
    first = house.enter("bob")
    meeting.armed = True

    def refresh(_: int) -> SignedIn | str:
        try:
            return house.refresh(first.refresh_token)
        except Conflict as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(refresh, range(2)))
    meeting.armed = False
    assert [one for one in outcomes if isinstance(one, str)] == ["SESSION_CHANGED"]
    (won,) = [one for one in outcomes if not isinstance(one, str)]
    assert house.refresh(won.refresh_token)
    made.close()


def test_a_session_ends_after_its_time_however_often_it_was_refreshed(house: House) -> None:
    tokens = house.enter("bob")
    for _ in range(2):
        house.clock.turn(SESSION_LIFETIME / 2 - timedelta(hours=1))
        tokens = house.refresh(tokens.refresh_token)
    house.clock.turn(timedelta(hours=2))
    with pytest.raises(Unauthenticated):
        house.refresh(tokens.refresh_token)


@pytest.mark.parametrize("token", ["", ".", "a.b", "019b76da-a800-7000-8000-000000000000.x", "x" * 512])
def test_what_is_no_refresh_token_is_refused(house: House, token: str) -> None:
    with pytest.raises(Unauthenticated):
        house.refresh(token)
    assert house.call("sign_out", token=token) is None


def test_an_access_token_says_how_long_it_lives_and_lives_no_longer(house: House) -> None:
    tokens = house.enter("bob")
    assert tokens.expires_in == ACCESS_SECONDS
    house.clock.turn(timedelta(seconds=ACCESS_SECONDS - 1))
    assert house.call("who_am_i", tokens.access_token)
    house.clock.turn(timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        house.call("who_am_i", tokens.access_token)


def test_signing_out_ends_the_session(house: House) -> None:
    tokens = house.enter("bob")
    house.call("sign_out", token=f"{tokens.refresh_token.partition('.')[0]}.wrong")
    tokens = house.refresh(tokens.refresh_token)
    house.call("sign_out", token=tokens.refresh_token)
    with pytest.raises(Unauthenticated):
        house.refresh(tokens.refresh_token)


def test_somebody_in_two_organisations_switches_between_them(house: House) -> None:
    bob = house.enter("bob")
    house.call("found_organisation", bob.access_token, organisation="second")
    places = house.call("my_organisations", bob.access_token)
    assert [place.slug for place in places] == ["bob", "second"]  # type: ignore[attr-defined]  # a list
    there = house.switch(bob, "second")
    assert there.organisation != bob.organisation
    assert house.refresh(there.refresh_token).organisation == there.organisation


def test_nobody_switches_to_where_they_are_no_member(house: House) -> None:
    bob = house.enter("bob")
    answers = []
    for slug in ("acme", "nowhere"):
        with pytest.raises(NotFound) as refused:
            house.switch(bob, slug)
        answers.append(str(refused.value))
    assert answers[0] == answers[1]
    assert house.refresh(bob.refresh_token)


def test_nobody_switches_with_the_refresh_token_of_another(house: House) -> None:
    bob, eve = house.enter("bob"), house.enter("eve")
    with pytest.raises(Unauthenticated):
        house.call("switch", eve.access_token, organisation="eve", token=bob.refresh_token)
    assert house.refresh(bob.refresh_token).organisation == bob.organisation


def test_nobody_switches_to_a_suspended_organisation(house: House) -> None:
    bob = house.enter("bob")
    house.call("found_organisation", bob.access_token, organisation="second")
    house.operate("suspend_tenant", organisation="second")
    with pytest.raises(Forbidden, match="TENANT_SUSPENDED"):
        house.switch(bob, "second")


def test_who_was_taken_out_of_the_first_organisation_signs_in_to_the_next(house: House) -> None:
    ada, bob = house.enter("owner"), house.enter("bob")
    house.call("join_organisation", bob.access_token, token=house.invite(ada.access_token, "bob").token)
    bobs = person(house, bob.person)
    bobs.organisations.reverse()
    keep(house, bobs)
    assert house.sign_in("bob").organisation == ada.organisation
    house.call("remove_member", ada.access_token, id=bob.person)
    assert house.sign_in("bob").organisation == bob.organisation


def test_who_is_in_no_organisation_gets_a_token_that_opens_none(house: House) -> None:
    ada = house.enter("owner")
    bob = house.bring(ada.access_token, "bob")
    house.call("remove_member", ada.access_token, id=bob.person)
    alone = house.sign_in("bob")
    assert alone.organisation == ""
    with pytest.raises(Forbidden, match="NO_TENANT"):
        house.call("who_am_i", alone.access_token)
    assert house.call("my_organisations", alone.access_token) == []
    house.call("found_organisation", alone.access_token, organisation="own")
    assert house.sign_in("bob").organisation


def test_one_person_is_in_so_many_organisations_and_no_more(house: House) -> None:
    bob = house.enter("bob")
    bobs = person(house, bob.person)
    bobs.organisations += [Id(f"019b76da-a800-7000-8000-0000000000{number:02}") for number in range(10, 59)]
    keep(house, bobs)
    house.call("found_organisation", bob.access_token, organisation="second")
    assert len(person(house, bob.person).organisations) == 2


def test_a_replay_of_tokens_gives_none(house: House) -> None:
    bob = house.enter("bob")
    inputs = {"organisation": "bob", "token": bob.refresh_token}
    first = house.answer("switch", bob.access_token, idempotency_key="k", **inputs)
    again = house.answer("switch", bob.access_token, idempotency_key="k", **inputs)
    assert first.value.refresh_token.encode() in first.data  # type: ignore[attr-defined]  # SignedIn
    assert again.replayed
    assert b'"refresh_token":""' in again.data

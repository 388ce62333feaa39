"""What has expired is thrown away, and nothing else is."""

from datetime import timedelta

import pytest

from freehold.accounts import tidying
from freehold.accounts.door import INVITATION_LIFETIME, SESSION_LIFETIME
from freehold.accounts.records import Invitation, Session
from freehold.model.data import ALL, Entity, Paging
from freehold.model.lookup import lookups_of
from freehold.model.names import PLATFORM
from freehold.runtime.idempotency import LIFETIME, Receipts
from freehold.runtime.scope import Scope
from tests.unit.accounts.house import House

DAY = timedelta(days=1)
ENDING = next(iter(lookups_of(Receipts)))


def kept(house: House, ground: str, kind: type[Entity], *ids: str) -> list[bool]:
    with Scope(ground) as scope:
        unit = house.backend.runtime.begin(scope, writes=False)
        found = [unit.find(kind, id) is not None for id in ids]
        unit.close()
    return found


def receipts(house: House, ground: str) -> int:
    with Scope(ground) as scope:
        unit = house.backend.runtime.begin(scope, writes=False)
        found = unit.page(ENDING, [], ALL, Paging(200)).items
        unit.close()
    return len(found)


def test_sessions_are_thrown_away_when_they_are_over(house: House) -> None:
    house.ada.deliver()
    old = house.enter("bob").refresh_token.partition(".")[0]
    house.clock.turn(SESSION_LIFETIME - DAY)
    new = house.sign_in("bob").refresh_token.partition(".")[0]
    house.ada.deliver()
    assert kept(house, PLATFORM, Session, old, new) == [True, True]
    house.clock.turn(2 * DAY)
    house.ada.deliver()
    assert kept(house, PLATFORM, Session, old, new) == [False, True]


def test_invitations_are_thrown_away_when_they_are_over(house: House) -> None:
    house.ada.deliver()
    bob = house.enter("bob")
    old = house.invite(bob.access_token, "carl").id
    house.clock.turn(INVITATION_LIFETIME - DAY)
    new = house.invite(house.sign_in("bob").access_token, "dora").id
    house.clock.turn(2 * DAY)
    house.ada.deliver()
    assert kept(house, bob.organisation, Invitation, old, new) == [False, True]


def test_kept_answers_are_thrown_away_wherever_they_lie(house: House) -> None:
    house.ada.deliver()
    bob = house.enter("bob")
    house.answer("invite", bob.access_token, idempotency_key="a", email="carl@home.test", role="guest")
    house.answer("found_organisation", bob.access_token, idempotency_key="a", organisation="second")
    assert (receipts(house, bob.organisation), receipts(house, PLATFORM)) == (1, 1)
    house.clock.turn(LIFETIME + DAY)
    house.ada.deliver()
    assert (receipts(house, bob.organisation), receipts(house, PLATFORM)) == (0, 0)


def test_more_than_one_transaction_should_take_is_taken_in_several(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "MOST", 4)
    monkeypatch.setattr(tidying, "PAGE", 2)
    house.ada.deliver()
    bob = house.enter("bob")
    ids = [house.invite(bob.access_token, f"guest{number}").id for number in range(11)]
    house.clock.turn(INVITATION_LIFETIME + DAY)
    house.ada.deliver()
    assert not any(kept(house, bob.organisation, Invitation, *ids))

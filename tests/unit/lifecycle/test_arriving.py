"""Where a tenant arrives somebody serves: its events are not touched before it is there. Or it does not arrive."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from freehold.lifecycle.archive import Archive
from freehold.lifecycle.importing import bring_in
from freehold.lifecycle.moving import move
from freehold.lifecycle.platform import Platform
from freehold.model.finding import ModelError
from freehold.runtime.outbox import Delivery
from tests.unit.lifecycle.place import NOW, Place

LATER = timedelta(seconds=5)


def test_events_of_a_tenant_that_is_brought_in_wait_until_it_is_there(there: Place, file: Path) -> None:
    tried = list[int]()
    there.clock.turn(LATER)
    with Archive(file) as archive:
        bring_in(there.of, archive, progress=lambda *_: tried.append(there.backend.courier.deliver_due()))
    acme = there.tenant("acme")
    assert tried
    assert not any(tried)
    assert {one.version for one in there.all(Delivery, acme.id)} == {1}
    there.clock.turn(LATER)
    there.deliver()
    assert there.all(Delivery, acme.id) == []


def test_events_of_a_tenant_that_moves_are_delivered_where_it_arrives(here: Place, there: Place) -> None:
    there.clock.turn(LATER)
    waiting = here.all(Delivery, here.tenant("acme").id)
    acme = move(here.of, here.tenant("acme"), there.of, grace=NOW, progress=lambda *_: there.deliver()).organisation
    assert waiting
    assert there.all(Delivery, acme.id) == waiting
    there.clock.turn(LATER)
    there.deliver()
    assert there.all(Delivery, acme.id) == []


def test_all_that_a_move_does_is_noted_as_a_move(here: Place, there: Place) -> None:
    with pytest.raises(InterruptedError):
        move(here.of, here.tenant("acme"), there.of, grace=NOW, progress=_interrupt)
    move(here.of, here.tenant("acme"), there.of, grace=NOW)
    noted = there.noted()
    assert {one["case"] for one in noted} == {"move_tenant"}
    assert any(one["outcome"] == "undone" for one in noted)
    assert "Person" in str(noted)


def _interrupt(what: str, count: int) -> None:
    raise InterruptedError


def test_a_tenant_is_not_moved_to_where_it_is(here: Place) -> None:
    before = here.digest(here.tenant("acme").id)
    with pytest.raises(ModelError, match="the tenant is there, as acme"):
        move(here.of, here.tenant("acme"), here.of, grace=NOW)
    assert (here.tenant("acme").state, here.digest(here.tenant("acme").id)) == ("active", before)


def test_a_tenant_goes_on_where_it_was_when_its_destination_is_out_of_reach(here: Place, there: Place) -> None:
    states = list[str]()

    def cut(what: str, count: int) -> None:
        states.append(here.tenant("acme").state)
        if states[-1] == "suspended":
            there.backend.close()
        else:
            here.member("acme").answer("create_project", name=f"{what} {count}")

    with pytest.raises(Exception, match="closed"):
        move(here.of, here.tenant("acme"), there.of, grace=NOW, progress=cut)
    assert states[-1] == "suspended"
    assert here.tenant("acme").state == "active"


@pytest.mark.parametrize("fails", [False, True])
def test_a_tenant_that_is_suspended_while_it_is_moved_stays_suspended(
    here: Place, there: Place, *, fails: bool
) -> None:
    platform, acme = Platform(here.of), here.tenant("acme")

    def suspend(_what: str, _count: int) -> None:
        if platform.organisation(acme.id) != acme:
            return
        platform.become(acme.id, "suspended", "suspend_tenant")
        if fails:
            raise InterruptedError

    with suppress(InterruptedError):
        move(here.of, acme, there.of, grace=NOW, progress=suspend)
    assert (here if fails else there).tenant("acme").state == "suspended"

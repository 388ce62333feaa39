"""Where a tenant arrives somebody serves: its events are not touched before it is there."""

from datetime import timedelta
from pathlib import Path

from freehold.lifecycle.archive import Archive
from freehold.lifecycle.imports import bring_in
from freehold.lifecycle.moving import move
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

"""Deliveries lie on their tenant's ground; which grounds have some that are due is all that can be asked across."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from freehold.runtime.outbox import IN_STATE, Delivery
from freehold.runtime.ports import Span, Stale, Verb
from freehold.testing.contract.stage import Stage, raised, same


def a_ground_with_deliveries_due_is_busy(stage: Stage) -> None:
    """A tenant is busy from the moment a delivery is due until none is left; others are not busy with it."""
    delivery = _delivery(stage, seconds=10)
    stage.write(stage.acme, Verb.ADD, delivery)
    assert not _busy(stage, stage.acme, seconds=9)
    assert _busy(stage, stage.acme, seconds=10)
    assert _busy(stage, stage.acme, seconds=11)
    assert not _busy(stage, stage.globex, seconds=11)
    stage.write(stage.acme, Verb.REMOVE, delivery)
    assert not _busy(stage, stage.acme, seconds=11)


def a_ground_is_busy_once(stage: Stage) -> None:
    """However many deliveries are due on a ground, it is named once."""
    stage.write(stage.acme, Verb.ADD, *(_delivery(stage, seconds=-number) for number in range(9)))
    stage.write(stage.globex, Verb.ADD, _delivery(stage))
    grounds = stage.database.busy_grounds(stage.clock.now())
    assert (grounds.count(stage.acme), grounds.count(stage.globex)) == (1, 1)


def one_crowded_ground_hides_no_other(stage: Stage) -> None:
    """A ground with very many deliveries does not keep others from being seen."""
    for _ in range(15):
        stage.write(stage.acme, Verb.ADD, *(_delivery(stage, seconds=-number) for number in range(90)))
    stage.write(stage.globex, Verb.ADD, _delivery(stage))
    assert _busy(stage, stage.globex)


def the_dead_make_nobody_busy(stage: Stage) -> None:
    """A delivery that is dead waits for somebody to look at it: it makes no ground busy."""
    stage.write(stage.acme, Verb.ADD, _delivery(stage, state="dead"))
    assert not _busy(stage, stage.acme, seconds=100)


def a_postponed_delivery_is_due_later(stage: Stage) -> None:
    """A delivery that is put back makes its ground busy when it is due again, and dead when it is dead."""
    delivery = _delivery(stage)
    stage.write(stage.acme, Verb.ADD, delivery)
    later = stage.save(stage.acme, delivery, due=stage.clock.now() + timedelta(seconds=5), tries=1)
    assert not _busy(stage, stage.acme)
    assert _busy(stage, stage.acme, seconds=5)
    stage.save(stage.acme, later, state="dead")
    assert not _busy(stage, stage.acme, seconds=5)


def deliveries_are_listed_by_their_time(stage: Stage) -> None:
    """The most urgent come first; those that are due by now are those before the next microsecond."""
    late, now, soon = (_delivery(stage, seconds=seconds) for seconds in (-1, 0, 1))
    stage.write(stage.acme, Verb.ADD, soon, now, late)
    stop = stage.clock.now() + timedelta(microseconds=1)
    assert same(stage.page(stage.acme, IN_STATE, ["waiting"], Span(9, stop=stop)), [late, now])
    assert same(stage.page(stage.acme, IN_STATE, ["waiting"]), [late, now, soon])


def a_delivery_is_taken_once(stage: Stage) -> None:
    """Of several who take the same delivery off at the same time, exactly one does."""
    delivery = _delivery(stage)
    stage.write(stage.acme, Verb.ADD, delivery)

    def take(_: int) -> bool:
        try:
            stage.write(stage.acme, Verb.REMOVE, delivery)
        except Stale:
            return False
        return True

    assert stage.together(take).count(True) == 1
    raised(Stale, stage.write, stage.acme, Verb.REMOVE, delivery)


def _delivery(stage: Stage, *, seconds: float = 0, state: Literal["waiting", "dead"] = "waiting") -> Delivery:
    due = stage.clock.now() + timedelta(seconds=seconds)
    return Delivery(id=stage.new_id(), handler="h", event="E", payload="{}", call="c", due=due, state=state)


def _busy(stage: Stage, tenant: str, *, seconds: float = 0) -> bool:
    return tenant in stage.database.busy_grounds(stage.clock.now() + timedelta(seconds=seconds))

"""What was acknowledged is there when the store is opened again."""

from __future__ import annotations

from freehold.runtime.outbox import Delivery
from freehold.runtime.ports import Stale, Taken, Verb
from freehold.testing.contract.stage import Stage, raised
from freehold.testing.contract.subjects import Match, Team, Thing


def everything_outlives_a_restart(stage: Stage) -> None:
    """Entities, unique values, versions, deliveries and the audit chain are as they were."""
    team = stage.add(stage.acme, Team(name="Rovers", code="R"))
    saved = stage.save(stage.acme, team, name="City")
    match, thing = stage.add(stage.acme, Match(home=team.id)), stage.add(stage.acme, Thing(labels=["a"], wish="w"))
    delivery = Delivery(id=stage.new_id(), handler="h", event="E", payload="{}", call="c", due=stage.clock.now())
    stage.write(stage.acme, Verb.ADD, delivery, entry={"actor": "ada"})
    texts = stage.audit(stage.acme)
    stage.reopen()
    assert [stage.get(stage.acme, kept) for kept in (saved, match, thing, delivery)] == [saved, match, thing, delivery]
    assert stage.audit(stage.acme) == texts
    assert stage.acme in stage.database.busy_grounds(stage.clock.now())
    raised(Taken, stage.add, stage.acme, Team(name="United", code="R"))
    raised(Stale, stage.save, stage.acme, team, name="United")


def what_was_removed_stays_away(stage: Stage) -> None:
    """What was removed does not come back, nor does what was within it."""
    team = stage.add(stage.acme, Team(name="Rovers", code="R"))
    match = stage.add(stage.acme, Match(home=team.id))
    stage.remove(stage.acme, team)
    stage.reopen()
    assert not stage.has(stage.acme, team)
    assert not stage.has(stage.acme, match)
    stage.add(stage.acme, Team(name="Rovers", code="R"))


def the_chain_goes_on_after_a_restart(stage: Stage) -> None:
    """The audit chain goes on where it was."""
    for number in range(3):
        stage.write(stage.acme, Verb.ADD, Team(id=stage.new_id(), name=str(number)), entry={"number": number})
        stage.reopen()
    assert len(stage.audit(stage.acme)) == 3

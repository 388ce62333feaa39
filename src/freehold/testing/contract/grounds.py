"""Every tenant on its own ground: the same ids and values in two tenants, and nothing ever crosses."""

from __future__ import annotations

from freehold.model.data import Entity
from freehold.runtime.outbox import Delivery
from freehold.runtime.ports import Span, Stale, Verb
from freehold.testing.contract.stage import Stage, raised, same
from freehold.testing.contract.subjects import SORTED, Goal, Match, Player, Sample, Team, Thing


def the_same_ids_are_different_entities(stage: Stage) -> None:
    """Under the same id each tenant finds its own, of every kind."""
    ours, theirs = _twins(stage)
    for mine, other in zip(ours, theirs, strict=True):
        assert stage.get(stage.acme, mine) == mine
        assert stage.get(stage.globex, other) == other
        assert mine.id == other.id


def another_tenants_entity_is_like_none(stage: Stage) -> None:
    """What only another tenant has is found neither by id nor by any lookup."""
    team = stage.add(stage.globex, Team(name="Rovers", code="R"))
    player = stage.add(stage.globex, Player(team=team.id))
    sample = stage.add(stage.globex, Sample())
    assert not any(stage.has(stage.acme, theirs) for theirs in (team, player, sample))
    assert stage.page(stage.acme, "Teams.by_code", ["R"]) == []
    assert stage.page(stage.acme, "Teams.all", []) == []
    assert stage.page(stage.acme, "Players.of", [team.id]) == []
    for lookup in SORTED:
        value = getattr(sample, lookup.order)
        assert stage.page(stage.acme, lookup, ["box"], Span(9)) == []
        if value is not None:
            assert stage.page(stage.acme, lookup, ["box"], Span(9, start=value)) == []


def saving_changes_ones_own_only(stage: Stage) -> None:
    """Saving under an id that another tenant has as well changes one's own."""
    ours, theirs = _twins(stage)
    for mine, other in zip(ours, theirs, strict=True):
        stage.write(stage.acme, Verb.SAVE, mine)
        assert stage.get(stage.acme, mine).version == mine.version + 1
        assert stage.get(stage.globex, other) == other


def removing_removes_ones_own_only(stage: Stage) -> None:
    """So does removing, with what is within."""
    ours, theirs = _twins(stage)
    for mine in ours:
        if stage.has(stage.acme, mine):
            stage.remove(stage.acme, mine)
    assert not any(stage.has(stage.acme, mine) for mine in ours)
    assert all(stage.get(stage.globex, other) == other for other in theirs)


def another_tenants_entity_cannot_be_written(stage: Stage) -> None:
    """Saving or removing what only another tenant has is stale, as for what is not there at all."""
    theirs = stage.add(stage.globex, Team(name="Rovers"))
    raised(Stale, stage.write, stage.acme, Verb.SAVE, theirs)
    raised(Stale, stage.write, stage.acme, Verb.REMOVE, theirs)
    assert stage.get(stage.globex, theirs) == theirs
    assert not stage.has(stage.acme, theirs)


def lists_hold_ones_own_only(stage: Stage) -> None:
    """A list holds one's own, however the tenants' entities lie between one another."""
    ours, theirs = [], []
    for number in range(10):
        ours.append(stage.add(stage.acme, Sample(whole=number)))
        theirs.append(stage.add(stage.globex, Sample(whole=number)))
    for lookup in SORTED[:4]:
        for tenant, expected in ((stage.acme, ours), (stage.globex, theirs)):
            found = list(stage.walk(tenant, lookup, ["box"], 3))
            assert sorted(sample.id for sample in found) == [sample.id for sample in expected], lookup.name


def a_place_in_another_tenants_list_shows_ones_own(stage: Stage) -> None:
    """A place to go on from, taken from another tenant's list, leads to nothing of theirs."""
    theirs = stage.add_all(stage.globex, [Team(name=str(number)) for number in range(3)])
    ours = stage.add_all(stage.acme, [Team(name=str(number)) for number in range(3)])
    after = (theirs[0].id, theirs[0].id)
    assert same(stage.page(stage.acme, "Teams.all", [], Span(9, after=after)), ours)


def tenants_whose_ids_are_alike_stay_apart(stage: Stage) -> None:
    """Tenants whose ids differ in one place only are different tenants."""
    for position in (0, 7, -1):
        digit = stage.acme[position]
        near = list(stage.acme)
        near[position] = "0" if digit != "0" else "1"
        neighbour = "".join(near)
        team = stage.add(stage.acme, Team(name=f"team {position}"))
        assert stage.find(neighbour, Team, team.id) is None
        assert stage.page(neighbour, "Teams.all", []) == []


def tenants_stay_apart_in_a_crowd(stage: Stage) -> None:
    """Calls of different tenants at the same time, on the same ids, each see their own."""
    tenants = [stage.tenant() for _ in range(8)]
    ids = [stage.new_id() for _ in range(5)]

    def work(number: int) -> bool:
        tenant = tenants[number]
        for id in ids:
            stage.add(tenant, Team(id=id, name=f"{id} of {tenant}", code=id))
        found = [stage.find(tenant, Team, id) for id in ids]
        listed = stage.page(tenant, "Teams.all", [])
        looked = [stage.page(tenant, "Teams.by_code", [id])[0] for id in ids]
        return all(isinstance(team, Team) and team.name.endswith(tenant) for team in (*found, *listed, *looked))

    assert all(stage.together(work, len(tenants)))


def _twins(stage: Stage) -> tuple[list[Entity], list[Entity]]:
    """The same ids on two grounds, of several kinds, with what is kept in each saying whose it is."""
    made = []
    shared = [stage.new_id() for _ in range(7)]
    for tenant in (stage.acme, stage.globex):
        team = Team(id=shared[0], name=f"team of {tenant}", code="R")
        player = Player(id=shared[1], name=f"player of {tenant}", team=team.id)
        match = Match(id=shared[2], home=team.id, best=player.id)
        goal = Goal(id=shared[3], match=match.id)
        sample = Sample(id=shared[4], text=f"sample of {tenant}")
        thing = Thing(id=shared[5], text=f"thing of {tenant}")
        due = stage.clock.now()
        delivery = Delivery(id=shared[6], handler="h", event="E", payload=tenant, call="c", due=due)
        entities: list[Entity] = [team, player, match, goal, sample, thing, delivery]
        stage.write(tenant, Verb.ADD, *entities)
        made.append(entities)
    return made[0], made[1]

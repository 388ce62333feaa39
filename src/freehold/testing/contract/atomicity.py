"""All or nothing: what one call writes, on however many grounds, is kept together or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from freehold.model.data import Entity
from freehold.runtime.failures import Invalid
from freehold.runtime.outbox import Delivery
from freehold.runtime.ports import Changes, Dangling, Stale, Taken, Verb, Write
from freehold.runtime.scope import Scope
from freehold.testing.contract.stage import Stage, changes, raised
from freehold.testing.contract.subjects import Match, Player, Team

ENTRY = {"actor": "ada", "case": "test"}


def a_call_is_kept_whole(stage: Stage) -> None:
    """Adding, saving and removing in one call are all kept, with the note of it in the audit chain."""
    saved, removed = stage.add_all(stage.acme, [Team(name="Rovers"), Team(name="City")])
    added = Team(name="United")
    with stage.unit(stage.acme) as unit:
        unit.add(added)
        unit.save(saved.model_copy(update={"name": "Wanderers"}))
        unit.remove(Team, removed.id)
        part = unit.changes()
        part.entry = ENTRY
        stage.database.commit([part])
    assert stage.has(stage.acme, added)
    assert stage.get(stage.acme, saved).name == "Wanderers"
    assert not stage.has(stage.acme, removed)
    assert len(stage.audit(stage.acme)) == 1


def a_failing_write_undoes_the_others(stage: Stage) -> None:
    """Whichever write of a call fails, first, last or between, and for whatever reason: none of them is kept."""
    team = stage.add(stage.acme, Team(name="Rovers", code="R"))
    wrong: dict[type[Exception], Callable[[], Write]] = {
        Stale: lambda: _save(team, 7),
        Taken: lambda: _add(stage, Team(name="City", code="R")),
        Dangling: lambda: _add(stage, Match(home=stage.new_id())),
        Invalid: lambda: _add(stage, Player(goals=2**63)),
    }
    for reason, write in wrong.items():
        for position in range(3):
            players = [Player(id=stage.new_id()), Player(id=stage.new_id())]
            with Scope(stage.acme) as scope:
                part = changes(scope, Verb.ADD, *players, entry=ENTRY)
                part.writes.insert(position, write())
                raised(reason, stage.database.commit, [part])
            assert not any(stage.has(stage.acme, player) for player in players), f"{reason.__name__} at {position}"
    assert stage.audit(stage.acme) == []
    assert stage.get(stage.acme, team) == team


def two_grounds_are_written_together(stage: Stage) -> None:
    """A call that writes on two tenants' grounds writes on both, each with its own note."""
    teams = _on_both(stage)
    assert all(stage.has(tenant, team) for tenant, team in teams.items())
    assert [len(stage.audit(tenant)) for tenant in teams] == [1, 1]


def two_parts_of_one_ground_are_written_in_their_order(stage: Stage) -> None:
    """What the first part lets go of, the second may take: an entity, a unique value, and a place in the chain."""
    team = stage.add(stage.acme, Team(name="Rovers", code="R"))
    heir = Team(id=stage.new_id(), name="City", code="R", version=1)
    with Scope(stage.acme) as scope:
        renamed = team.model_copy(update={"code": None, "version": 2})
        first = Changes(scope, [Write(Verb.SAVE, Team, renamed, 1)], [], ENTRY)
        second = Changes(
            scope, [Write(Verb.SAVE, Team, renamed.model_copy(update={"version": 3}), 2), _add(stage, heir)], [], ENTRY
        )
        stage.database.commit([first, second])
    assert (stage.get(stage.acme, team).version, stage.get(stage.acme, team).code) == (3, None)
    assert [found.id for found in stage.page(stage.acme, "Teams.by_code", ["R"])] == [heir.id]
    assert len(stage.audit(stage.acme)) == 2  # one each


def a_failure_on_one_ground_undoes_the_other(stage: Stage) -> None:
    """When a call fails on one of two grounds, the first or the second, nothing is kept on either."""
    for failing in (stage.globex, stage.acme):
        stage.add(failing, Team(name=f"in the way {failing}", code=failing))
        raised(Taken, _on_both, stage, failing)
    for tenant in (stage.acme, stage.globex):
        assert len(stage.page(tenant, "Teams.all", [])) == 1
        assert stage.audit(tenant) == []


def a_failing_call_leaves_no_deliveries(stage: Stage) -> None:
    """What a failed call would have put into the outbox is not there."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    delivery = Delivery(id=stage.new_id(), handler="h", event="E", payload="{}", call="c", due=stage.clock.now())
    with Scope(stage.acme) as scope:
        part = changes(scope, Verb.ADD, delivery)
        part.writes.append(_save(team, 9))
        raised(Stale, stage.database.commit, [part])
    assert not stage.has(stage.acme, delivery)
    assert stage.acme not in stage.database.busy_grounds(stage.clock.now())


def a_call_that_writes_nothing_may_leave_a_note(stage: Stage) -> None:
    """A refusal is noted though nothing is written; and nothing at all can be committed as well."""
    with Scope(stage.acme) as scope:
        stage.database.commit([Changes(scope, [], [], ENTRY)])
        stage.database.commit([Changes(scope, [], [])])
        stage.database.commit([])
    assert len(stage.audit(stage.acme)) == 1


def a_failing_call_takes_nobody_with_it(stage: Stage) -> None:
    """Of calls that commit at the same time, those that fail fail alone."""
    stage.add(stage.acme, Team(name="Rovers", code="R"))

    def add(number: int) -> list[tuple[bool, Team]]:
        return [_try(stage, Team(name=f"{number} {turn}", code="R" if number % 2 else None)) for turn in range(10)]

    outcomes = [outcome for outcomes in stage.together(add) for outcome in outcomes]
    assert all(kept == (team.code is None) == stage.has(stage.acme, team) for kept, team in outcomes)


def many_writes_fit_into_one_call(stage: Stage) -> None:
    """A call may write ninety entities, as a bulk command does."""
    players = stage.add_all(stage.acme, [Player(goals=number) for number in range(90)])
    with stage.call(stage.acme) as unit:
        for player in players:
            unit.save(player.model_copy(update={"name": "saved"}))
    found = stage.page(stage.acme, "Players.of", [None])
    assert [(player.id, player.version) for player in found] == [(player.id, 2) for player in reversed(players)]


def _on_both(stage: Stage, code: str | None = None) -> dict[str, Team]:
    """Add a team on each ground, in one commit."""
    teams = {tenant: Team(id=stage.new_id(), name="Rovers", code=code) for tenant in (stage.acme, stage.globex)}
    with ExitStack() as scopes:
        parts = [
            changes(scopes.enter_context(Scope(tenant)), Verb.ADD, team, entry=ENTRY) for tenant, team in teams.items()
        ]
        stage.database.commit(parts)
    return teams


def _try(stage: Stage, team: Team) -> tuple[bool, Team]:
    try:
        stage.add(stage.acme, team)
    except Taken:
        return False, team
    return True, team


def _add(stage: Stage, entity: Entity) -> Write:
    entity.id, entity.version = entity.id or stage.new_id(), 1
    return Write(Verb.ADD, type(entity), entity, 0)


def _save(entity: Entity, version: int) -> Write:
    return Write(Verb.SAVE, type(entity), entity.model_copy(update={"version": version + 1}), version)

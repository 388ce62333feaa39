"""`exclusively`: reading and writing while nobody else writes on the same ground."""

from __future__ import annotations

from collections.abc import Callable

from freehold.model.data import ALL, Paging
from freehold.runtime.failures import Conflict, TenantScopeMissing
from freehold.runtime.ports import Changes, Snapshot, Stale, Taken
from freehold.runtime.scope import Scope
from freehold.runtime.unit import Unit
from freehold.testing.contract.stage import THREADS, Stage, raised
from freehold.testing.contract.subjects import Player, Team, pattern


def work_alone_is_kept(stage: Stage) -> None:
    """What the work returns is committed; it sees what is there, by id and by lookup."""
    player = stage.add(stage.acme, Player(goals=1))

    stage.alone(stage.acme, _scoring(player))
    assert stage.get(stage.acme, player).goals == 2


def nobody_loses_a_race_alone(stage: Stage) -> None:
    """Many who count upwards at the same time, each alone, lose nothing and are never stale."""
    player = stage.add(stage.acme, Player())

    def work(_: int) -> None:
        for _turn in range(10):
            stage.alone(stage.acme, _scoring(player))

    stage.together(work)
    assert stage.get(stage.acme, player).goals == THREADS * 10


def nobody_writes_meanwhile(stage: Stage) -> None:
    """Whoever commits beside work that is done alone comes before it or after it: nothing is overwritten."""
    player = stage.add(stage.acme, Player())
    tried = 20

    def work(number: int) -> int:
        if number % 2:
            for _ in range(tried):
                stage.alone(stage.acme, _scoring(player))
            return tried
        return sum(_score(stage, player) for _ in range(tried))

    counted = sum(stage.together(work))
    assert stage.get(stage.acme, player).goals == counted


def failing_work_alone_keeps_nothing(stage: Stage) -> None:
    """What the work raises comes out as it is, and nothing is kept; so does what its changes run into."""
    stage.add(stage.acme, Team(name="Rovers", code="R"))
    player = Player()

    def refuse(unit: Unit) -> None:
        unit.add(player)
        raise Conflict("NO", "Not today.")

    error = raised(Conflict, stage.alone, stage.acme, refuse)
    assert error.code == "NO"
    raised(Taken, stage.alone, stage.acme, lambda unit: unit.add(Team(name="City", code="R")))
    assert not stage.has(stage.acme, player)
    assert len(stage.page(stage.acme, "Teams.all", [])) == 1


def work_alone_sees_its_own_ground_only(stage: Stage) -> None:
    """Who works alone on one ground sees nothing of another, under whatever id."""
    team = stage.add(stage.globex, Team(name="Rovers", code="R"))
    seen: list[object] = []

    def look(unit: Unit) -> None:
        seen.extend([unit.find(Team, team.id), *unit.page(pattern("Teams.all"), [], ALL, Paging(9))])

    stage.alone(stage.acme, look)
    assert seen == [None]


def a_view_does_not_outlive_its_work(stage: Stage) -> None:
    """The view that the work was given refuses once its scope is closed."""
    kept: list[Snapshot] = []

    def keep(snapshot: Snapshot) -> list[Changes]:
        kept.append(snapshot)
        return []

    with Scope(stage.acme) as scope:
        stage.database.exclusively(scope, keep)
    raised(TenantScopeMissing, kept[0].get, Team, stage.new_id())


def _scoring(player: Player) -> Callable[[Unit], object]:
    def score(unit: Unit) -> None:
        found = unit.get(Player, player.id)
        assert isinstance(found, Player)
        unit.save(found.model_copy(update={"goals": found.goals + 1}))

    return score


def _score(stage: Stage, player: Player) -> int:
    try:
        found = stage.get(stage.acme, player)
        stage.save(stage.acme, found, goals=found.goals + 1)
    except Stale:
        return 0
    return 1

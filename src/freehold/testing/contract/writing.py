"""Adding, saving and removing; and what happens when two do so at once."""

from __future__ import annotations

from datetime import timedelta

from freehold.runtime.ports import Stale, Taken, Verb
from freehold.testing.contract.stage import THREADS, Stage, raised
from freehold.testing.contract.subjects import Player, Team


def a_save_makes_the_next_version(stage: Stage) -> None:
    """A saved entity is the same one, in the next version, changed at another time."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    stage.clock.turn(timedelta(seconds=1))
    saved = stage.save(stage.acme, team, name="City")
    read = stage.get(stage.acme, team)
    assert (read.name, read.version, read.created_at) == ("City", 2, team.created_at)
    assert read.updated_at == team.updated_at + timedelta(seconds=1)
    assert read == saved


def a_save_of_an_old_version_is_stale(stage: Stage) -> None:
    """Who saves what somebody else has saved since is told so, and changes nothing."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    stage.save(stage.acme, team, name="City")
    error = raised(Stale, stage.save, stage.acme, team, name="United")
    assert error.kind is Team
    assert stage.get(stage.acme, team).name == "City"


def a_removal_of_an_old_version_is_stale(stage: Stage) -> None:
    """So is removing what was saved since."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    stage.save(stage.acme, team, name="City")
    raised(Stale, stage.remove, stage.acme, team)
    assert stage.has(stage.acme, team)


def what_is_gone_is_stale(stage: Stage) -> None:
    """Saving or removing what was removed, or was never there, is stale too."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    stage.remove(stage.acme, team)
    assert not stage.has(stage.acme, team)
    raised(Stale, stage.save, stage.acme, team, name="City")
    raised(Stale, stage.remove, stage.acme, team)
    raised(Stale, stage.remove, stage.acme, Team(id=stage.new_id(), version=1, name="nobody"))
    assert not stage.has(stage.acme, team)


def an_id_is_taken_once(stage: Stage) -> None:
    """A second entity with the same id is refused, and the first one stays as it was."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    error = raised(Taken, stage.add, stage.acme, Team(id=team.id, name="City"))
    assert (error.kind, error.lookup) == (Team, None)
    assert stage.get(stage.acme, team).name == "Rovers"


def an_id_can_be_used_again(stage: Stage) -> None:
    """What was removed leaves nothing behind: its id begins at version 1 again, with nothing of the one before."""
    team = stage.add(stage.acme, Team(name="Rovers", code="R"))
    saved = stage.save(stage.acme, team, name="City")
    stage.remove(stage.acme, saved)
    again = stage.add(stage.acme, Team(id=team.id, name="United"))
    assert stage.get(stage.acme, again) == again
    assert (again.version, again.code) == (1, None)
    assert stage.page(stage.acme, "Teams.by_code", ["R"]) == []


def of_many_saves_one_wins(stage: Stage) -> None:
    """Of several who save the same version at the same time, exactly one is told that it worked, and it did."""
    team = stage.add(stage.acme, Team(name="nobody"))

    def save(number: int) -> str | None:
        try:
            stage.save(stage.acme, team, name=f"thread {number}")
        except Stale:
            return None
        return f"thread {number}"

    won = [name for name in stage.together(save) if name]
    assert won == [stage.get(stage.acme, team).name]


def of_many_adds_one_wins(stage: Stage) -> None:
    """Of several who add under the same id at the same time, exactly one does."""
    id = stage.new_id()

    def add(number: int) -> bool:
        try:
            stage.add(stage.acme, Player(id=id, goals=number))
        except Taken:
            return False
        return True

    assert stage.together(add).count(True) == 1


def saves_and_removals_do_not_both_win(stage: Stage) -> None:
    """When one saves and another removes the same version, one of them is stale."""
    for _ in range(5):
        team = stage.add(stage.acme, Team(name="Rovers"))

        def change(number: int, team: Team = team) -> bool:
            verb = Verb.SAVE if number else Verb.REMOVE
            try:
                stage.write(stage.acme, verb, team)
            except Stale:
                return False
            return True

        removed, saved = stage.together(change, 2)
        assert removed != saved
        assert stage.has(stage.acme, team) == saved
        if saved:
            stage.remove(stage.acme, stage.get(stage.acme, team))


def nothing_is_lost_in_a_crowd(stage: Stage) -> None:
    """What many add at the same time is all there afterwards."""

    def add(number: int) -> list[Player]:
        return [stage.add(stage.acme, Player(name=f"{number}-{turn}")) for turn in range(10)]

    added = [player for players in stage.together(add) for player in players]
    assert len(added) == THREADS * 10
    assert all(stage.get(stage.acme, player) == player for player in added)
    assert len(stage.page(stage.acme, "Players.of", [None])) == len(added)

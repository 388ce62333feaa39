"""References to other entities, and children that live and die with their parent."""

from __future__ import annotations

from freehold.runtime.ports import Changes, Dangling, Stale, Verb, Write
from freehold.runtime.scope import Scope
from freehold.testing.contract.stage import Stage, changes, raised, same
from freehold.testing.contract.subjects import Goal, Match, Player, Team


def a_reference_must_name_something(stage: Stage) -> None:
    """An entity that names what is not there is refused, with the field that names it."""
    nobody = stage.new_id()
    error = raised(Dangling, stage.add, stage.acme, Player(team=nobody))
    assert (error.kind, error.id, error.field) == (Team, nobody, "team")
    assert stage.page(stage.acme, "Players.of", [nobody]) == []


def a_reference_may_be_none(stage: Stage) -> None:
    """A reference that may lack is not checked when it does."""
    assert stage.get(stage.acme, stage.add(stage.acme, Player())).team is None


def a_changed_reference_must_name_something(stage: Stage) -> None:
    """So is one that would change to what is not there; it stays as it was."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    player = stage.add(stage.acme, Player(team=team.id))
    raised(Dangling, stage.save, stage.acme, player, team=stage.new_id())
    assert stage.get(stage.acme, player) == player


def a_call_may_add_what_it_refers_to(stage: Stage) -> None:
    """A call may add both ends of a reference, in either order."""
    with stage.call(stage.acme) as unit:
        team = Team(name="Rovers")
        unit.add(team)
        player = Player(team=team.id)
        unit.add(player)
    assert stage.get(stage.acme, player).team == team.id
    with stage.call(stage.acme) as unit:
        city = Team(id=stage.new_id(), name="City")
        other = Player(team=city.id)
        unit.add(other)
        unit.add(city)
    assert stage.get(stage.acme, other).team == city.id


def what_a_call_removes_cannot_be_referred_to(stage: Stage) -> None:
    """A call cannot refer to what it removes."""
    team = stage.add(stage.acme, Team(name="Rovers"))

    def remove_and_refer() -> None:
        with stage.call(stage.acme) as unit:
            unit.remove(Team, team.id)
            unit.add(Player(team=team.id))

    raised(Dangling, remove_and_refer)
    assert stage.has(stage.acme, team)


def what_somebody_removes_cannot_be_referred_to(stage: Stage) -> None:
    """Who refers to what somebody else has removed since it was read is refused."""
    team = stage.add(stage.acme, Team(name="Rovers"))

    def refer_late() -> None:
        with stage.call(stage.acme) as unit:
            unit.get(Team, team.id)
            stage.remove(stage.acme, team)
            unit.add(Player(team=team.id))

    raised(Dangling, refer_late)
    assert stage.page(stage.acme, "Players.of", [team.id]) == []


def another_tenants_entity_cannot_be_referred_to(stage: Stage) -> None:
    """An id of another tenant's is like one that does not exist."""
    team = stage.add(stage.globex, Team(name="Rovers"))
    player = stage.add(stage.globex, Player())
    raised(Dangling, stage.add, stage.acme, Player(team=team.id))
    raised(Dangling, stage.add, stage.acme, Match(home=team.id))
    home = stage.add(stage.acme, Team(name="City"))
    raised(Dangling, stage.add, stage.acme, Match(home=home.id, best=player.id))
    assert stage.page(stage.acme, "Matches.of", [home.id]) == []


def references_are_checked_without_a_unit_too(stage: Stage) -> None:
    """What a caller lists as referred to is looked for, whatever is written."""
    team, nobody = stage.add(stage.acme, Team(name="Rovers")), stage.new_id()
    with Scope(stage.acme) as scope:
        fine = Changes(scope, [], [(Team, team.id, "team")])
        stage.database.commit([fine])
        raised(Dangling, stage.database.commit, [Changes(scope, [], [(Team, nobody, "team")])])


def a_child_needs_its_parent(stage: Stage) -> None:
    """A child of nothing is refused, even by a store that is not told to look for its parent."""
    nobody = stage.new_id()
    raised(Dangling, stage.add, stage.acme, Match(home=nobody))
    error = raised(Dangling, stage.write, stage.acme, Verb.ADD, Match(id=stage.new_id(), home=nobody))
    assert (error.kind, error.id, error.field) == (Team, nobody, "home")


def children_go_with_their_parent(stage: Stage) -> None:
    """Whoever removes a parent removes its children, and theirs; nobody else's."""
    home, away = stage.add_all(stage.acme, [Team(name="Rovers"), Team(name="City")])
    matches = stage.add_all(stage.acme, [Match(home=home.id, number=number) for number in range(3)])
    goals = stage.add_all(stage.acme, [Goal(match=match.id, minute=minute) for match in matches for minute in range(3)])
    other = stage.add(stage.acme, Match(home=away.id, number=99))
    others_goal = stage.add(stage.acme, Goal(match=other.id))
    stage.remove(stage.acme, home)
    assert not any(stage.has(stage.acme, gone) for gone in (home, *matches, *goals))
    assert stage.page(stage.acme, "Matches.of", [home.id]) == []
    assert stage.page(stage.acme, "Goals.of", [matches[0].id]) == []
    assert stage.has(stage.acme, other)
    assert stage.has(stage.acme, others_goal)


def much_goes_with_its_parent(stage: Stage) -> None:
    """So do more children, and children of theirs, than a store may take in one transaction; and nothing else."""
    home, away = stage.add_all(stage.acme, [Team(name="Rovers"), Team(name="City")])
    matches = [Match(id=stage.new_id(), home=home.id, number=number) for number in range(45)]
    goals = [Goal(id=stage.new_id(), match=matches[0].id, minute=minute) for minute in range(90)]
    for many in (matches, goals):
        stage.add_all(stage.acme, many)
    moved = stage.get(stage.acme, matches[1]).model_copy(update={"home": away.id})
    with stage.call(stage.acme) as unit:
        unit.save(moved)
        unit.remove(Match, matches[2].id)
        unit.remove(Team, home.id)
    gone = (home, *matches[:1], *matches[2:], *goals)
    assert not any(stage.has(stage.acme, one) for one in gone)
    assert stage.page(stage.acme, "Matches.of", [home.id]) == []
    assert stage.page(stage.acme, "Goals.of", [matches[0].id]) == []
    assert same(stage.page(stage.acme, "Matches.of", [away.id]), [matches[1]])
    assert stage.add(stage.acme, Match(home=away.id, number=matches[5].number)).version == 1


def children_stay_when_their_parent_is_saved(stage: Stage) -> None:
    """Saving a parent does nothing to its children."""
    home = stage.add(stage.acme, Team(name="Rovers"))
    match = stage.add(stage.acme, Match(home=home.id))
    stage.save(stage.acme, home, name="City")
    assert stage.get(stage.acme, match) == match


def a_child_can_be_moved(stage: Stage) -> None:
    """A child that was given to another parent, with what is within it, lives and dies with that one."""
    home, away = stage.add_all(stage.acme, [Team(name="Rovers"), Team(name="City")])
    match = stage.add(stage.acme, Match(home=home.id))
    goal = stage.add(stage.acme, Goal(match=match.id))
    moved = stage.save(stage.acme, match, home=away.id)
    stage.remove(stage.acme, home)
    assert same(stage.page(stage.acme, "Matches.of", [away.id]), [moved])
    stage.remove(stage.acme, away)
    assert not stage.has(stage.acme, match)
    assert not stage.has(stage.acme, goal)


def a_child_moved_in_the_call_that_removes_its_parent_lives(stage: Stage) -> None:
    """A call may give a child to another parent and then remove the first one."""
    home, away = stage.add_all(stage.acme, [Team(name="Rovers"), Team(name="City")])
    match = stage.add(stage.acme, Match(home=home.id))
    with stage.call(stage.acme) as unit:
        unit.save(stage.get(stage.acme, match).model_copy(update={"home": away.id}))
        unit.remove(Team, home.id)
    assert same(stage.page(stage.acme, "Matches.of", [away.id]), [match])


def a_child_of_a_removed_parent_is_stale(stage: Stage) -> None:
    """Who saves a child whose parent somebody has removed since is told that it is gone."""
    home = stage.add(stage.acme, Team(name="Rovers"))
    match = stage.add(stage.acme, Match(home=home.id))
    stage.remove(stage.acme, home)
    raised((Stale, Dangling), stage.save, stage.acme, match, number=1)
    assert not stage.has(stage.acme, match)


def a_parents_end_crosses_no_border(stage: Stage) -> None:
    """Removing a parent leaves alone what has the same ids on another tenant's ground."""
    home, match = Team(id=stage.new_id(), name="Rovers"), Match(id=stage.new_id(), home=stage.new_id())
    match.home = home.id
    for tenant in (stage.acme, stage.globex):
        with Scope(tenant) as scope:
            part = changes(scope, Verb.ADD, home.model_copy(), match.model_copy())
            stage.database.commit([part])
    with Scope(stage.acme) as scope:
        gone = home.model_copy(update={"version": 1})
        stage.database.commit([Changes(scope, [Write(Verb.REMOVE, Team, gone, 1)], [])])
    assert not stage.has(stage.acme, match)
    assert stage.has(stage.globex, home)
    assert stage.has(stage.globex, match)

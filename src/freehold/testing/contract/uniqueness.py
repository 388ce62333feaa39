"""Values that at most one entity of a tenant has."""

from __future__ import annotations

from collections.abc import Callable

from freehold.runtime.ports import Taken, Verb
from freehold.testing.contract.stage import Stage, raised, same
from freehold.testing.contract.subjects import Match, Team, pattern


def a_unique_value_is_taken_once(stage: Stage) -> None:
    """A second entity with the value is refused, with the lookup it would have broken."""
    stage.add(stage.acme, Team(name="Rovers", code="R"))
    _taken("Teams.by_code", stage.add, stage.acme, Team(name="City", code="R"))
    _taken("Teams.by_name", stage.add, stage.acme, Team(name="Rovers", code="X"))


def a_saved_value_is_taken_too(stage: Stage) -> None:
    """So is one that an entity would change to; and it stays as it was."""
    stage.add(stage.acme, Team(name="Rovers", code="R"))
    city = stage.add(stage.acme, Team(name="City", code="C"))
    _taken("Teams.by_code", stage.save, stage.acme, city, code="R")
    _taken("Teams.by_name", stage.save, stage.acme, city, name="Rovers")
    assert stage.get(stage.acme, city) == city


def several_fields_are_unique_together(stage: Stage) -> None:
    """Where several fields make up the value, each of them alone may be the same."""
    stage.add(stage.acme, Team(league="first", name="Rovers"))
    stage.add(stage.acme, Team(league="second", name="Rovers"))
    stage.add(stage.acme, Team(league="first", name="City"))
    _taken("Teams.by_name", stage.add, stage.acme, Team(league="second", name="Rovers"))


def fields_do_not_run_into_each_other(stage: Stage) -> None:
    """The fields of a value are kept apart, whatever is in them."""
    for league, name in (
        ("a", "bc"),
        ("ab", "c"),
        ("", "abc"),
        ("a#b", "c"),
        ("a", "b#c"),
        ("a\x1fb", "c"),
        ("a", "\x1fb"),
    ):
        stage.add(stage.acme, Team(league=league, name=name))
        _taken("Teams.by_name", stage.add, stage.acme, Team(league=league, name=name))


def unique_means_exactly_the_same(stage: Stage) -> None:
    """Values that differ in case, accents, spaces or their way of writing a letter are different values."""
    for code in ("a", "A", "ä", "a\u0308", "a ", " a", "", "\uff41"):
        stage.add(stage.acme, Team(name=repr(code), code=code))
        _taken("Teams.by_code", stage.add, stage.acme, Team(name=f"{code!r} again", code=code))


def many_may_lack_a_value(stage: Stage) -> None:
    """None is not a value: any number of entities may lack one, and none of them is found by it."""
    teams = stage.add_all(stage.acme, [Team(name="Rovers"), Team(name="City")])
    assert same(stage.page(stage.acme, "Teams.all", []), teams)
    assert stage.page(stage.acme, "Teams.by_code", [None]) == []


def a_removed_value_is_free(stage: Stage) -> None:
    """A value is free again once the entity that had it is gone, or has another one."""
    rovers = stage.add(stage.acme, Team(name="Rovers", code="R"))
    changed = stage.save(stage.acme, rovers, code="X")
    city = stage.add(stage.acme, Team(name="City", code="R"))
    stage.remove(stage.acme, changed)
    stage.remove(stage.acme, city)
    stage.add_all(stage.acme, [Team(name="Rovers", code="R"), Team(name="City", code="X")])


def a_value_can_be_handed_on_in_one_call(stage: Stage) -> None:
    """A call may free a value and use it again."""
    rovers = stage.add(stage.acme, Team(name="Rovers", code="R"))
    with stage.call(stage.acme) as unit:
        unit.remove(Team, rovers.id)
        city = Team(name="City", code="R")
        unit.add(city)
    assert not stage.has(stage.acme, rovers)
    assert stage.get(stage.acme, city).code == "R"


def one_call_cannot_take_a_value_twice(stage: Stage) -> None:
    """Two entities of the same call cannot have the same value either; then neither is kept."""
    pair = [Team(name="Rovers", code="R"), Team(name="City", code="R")]
    _taken("Teams.by_code", stage.add_all, stage.acme, pair)
    assert stage.page(stage.acme, "Teams.all", []) == []


def values_go_with_the_parent(stage: Stage) -> None:
    """The unique values of children are free once their parent is gone."""
    home = stage.add(stage.acme, Team(name="Rovers"))
    stage.add(stage.acme, Match(home=home.id, number=7))
    stage.remove(stage.acme, home)
    home = stage.add(stage.acme, Team(name="Rovers"))
    stage.add(stage.acme, Match(home=home.id, number=7))
    _taken("Matches.by_number", stage.add, stage.acme, Match(home=home.id, number=7))


def of_many_takers_one_wins(stage: Stage) -> None:
    """Of several who want the same value at the same time, exactly one gets it."""

    def take(number: int) -> str | None:
        try:
            return stage.add(stage.acme, Team(name=f"team {number}", code="R")).id
        except Taken:
            return None

    won = [id for id in stage.together(take) if id]
    assert won == [team.id for team in stage.page(stage.acme, "Teams.by_code", ["R"])]


def tenants_do_not_compete(stage: Stage) -> None:
    """The same value in two tenants is two values."""
    for tenant in (stage.acme, stage.globex):
        stage.add(tenant, Team(name="Rovers", code="R"))
    for tenant in (stage.acme, stage.globex):
        team = stage.page(tenant, "Teams.by_code", ["R"])[0]
        stage.write(tenant, Verb.REMOVE, team)
        assert stage.page(tenant, "Teams.by_code", ["R"]) == []


def _taken(lookup: str, work: Callable[..., object], /, *arguments: object, **named: object) -> None:
    error = raised(Taken, work, *arguments, **named)
    wanted = pattern(lookup)
    assert (error.kind, error.lookup) == (wanted.entity, wanted)

"""Finding what is there: by id, by lookup, one or many."""

from __future__ import annotations

from freehold.model.data import Id
from freehold.runtime.ports import Span
from freehold.testing.contract.stage import Stage, same
from freehold.testing.contract.subjects import Player, Team, Thing, pattern


def an_entity_comes_back_by_its_id(stage: Stage) -> None:
    """What was added is found by its id, with its version, its times and every field."""
    team = stage.add(stage.acme, Team(name="Rovers", code="R"))
    assert stage.get(stage.acme, team) == team
    assert (team.version, team.created_at, team.updated_at) == (1, stage.clock.now(), stage.clock.now())


def an_unknown_id_finds_nothing(stage: Stage) -> None:
    """An id that was never given out, an empty one and one that is no id at all find nothing, and harm nothing."""
    stage.add(stage.acme, Team(name="Rovers"))
    for id in (stage.new_id(), "", "x", "' OR 1=1 --", "%", "\x00", "A" * 10_000):
        assert stage.find(stage.acme, Team, id) is None


def kinds_do_not_mix(stage: Stage) -> None:
    """Two kinds of entity may have the same id."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    player = stage.add(stage.acme, Player(id=Id(team.id), name="Ada"))
    assert stage.get(stage.acme, team).name == "Rovers"
    assert stage.get(stage.acme, player).name == "Ada"


def what_is_handed_out_is_a_copy(stage: Stage) -> None:
    """Changing what was read, or what was added, changes nothing that is kept."""
    thing = stage.add(stage.acme, Thing(labels=["a"]))
    thing.labels.append("b")
    read = stage.get(stage.acme, thing)
    read.labels.append("c")
    assert stage.get(stage.acme, thing).labels == ["a"]


def a_unique_lookup_finds_one_or_none(stage: Stage) -> None:
    """A unique lookup finds the one entity with all of the values, or none."""
    one, other = stage.add_all(stage.acme, [Team(name="Rovers", code="R"), Team(name="City", code="C")])
    assert same(stage.page(stage.acme, "Teams.by_code", ["R"]), [one])
    assert same(stage.page(stage.acme, "Teams.by_name", ["first", "City"]), [other])
    assert stage.page(stage.acme, "Teams.by_name", ["second", "City"]) == []
    assert stage.page(stage.acme, "Teams.by_code", ["r"]) == []


def a_list_has_what_matches(stage: Stage) -> None:
    """A list has every entity with the value, and no other."""
    home, away = stage.add_all(stage.acme, [Team(name="Rovers"), Team(name="City")])
    ours = stage.add_all(stage.acme, [Player(team=home.id) for _ in range(3)])
    stage.add_all(stage.acme, [Player(team=away.id), Player()])
    assert same(stage.page(stage.acme, "Players.of", [home.id]), ours[::-1])
    assert stage.page(stage.acme, "Players.of", [stage.new_id()]) == []


def lacking_a_value_can_be_looked_up(stage: Stage) -> None:
    """None is a value to look for: it finds those that have none."""
    home = stage.add(stage.acme, Team(name="Rovers"))
    stage.add(stage.acme, Player(team=home.id))
    free = stage.add(stage.acme, Player())
    assert same(stage.page(stage.acme, "Players.of", [None]), [free])


def a_list_follows_its_entities(stage: Stage) -> None:
    """An entity that is changed or removed leaves the lists it was in, and one that is changed enters others."""
    home, away = stage.add_all(stage.acme, [Team(name="Rovers"), Team(name="City")])
    player = stage.add(stage.acme, Player(team=home.id))
    moved = stage.save(stage.acme, player, team=away.id)
    assert stage.page(stage.acme, "Players.of", [home.id]) == []
    assert same(stage.page(stage.acme, "Players.of", [away.id]), [moved])
    stage.remove(stage.acme, moved)
    assert stage.page(stage.acme, "Players.of", [away.id]) == []


def a_page_ends_at_its_limit(stage: Stage) -> None:
    """A page has as many as were asked for, and goes on behind the place it is told."""
    teams = stage.add_all(stage.acme, [Team(name=str(number)) for number in range(5)])
    assert same(stage.page(stage.acme, "Teams.all", [], Span(2)), teams[:2])
    assert same(stage.page(stage.acme, "Teams.all", [], Span(5)), teams)
    assert same(stage.page(stage.acme, "Teams.all", [], Span(9, after=(teams[3].id, teams[3].id))), teams[4:])
    assert stage.page(stage.acme, "Teams.all", [], Span(9, after=(teams[4].id, teams[4].id))) == []


def a_cursor_walks_the_whole_list(stage: Stage) -> None:
    """Page after page, a list shows everything once, whatever the size of a page."""
    teams = stage.add_all(stage.acme, [Team(name=str(number)) for number in range(12)])
    for limit in (1, 5, 6, 12, 13):
        assert same(list(stage.walk(stage.acme, pattern("Teams.all"), [], limit)), teams)

"""What a call's writes become: unique values, parents and children, and how much one transaction takes."""

from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import replace
from itertools import count

import pytest

from freehold.aws.client import AwsClient
from freehold.model.layout import tag
from freehold.runtime.failures import Overloaded, TooLarge
from freehold.runtime.ports import Changes, Dangling, Stale, Taken, Verb, Write
from freehold.runtime.scope import Scope
from freehold.settings import Settings
from freehold.stores.dynamodb import kit
from freehold.stores.dynamodb.items import counting
from freehold.stores.dynamodb.tips import LEFTOVERS, TIP
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import SUBJECTS, Goal, Match, Player, Team
from tests.unit.stores.dynamodb.clients import Watched
from tests.unit.stores.dynamodb.tables import TestTable


def counts(shared: TestTable, tenant: str) -> dict[str, str]:
    """Every count of what lies within something, by its sort key's kind."""
    return {
        f"{item['SK']['S'].split('#')[0]} {name}": str(value["N"])  # type: ignore[attr-defined]
        for item in shared.items(tenant) for name, value in item.items() if name.startswith("CHILDREN_")
    }  # fmt: skip


def test_a_unique_value_that_one_lets_go_of_is_free_for_the_next_in_the_same_call(stage: Stage) -> None:
    one, other = stage.add_all(stage.acme, [Team(name="a", code=None), Team(name="b", code="2")])
    with stage.call(stage.acme) as unit:
        unit.save(other.model_copy(update={"code": "1"}))
        unit.save(one.model_copy(update={"code": "2"}))
    found = {code: [team.id for team in stage.page(stage.acme, "Teams.by_code", [code])] for code in "12"}
    assert found == {"1": [other.id], "2": [one.id]}


def test_a_unique_value_is_taken_for_who_asks_before_it_is_let_go_of(stage: Stage) -> None:
    one, other = stage.add_all(stage.acme, [Team(name="a", code=None), Team(name="b", code="2")])
    with stage.unit(stage.acme) as unit:
        unit.save(one.model_copy(update={"code": "2"}))
        unit.save(other.model_copy(update={"code": "1"}))
        with pytest.raises(Taken):
            stage.database.commit([unit.changes()])
    assert [team.id for team in stage.page(stage.acme, "Teams.by_code", ["2"])] == [other.id]


def test_a_value_goes_from_one_that_is_removed_to_one_that_is_added(shared: TestTable, stage: Stage) -> None:
    old = stage.add(stage.acme, Team(name="a", code="1"))
    with stage.call(stage.acme) as unit:
        unit.remove(Team, old.id)
        new = unit.add(Team(name="a", code="1"))
    assert [team.id for team in stage.page(stage.acme, "Teams.by_code", ["1"])] == [new.id]
    assert len(shared.items(stage.acme, "UNIQUE#")) == 2


def test_a_value_that_two_of_one_call_want_is_taken(stage: Stage) -> None:
    with pytest.raises(Taken) as taken:
        stage.add_all(stage.acme, [Team(name="a", code="1"), Team(name="b", code="1")])
    assert taken.value.lookup is not None
    assert taken.value.lookup.name == "by_code"


def test_what_is_removed_goes_with_everything_three_levels_deep(shared: TestTable, stage: Stage) -> None:
    team, other = stage.add_all(stage.acme, [Team(name="a"), Team(name="b")])
    matches = stage.add_all(stage.acme, [Match(home=team.id, number=n) for n in range(3)])
    stage.add_all(stage.acme, [Goal(match=match.id, minute=n) for match in matches for n in range(4)])
    kept = stage.add(stage.acme, Match(home=other.id, number=9))
    stage.remove(stage.acme, team)
    left = {str(item["SK"]["S"]).split("#")[0] for item in shared.items(stage.acme)} - {"GROUND", "UNIQUE"}
    assert left == {"FREEHOLD_TEAM", "FREEHOLD_MATCH"}
    assert stage.has(stage.acme, kept)
    guards = [str(item["owner"]["S"]) for item in shared.items(stage.acme, "UNIQUE#")]
    assert sorted(guards) == sorted([other.id, kept.id])


def test_a_child_that_moves_is_counted_where_it_is(shared: TestTable, stage: Stage) -> None:
    one, other = stage.add_all(stage.acme, [Team(name="a"), Team(name="b")])
    match = stage.add(stage.acme, Match(home=one.id))
    stage.save(stage.acme, match, home=other.id)
    of = {
        str(item["id"]["S"]): item.get("CHILDREN_FREEHOLD_MATCH", {"N": "0"})["N"]
        for item in shared.items(stage.acme, "FREEHOLD_TEAM#")
    }
    assert of == {one.id: "0", other.id: "1"}
    stage.remove(stage.acme, one)
    assert stage.has(stage.acme, match)
    stage.remove(stage.acme, other)
    assert not stage.has(stage.acme, match)


def test_a_parent_that_is_saved_with_its_children_added_counts_them(shared: TestTable, stage: Stage) -> None:
    team = stage.add(stage.acme, Team(name="a"))
    stage.add(stage.acme, Match(home=team.id, number=1))
    with stage.call(stage.acme) as unit:
        unit.save(team.model_copy(update={"name": "b"}))
        unit.add(Match(home=team.id, number=2))
        unit.add(Match(home=team.id, number=3))
    assert counts(shared, stage.acme) == {"FREEHOLD_TEAM CHILDREN_FREEHOLD_MATCH": "3"}
    stage.remove(stage.acme, stage.get(stage.acme, team))
    assert shared.items(stage.acme, "FREEHOLD_MATCH#") == []


def test_what_comes_and_goes_in_one_call_leaves_nothing(shared: TestTable, stage: Stage) -> None:
    team = Team(id=stage.new_id(), name="a", code="1")
    team.version = 1
    with Scope(stage.acme) as scope:
        writes = [Write(Verb.ADD, Team, team, 0), Write(Verb.REMOVE, Team, team, 1)]
        stage.database.commit([Changes(scope, writes, [])])
    assert [str(item["SK"]["S"]) for item in shared.items(stage.acme)] == ["GROUND"]


def test_who_joins_what_is_going_dangles(stage: Stage) -> None:
    team = stage.add(stage.acme, Team(name="a"))
    with stage.unit(stage.acme) as unit:
        unit.remove(Team, team.id)
        unit.add(Match(home=team.id))
        with pytest.raises((Dangling, Stale)):
            stage.database.commit([unit.changes()])
    assert stage.has(stage.acme, team)


def test_more_items_than_a_transaction_takes_are_refused_with_what_to_do(stage: Stage) -> None:
    stage.add_all(stage.acme, [Player(name=str(n)) for n in range(99)])
    with pytest.raises(TooLarge) as refused:
        stage.add_all(stage.acme, [Player(name=str(n)) for n in range(100)])
    assert refused.value.code == "TRANSACTION_TOO_LARGE"
    assert "changes 101 items" in refused.value.message
    assert "do it in smaller parts" in refused.value.message
    assert len(stage.page(stage.acme, "Players.of", [None])) == 99


def a_full_team(stage: Stage, matches: int, goals: int) -> Team:
    """A team with more within it than a transaction takes."""
    team = stage.add(stage.acme, Team(name="a", code="1"))
    made = [Match(id=stage.new_id(), home=team.id, number=number) for number in range(matches)]
    for start in range(0, matches, 40):
        stage.add_all(stage.acme, made[start : start + 40])
    for match in made[:2]:
        for start in range(0, goals, 90):
            stage.add_all(
                stage.acme, [Goal(match=match.id, minute=each) for each in range(start, min(goals, start + 90))]
            )
    return team


class Cut(Exception):
    """Stands for the end of the process."""


def removed_by_who_is_killed(shared: TestTable, tenant: str, team: Team, transactions: int) -> None:
    """Remove a team in a process that ends before a transaction of it: so many are done."""
    left = count(transactions, -1)

    def before(operation: str, request: Mapping[str, object]) -> None:
        if operation == "TransactWriteItems" and next(left) <= 0:
            raise Cut

    with shared.staged(lambda client: Watched(client, before)) as killed, Scope(tenant) as scope:
        with suppress(Cut):
            killed.database.commit([Changes(scope, [Write(Verb.REMOVE, Team, team, team.version)], [])])
        (tip,) = shared.items(tenant, TIP)
        assert LEFTOVERS in tip
        assert not killed.has(tenant, team)


def cleared(shared: TestTable, stage: Stage) -> None:
    """Write until nothing is left: a call takes no longer than it may, and a busy machine gets less done in that."""
    for _ in range(20):
        if LEFTOVERS not in shared.items(stage.acme, TIP)[0]:
            return
        with Scope(stage.acme) as scope:
            stage.database.commit([Changes(scope, [], [])])


def kinds_of(shared: TestTable, tenant: str) -> Counter[str]:
    """How many items of each kind lie on a ground."""
    return Counter(str(item["SK"]["S"]).split("#")[0] for item in shared.items(tenant))


@pytest.mark.parametrize("transactions", [1, 3])
def test_who_writes_next_goes_on_with_what_a_killed_process_has_left(shared: TestTable, transactions: int) -> None:
    with shared.staged() as stage:
        team = a_full_team(stage, 60, 60)
        removed_by_who_is_killed(shared, stage.acme, team, transactions)
        assert stage.add(stage.acme, Team(name="a", code="1")).version == 1
        cleared(shared, stage)
        assert kinds_of(shared, stage.acme) == {"GROUND": 1, "FREEHOLD_TEAM": 1, "UNIQUE": 2}


def test_who_holds_a_ground_finds_nothing_that_a_killed_process_has_left(shared: TestTable) -> None:
    settings = replace(Settings(), store="dynamodb", table=shared.name, table_endpoint=shared.url)
    with shared.staged() as stage, Scope(stage.acme) as scope:
        team = a_full_team(stage, 101, 0)
        removed_by_who_is_killed(shared, stage.acme, team, 1)
        with closing(kit.estate(SUBJECTS, settings)) as estate, estate.hold(scope):
            assert estate.rows(scope, Match, "", 10) == []
        assert kinds_of(shared, stage.acme) == {"GROUND": 1}


def test_an_index_that_does_not_show_what_is_left_keeps_nobody_from_writing(shared: TestTable) -> None:
    with shared.staged() as stage:
        team = a_full_team(stage, 101, 0)
        removed_by_who_is_killed(shared, stage.acme, team, 1)
        stage.database.close()
    with shared.raw() as table:
        tip, behind = shared.items(stage.acme, TIP)[0], "999"
        more = str(tip[LEFTOVERS]["S"]).replace("101", behind)
        table.call("UpdateItem", {
            "Key": {"PK": tip["PK"], "SK": tip["SK"]}, "UpdateExpression": f"SET {LEFTOVERS} = :l, version = :v",
            "ExpressionAttributeValues": {":l": {"S": more}, ":v": {"N": str(int(str(tip["version"]["N"])) + 1)}},
        })  # fmt: skip
    with shared.staged() as later, Scope(stage.acme) as scope:
        fresh = Team(id=later.new_id(), name="b", version=1)
        later.database.commit([Changes(scope, [Write(Verb.ADD, Team, fresh, 0)], [])])
        assert later.has(stage.acme, fresh)


def test_more_bytes_than_a_transaction_takes_are_refused_before_they_are_sent(shared: TestTable) -> None:
    sent: list[str] = []

    def before(operation: str, request: Mapping[str, object]) -> None:
        sent.append(operation)

    def watched(client: AwsClient) -> AwsClient:
        return Watched(client, before)

    with shared.staged(watched) as stage:
        sent.clear()
        with pytest.raises(TooLarge) as refused:
            stage.add_all(stage.acme, [Player(name="a" * 390_000) for _ in range(11)])
    assert refused.value.code == "TRANSACTION_TOO_LARGE"
    assert "4 MB" in refused.value.message
    assert "TransactWriteItems" not in sent


def test_an_item_that_is_too_large_is_refused(stage: Stage) -> None:
    with pytest.raises(TooLarge) as refused:
        stage.add(stage.acme, Player(name="é" * 205_000))
    assert refused.value.code == "VALUE_TOO_LARGE"
    assert "400 KB" in refused.value.message


def test_an_item_that_just_fits_is_kept(stage: Stage) -> None:
    player = stage.add(stage.acme, Player(name="a" * 400_000))
    assert stage.get(stage.acme, player) == player


def test_children_that_the_index_does_not_show_yet_are_waited_for(shared: TestTable) -> None:
    """A query that is asked again and again without success is answered 503, and nothing is removed."""
    numbers = count()

    def before(operation: str, request: Mapping[str, object]) -> None:
        if operation == "Query":
            next(numbers)

    def watched(client: AwsClient) -> AwsClient:
        return Watched(client, before)

    with shared.staged(watched) as stage:
        team = stage.add(stage.acme, Team(name="a"))
        stage.add(stage.acme, Match(home=team.id))
        with shared.raw() as table:
            table.call("UpdateItem", {
                "Key": {"PK": {"S": f"ORG#{stage.acme}"}, "SK": {"S": f"FREEHOLD_TEAM#{team.id}"}},
                "UpdateExpression": "SET CHILDREN_FREEHOLD_MATCH = :n", "ExpressionAttributeValues": {":n": {"N": "2"}},
            })  # fmt: skip
        asked = next(numbers)
        with pytest.raises(Overloaded) as behind:
            stage.remove(stage.acme, team)
        assert behind.value.code == "STORE_BEHIND"
        assert next(numbers) - asked > 5
        assert stage.has(stage.acme, team)


def put_later(shared: TestTable, tenant: str, item: Mapping[str, object]) -> None:
    """Write an attribute that this program does not know, as one after it would."""
    with shared.raw() as table:
        table.call("UpdateItem", {
            "Key": {"PK": item["PK"], "SK": item["SK"]}, "UpdateExpression": "SET later = :l",
            "ExpressionAttributeValues": {":l": {"S": tenant}},
        })  # fmt: skip


def test_saving_leaves_what_a_later_program_has_put_there(shared: TestTable, stage: Stage) -> None:
    team = stage.add(stage.acme, Team(name="a", code="1"))
    match = stage.add(stage.acme, Match(home=team.id))
    put_later(shared, stage.acme, shared.items(stage.acme, f"{tag(Team)}#")[0])
    stage.save(stage.acme, team, code=None)
    (item,) = shared.items(stage.acme, f"{tag(Team)}#")
    assert (item["later"], item[counting(Match)], item["version"]) == ({"S": stage.acme}, {"N": "1"}, {"N": "2"})
    assert "code" not in item
    assert [found.id for found in stage.page(stage.acme, "Matches.of", [team.id])] == [match.id]


def test_what_is_removed_and_added_again_in_one_call_has_nothing_left_of_before(
    shared: TestTable, stage: Stage
) -> None:
    team = stage.add(stage.acme, Team(name="a", code="1"))
    put_later(shared, stage.acme, shared.items(stage.acme, f"{tag(Team)}#")[0])
    again = team.model_copy(update={"code": None})
    writes = [Write(Verb.REMOVE, Team, team, 1), Write(Verb.ADD, Team, again, 0)]
    with Scope(stage.acme) as scope:
        stage.database.commit([Changes(scope, writes, [])])
    (item,) = shared.items(stage.acme, f"{tag(Team)}#")
    assert ("later" in item, "code" in item) == (False, False)

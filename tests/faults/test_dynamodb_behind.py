"""Indexes that are behind: lists are late and never wrong, and what is exact stays exact."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytest.register_assert_rewrite("freehold.testing.contract")  # before it is imported

from freehold.runtime.failures import Overloaded  # noqa: E402
from freehold.testing.contract.stage import Stage  # noqa: E402
from freehold.testing.contract.subjects import Goal, Match, Player, Team  # noqa: E402
from tests.emulators import emulated  # noqa: E402
from tests.faults.lagging import Lagging  # noqa: E402
from tests.unit.stores.dynamodb.tables import TestTable  # noqa: E402

WRITES, ALL = ("TransactWriteItems",), ("TransactWriteItems", "Query", "GetItem", "BatchGetItem")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestTable]:
    """A table on a server."""
    with emulated("roto", tmp_path_factory.mktemp("roto")) as server:
        yield TestTable(server.url)


@contextmanager
def behind(table: TestTable, by: int, counts: tuple[str, ...]) -> Iterator[Stage]:
    """A store whose indexes are behind."""
    with table.staged(lambda client: Lagging(client, by, counts)) as stage:
        yield stage


def test_a_list_is_late_by_what_its_index_is_behind_and_then_whole(table: TestTable) -> None:
    with behind(table, 3, WRITES) as stage:
        added = [stage.add(stage.acme, Player(name=str(number))) for number in range(6)]
        seen = [player.id for player in stage.page(stage.acme, "Players.of", [None])]
        assert seen == [player.id for player in reversed(added[:3])]
        for _ in range(3):
            stage.add(stage.globex, Player())
        seen = [player.id for player in stage.page(stage.acme, "Players.of", [None])]
        assert seen == [player.id for player in reversed(added)]


def test_what_is_found_by_id_or_by_a_unique_value_is_as_it_is(table: TestTable) -> None:
    with behind(table, 1000, WRITES) as stage:
        team = stage.add(stage.acme, Team(name="a", code="1"))
        assert stage.get(stage.acme, team) == team
        assert [found.id for found in stage.page(stage.acme, "Teams.by_code", ["1"])] == [team.id]
        assert [found.id for found in stage.page(stage.acme, "Teams.all", [])] == [team.id]
        stage.save(stage.acme, team, code="2")
        assert stage.page(stage.acme, "Teams.by_code", ["1"]) == []
        stage.remove(stage.acme, stage.get(stage.acme, team))
        assert not stage.has(stage.acme, team)
        assert stage.page(stage.acme, "Teams.by_code", ["2"]) == []


@pytest.mark.parametrize("by", [1, 3, 10])
def test_what_is_removed_goes_with_everything_within_once_the_index_shows_it(table: TestTable, by: int) -> None:
    with behind(table, by, ALL) as stage:
        team = stage.add(stage.acme, Team(name="a"))
        matches = stage.add_all(stage.acme, [Match(home=team.id, number=number) for number in range(3)])
        stage.add_all(stage.acme, [Goal(match=match.id) for match in matches for _ in range(2)])
        stage.remove(stage.acme, team)
        left = [str(item["SK"]["S"]) for item in table.items(stage.acme)]
        assert left == ["GROUND"]


def test_what_the_index_does_not_show_is_not_left_behind(table: TestTable) -> None:
    with behind(table, 1000, WRITES) as stage:
        team = stage.add(stage.acme, Team(name="a"))
        match = stage.add(stage.acme, Match(home=team.id))
        with pytest.raises(Overloaded) as behind_it:
            stage.remove(stage.acme, team)
        assert behind_it.value.code == "STORE_BEHIND"
        assert stage.has(stage.acme, team)
        assert stage.has(stage.acme, match)


def test_an_index_that_shows_what_has_gone_instead_of_what_has_come_removes_neither(table: TestTable) -> None:
    with behind(table, 1000, WRITES) as stage, table.staged() as now:
        team, other = stage.add_all(stage.acme, [Team(name="a"), Team(name="b")])
        gone = stage.add(stage.acme, Match(home=team.id, number=1))
        stage.database._table._client._client.behind = 2  # type: ignore[attr-defined]
        stage.save(stage.acme, gone, home=other.id)
        come = stage.add(stage.acme, Match(home=team.id, number=2))
        with pytest.raises(Overloaded) as failure:
            stage.remove(stage.acme, team)
        assert failure.value.code in ("STORE_BEHIND", "STORE_BUSY")
        now.acme = stage.acme
        assert all(now.has(stage.acme, one) for one in (team, other, gone, come))
        now.remove(stage.acme, team)
        assert [now.has(stage.acme, one) for one in (team, other, gone, come)] == [False, True, True, False]

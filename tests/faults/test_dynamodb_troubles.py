"""DynamoDB in trouble: what each trouble ends with, and that nothing is done by half or twice."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.register_assert_rewrite("freehold.testing.contract")  # before it is imported

from freehold.aws.client import AwsClient  # noqa: E402
from freehold.aws.failures import AwsError  # noqa: E402
from freehold.runtime.failures import Failure, Overloaded, TooLarge  # noqa: E402
from freehold.runtime.ports import Stale, Taken  # noqa: E402
from freehold.settings import Settings  # noqa: E402
from freehold.stores.dynamodb import kit  # noqa: E402
from freehold.testing.caller import Caller  # noqa: E402
from freehold.testing.clock import HandClock  # noqa: E402
from freehold.testing.contract.stage import Stage  # noqa: E402
from freehold.testing.contract.subjects import Match, Player, Team  # noqa: E402
from freehold.wiring import backend, complete  # noqa: E402
from tests.emulators import emulated  # noqa: E402
from tests.faults.app import app  # noqa: E402
from tests.faults.dynamodb import (  # noqa: E402
    LOST,
    Pages,
    Troubled,
    always,
    answer_lost,
    cancelled,
    left_out,
    refused,
    times,
    unreadable_after_a_write,
)  # fmt: skip
from tests.unit.stores.dynamodb.tables import TestTable  # noqa: E402

WRITES, READS = "TransactWriteItems", ("GetItem", "BatchGetItem", "Query")
FAILED, CONFLICT, THROTTLE = "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError"


@pytest.fixture(scope="module", params=["own", "boto3"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server, and each of our clients."""
    with emulated("roto", tmp_path_factory.mktemp("roto")) as server:
        yield server.url, request.param


@pytest.fixture
def table(place: tuple[str, str]) -> TestTable:
    """A table of its own for each test."""
    url, adapter = place
    return TestTable(url, adapter=adapter)


@pytest.fixture
def troubled(table: TestTable) -> Iterator[tuple[Stage, Troubled]]:
    """A store, and what its calls go through."""
    clients: list[Troubled] = []

    def wrap(client: AwsClient) -> AwsClient:
        clients.append(Troubled(client))
        return clients[-1]

    with table.staged(wrap) as stage:
        yield stage, clients[-1]
        clients[-1].fault = None


def raised(work: Callable[[], object]) -> Failure:
    """How it fails."""
    with pytest.raises(Failure) as failure:
        work()
    return failure.value


def everything(stage: Stage, team: Team) -> list[Callable[[], object]]:
    """A call of every kind."""
    return [
        lambda: stage.get(stage.acme, team), lambda: stage.page(stage.acme, "Teams.all", []),
        lambda: stage.page(stage.acme, "Teams.by_code", ["1"]), lambda: stage.page(stage.acme, "Matches.of", [team.id]),
        lambda: stage.save(stage.acme, team, league="second"), lambda: stage.add(stage.acme, Player()),
        lambda: stage.audit(stage.acme), lambda: stage.alone(stage.acme, lambda unit: unit.add(Player())),
        lambda: stage.database.busy_grounds(stage.clock.now()),
    ]  # fmt: skip


TROUBLES = {
    "throttled": (refused("ProvisionedThroughputExceededException"), "STORE_BUSY"),
    "limited": (refused("RequestLimitExceeded"), "STORE_BUSY"),
    "denied": (refused("AccessDeniedException"), "STORE_UNREACHABLE"),
    "expired": (refused("ExpiredTokenException"), "STORE_UNREACHABLE"),
    "unknown key": (refused("UnrecognizedClientException"), "STORE_UNREACHABLE"),
    "no table": (refused("ResourceNotFoundException"), "STORE_UNREACHABLE"),
    "stumbled": (refused("InternalServerError", status=500), "STORE_LOST"),
    "lost": (LOST, "STORE_LOST"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_call_ends_with_a_failure_that_callers_know(trouble: str, troubled: tuple[Stage, Troubled]) -> None:
    stage, client = troubled
    team = stage.add(stage.acme, Team(name="a", code="1"))
    error, code = TROUBLES[trouble]
    client.fault = always(error, WRITES, *READS)
    failures = [raised(work) for work in everything(stage, team)]
    client.fault = None
    assert {(failure.code, failure.status, failure.retry_after) for failure in failures} == {(code, 503, 1)}
    assert stage.get(stage.acme, team) == team


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_write_that_is_not_let_through_is_not_done(trouble: str, troubled: tuple[Stage, Troubled]) -> None:
    stage, client = troubled
    team = stage.add(stage.acme, Team(name="a"))
    error, code = TROUBLES[trouble]
    client.fault = always(error, WRITES)
    asked = client.asked[WRITES]
    assert raised(lambda: stage.save(stage.acme, team, name="b")).code == code
    assert client.asked[WRITES] - asked == 1
    client.fault = None
    assert stage.save(stage.acme, team, name="c").name == "c"


def test_credentials_that_cannot_be_had_are_told_as_a_store_that_is_away(table: TestTable) -> None:
    def none(scope: object) -> None:
        raise AwsError("NoCredentials", "there are none")

    with table.staged() as stage:
        team = stage.add(stage.acme, Team(name="a"))
        stage.database._table._credentials = none  # type: ignore[attr-defined]
        for work in everything(stage, team)[:-1]:
            assert raised(work).code == "STORE_UNREACHABLE"


def test_transactions_in_conflict_are_tried_again(troubled: tuple[Stage, Troubled]) -> None:
    stage, client = troubled
    client.fault = times(3, refused("TransactionCanceledException", "None", CONFLICT), WRITES)
    team = stage.add(stage.acme, Team(name="a"))
    assert stage.get(stage.acme, team) == team


def test_transactions_that_are_in_conflict_for_ever_end_as_a_busy_store(troubled: tuple[Stage, Troubled]) -> None:
    stage, client = troubled
    client.fault = cancelled(lambda number: [CONFLICT] * number)
    asked = client.asked[WRITES]
    assert raised(lambda: stage.add(stage.acme, Team(name="a"))).code == "STORE_BUSY"
    assert 2 < client.asked[WRITES] - asked < 60


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ([FAILED, "None"], Stale),
        ([FAILED, CONFLICT], Stale),
        ([FAILED, THROTTLE], Stale),
        ([CONFLICT, THROTTLE], Overloaded),
        (["None", FAILED], Overloaded),  # the tip: somebody else has committed, again and again
        ([FAILED, FAILED], Overloaded),
        ([THROTTLE, "None"], Overloaded),
        (["ProvisionedThroughputExceeded", "None"], Overloaded),
    ],
)
def test_of_mixed_reasons_the_one_that_decides_is_told(
    reasons: list[str], expected: type[Exception], troubled: tuple[Stage, Troubled]
) -> None:
    stage, client = troubled
    player = stage.add(stage.acme, Player())
    client.fault = cancelled(lambda number: reasons)
    with pytest.raises(expected):
        stage.save(stage.acme, player, name="b")
    client.fault = None
    assert stage.get(stage.acme, player).name == ""


def test_a_value_that_is_taken_is_told_as_that_even_in_a_conflict(troubled: tuple[Stage, Troubled]) -> None:
    stage, client = troubled
    client.fault = cancelled(lambda number: ["None", FAILED, *[CONFLICT] * (number - 3), "None"])
    with pytest.raises(Taken) as taken:
        stage.add(stage.acme, Team(name="a", code="1"))
    assert taken.value.lookup is not None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Item size to update has exceeded the maximum allowed size", "VALUE_TOO_LARGE"),
        ("Collection size of items in the transaction has exceeded 4 MB", "TRANSACTION_TOO_LARGE"),
    ],
)
def test_what_the_server_finds_too_large_is_told_as_that(
    message: str, code: str, troubled: tuple[Stage, Troubled]
) -> None:
    stage, client = troubled
    client.fault = always(refused("ValidationException", message=message), WRITES)
    failure = raised(lambda: stage.add(stage.acme, Player()))
    assert (type(failure), failure.code) == (TooLarge, code)


@pytest.mark.parametrize("most", [1, 3, 6])
def test_what_a_batch_leaves_out_is_asked_for_again(most: int, troubled: tuple[Stage, Troubled]) -> None:
    stage, client = troubled
    teams = stage.add_all(stage.acme, [Team(name=str(number)) for number in range(7)])
    client.fault = left_out(lambda number: min(most, number))
    with stage.call(stage.acme) as unit:
        for team in teams:
            unit.save(team.model_copy(update={"name": f"{team.name}!"}))
    assert client.asked["BatchGetItem"] > 1
    assert [stage.get(stage.acme, team).name for team in teams] == [f"{number}!" for number in range(7)]


def test_a_batch_that_leaves_out_everything_for_ever_ends(troubled: tuple[Stage, Troubled]) -> None:
    stage, client = troubled
    team = stage.add(stage.acme, Team(name="a"))
    client.fault = left_out(lambda number: 0)
    assert raised(lambda: stage.save(stage.acme, team, name="b")).code == "STORE_BUSY"
    assert 2 < client.asked["BatchGetItem"] < 100
    client.fault = None
    assert stage.get(stage.acme, team) == team


def test_a_lost_answer_to_a_write_is_looked_for_and_found(troubled: tuple[Stage, Troubled]) -> None:
    stage, client = troubled
    player = stage.add(stage.acme, Player())
    client.fault = answer_lost(WRITES)
    for goals in range(1, 4):
        stage.save(stage.acme, player, goals=goals)
        player = stage.get(stage.acme, player)
    client.fault = None
    assert (player.goals, player.version) == (3, 4)
    assert stage.save(stage.acme, player, goals=9).goals == 9


def test_a_write_whose_answer_nobody_finds_is_told_as_lost_and_done_once(troubled: tuple[Stage, Troubled]) -> None:
    stage, client = troubled
    player = stage.add(stage.acme, Player())
    with stage.unit(stage.acme) as unit:
        unit.save(player.model_copy(update={"goals": 1}))
        client.fault = unreadable_after_a_write()
        assert raised(lambda: stage.database.commit([unit.changes()])).code == "STORE_LOST"
    client.fault = None
    assert (stage.get(stage.acme, player).goals, stage.get(stage.acme, player).version) == (1, 2)


def test_pages_of_one_item_and_empty_ones_between_give_every_list_whole(troubled: tuple[Stage, Troubled]) -> None:
    stage, client = troubled
    team = stage.add(stage.acme, Team(name="a"))
    matches = stage.add_all(stage.acme, [Match(home=team.id, number=number) for number in range(5)])
    client.fault = Pages()
    assert [match.id for match in stage.page(stage.acme, "Matches.of", [team.id])] == [match.id for match in matches]
    assert [found.id for found in stage.page(stage.acme, "Teams.all", [])] == [team.id]
    stage.remove(stage.acme, team)
    client.fault = None
    assert not any(stage.has(stage.acme, match) for match in matches)


def test_pages_that_are_empty_for_ever_end(troubled: tuple[Stage, Troubled]) -> None:
    stage, client = troubled
    client.fault = Pages(10**9)
    assert raised(lambda: stage.page(stage.acme, "Teams.all", [])).code == "STORE_BUSY"
    assert client.asked["Query"] < 200


def test_a_list_of_more_than_a_megabyte_is_found_whole(tmp_path: Path) -> None:
    """On ministack: roto has no such limit."""
    with emulated("ministack", tmp_path) as server, TestTable(server.url).staged() as stage:
        players = [stage.add(stage.acme, Player(name="a" * 350_000)) for _ in range(7)]
        found = stage.page(stage.acme, "Players.of", [None])
        assert [player.id for player in found] == [player.id for player in reversed(players)]


def test_who_asks_again_with_the_same_key_is_given_the_answer_that_was_lost(tmp_path: Path) -> None:
    clock = HandClock()
    with emulated("roto", tmp_path / "server") as server:
        settings = replace(Settings(), data=str(tmp_path), store="dynamodb", table="again", table_endpoint=server.url)
        with kit.migrations(settings, complete(app)) as migrations:
            migrations.up()
        made = backend(app, settings, clock=clock)
        caller = Caller(made, clock, "acme", "member")
        table = made.database._table  # type: ignore[attr-defined]
        client = table._client = Troubled(table._client)
        client.fault = unreadable_after_a_write()
        lost = raised(lambda: caller.answer("create", key="k", number=7))
        client.fault = None
        answer, again = (caller.answer("create", key="k", number=7) for _ in range(2))
        made.close()
    assert (lost.code, answer.replayed, again.data) == ("STORE_LOST", True, answer.data)

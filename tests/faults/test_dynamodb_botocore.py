"""Trouble below boto3: injected by botocore's own hooks, so that everything above it is what runs in production."""

import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("freehold.testing.contract")  # before it is imported

from botocore.awsrequest import AWSPreparedRequest, AWSResponse  # noqa: E402
from botocore.exceptions import ReadTimeoutError  # noqa: E402

from freehold.runtime.failures import Overloaded  # noqa: E402
from freehold.testing.contract.stage import Stage  # noqa: E402
from freehold.testing.contract.subjects import Player, Team  # noqa: E402
from tests.emulators import emulated  # noqa: E402
from tests.unit.stores.dynamodb.tables import TestTable  # noqa: E402

TRIES = 4
"""As often as a call is tried in all."""

Hook = Callable[..., AWSResponse | None]


class Body:
    """What urllib3 gives: a body that is read once."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def stream(self, **_: object) -> Iterator[bytes]:
        """All of it."""
        yield self._text


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestTable]:
    """A table, through boto3."""
    with emulated("roto", tmp_path_factory.mktemp("roto")) as server:
        yield TestTable(server.url, adapter="boto3")


@pytest.fixture
def hooked(table: TestTable) -> Iterator[tuple[Stage, Any]]:
    """A store, and the hooks of what it calls."""
    with table.staged() as stage:
        yield stage, stage.database._table._client._client._client.meta.events  # type: ignore[attr-defined]


def refusing(code: str, number: int, asked: list[str], *operations: str) -> Hook:
    """Answers for the server, so many times."""

    def hook(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        if operation in operations:
            asked.append(operation)
            if len(asked) <= number:
                text = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}).encode()
                headers = {"x-amz-crc32": str(zlib.crc32(text)), "Content-Type": "application/x-amz-json-1.0"}
                return AWSResponse(request.url, 400, headers, Body(text))
        return None

    return hook


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_a_throttle_that_passes_is_not_noticed(code: str, hooked: tuple[Stage, Any]) -> None:
    stage, events = hooked
    asked: list[str] = []
    events.register("before-send.dynamodb", refusing(code, TRIES - 1, asked, "TransactWriteItems"))
    team = stage.add(stage.acme, Team(name="a"))
    assert stage.get(stage.acme, team) == team
    assert len(asked) == TRIES


def test_a_throttle_that_stays_ends_after_a_few_tries_as_a_busy_store(hooked: tuple[Stage, Any]) -> None:
    stage, events = hooked
    asked: list[str] = []
    events.register("before-send.dynamodb", refusing("ThrottlingException", 1000, asked, "GetItem"))
    with pytest.raises(Overloaded) as busy:
        stage.find(stage.acme, Team, stage.new_id())
    assert (busy.value.code, len(asked)) == ("STORE_BUSY", TRIES)


def test_a_write_whose_answer_is_lost_is_one_effect(hooked: tuple[Stage, Any]) -> None:
    stage, events = hooked
    player = stage.add(stage.acme, Player())
    lost: list[str] = []

    def hook(**named: object) -> None:
        if not lost:
            lost.append("once")
            raise ReadTimeoutError(endpoint_url="http://127.0.0.1")

    events.register("response-received.dynamodb.TransactWriteItems", hook)
    events.register("after-call.dynamodb.TransactWriteItems", hook)
    stage.save(stage.acme, player, goals=1)
    found = stage.get(stage.acme, player)
    assert lost == ["once"]
    assert (found.goals, found.version) == (1, 2)


def test_a_table_that_is_not_there_is_told_as_a_store_that_is_away(table: TestTable, tmp_path: Path) -> None:
    with table.staged() as stage:
        with table.raw() as raw:
            raw.call("DeleteTable", {})
        with pytest.raises(Overloaded) as away:
            stage.find(stage.acme, Team, stage.new_id())
    assert away.value.code == "STORE_UNREACHABLE"

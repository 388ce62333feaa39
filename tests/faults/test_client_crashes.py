"""Whenever the client of a server is killed, nothing that was acknowledged is lost, and nothing is half done."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.servers.postgres import PostgresServer
from tests.faults.client_sweep import ClientSweep
from tests.faults.sweep import told
from tests.faults.test_crashes import spread, strace

__all__ = ["strace"]

pytestmark = pytest.mark.postgres

SAMPLE = 10


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,
        PostgresServer(Path(folder), settings=["fsync=off"]) as server,
    ):
        yield server


def test_a_client_of_postgres_that_is_killed_while_it_sends_loses_nothing(
    strace: None, server: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = ClientSweep(server, tmp_path)
    points = sweep.points()
    outcomes = list(sweep.outcomes(spread(points, SAMPLE)))
    with capsys.disabled():
        sys.stdout.write(f"\n{told(outcomes)}, of {len(points)} (python -m tests.faults.client_sweep --all)\n")
    assert all(outcome.was_killed for outcome in outcomes)
    assert [(outcome.point, outcome.violations) for outcome in outcomes if outcome.violations] == []


def test_a_client_that_halves_calls_is_found_out(strace: None, server: PostgresServer, tmp_path: Path) -> None:
    sweep = ClientSweep(server, tmp_path, "careless")
    sending = [point for point in sweep.points() if point.call == "sendto"]
    outcomes = list(sweep.outcomes(sending[len(sending) // 3 :: 6]))
    assert any(outcome.violations for outcome in outcomes)

"""Whatever becomes of the server or of the way to it, a call ends with an answer of ours, and nothing told is lost."""

import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.runtime.failures import Overloaded
from freehold.runtime.ports import Verb
from freehold.servers.postgres import PostgresServer
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import Player, Team, Thing
from tests.faults.between import Between, Mode
from tests.faults.postgres import DEADLINE, backends, frozen, in_time, owner, running, staged, table_on, until_it_works

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="freehold-") as folder, running(Path(folder)) as server:
        yield server


@pytest.fixture
def stage(server: PostgresServer) -> Iterator[Stage]:
    with staged(server.serving_url) as stage:
        yield stage


@pytest.fixture
def between(server: PostgresServer) -> Iterator[Between]:
    with Between(server.serving_url) as between:
        yield between


@pytest.fixture
def distant(between: Between) -> Iterator[Stage]:
    """A store that reaches the server through what can be done to it."""
    with staged(between.url) as stage:
        yield stage


def refused(work: object) -> Overloaded:
    """The 503 that a call ends with."""
    with pytest.raises(Overloaded) as error:
        in_time(work)  # type: ignore[arg-type]  # a function
    assert (error.value.status, bool(error.value.retry_after)) == (503, True)
    return error.value


def test_after_a_backend_is_killed_calls_work_again_and_nothing_is_lost(server: PostgresServer, stage: Stage) -> None:
    teams = [stage.add(stage.acme, Team(name=str(number))) for number in range(5)]
    os.kill(backends(server)[0], signal.SIGKILL)  # the server then restarts all of them
    added, codes = until_it_works(lambda: stage.add(stage.acme, Team(name="after")))
    assert set(codes) <= {"STORE_LOST", "STORE_UNREACHABLE", "STORE_BUSY"}
    for team in (*teams, added):
        assert until_it_works(lambda team=team: stage.get(stage.acme, team))[0] == team


def test_a_connection_that_the_server_closed_is_replaced_without_an_error(server: PostgresServer, stage: Stage) -> None:
    team = stage.add(stage.acme, Team(name="Rovers"))
    with owner(server) as connection:
        for pid in backends(server):
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert stage.get(stage.acme, team) == team


def test_while_the_server_is_away_every_call_ends_at_once_and_afterwards_all_work(
    server: PostgresServer, between: Between
) -> None:
    with staged(between.url, wait=1e5, deadline=1e5) as stage:  # whoever waited for a connection would never come back
        team = stage.add(stage.acme, Team(name="Rovers"))
        between.refuse()
        codes = [refused(lambda: stage.get(stage.acme, team)).code for _ in range(20)]
        crowd = stage.together(lambda _: refused(lambda: stage.get(stage.acme, team)).code)
        assert {*codes[1:], *crowd} == {"STORE_UNREACHABLE"}
        between.admit()
        found, _ = until_it_works(lambda: stage.get(stage.acme, team))
        assert found == team


def test_a_restart_of_the_server_is_survived(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,
        running(Path(folder)) as server,
        staged(server.serving_url) as stage,
    ):
        team = stage.add(stage.acme, Team(name="Rovers"))
        os.kill(server.pid, signal.SIGQUIT)  # at once, without a farewell: what a crash looks like
        server.stop()
        assert refused(lambda: stage.get(stage.acme, team)).code == "STORE_UNREACHABLE"
        server.start()
        found, _ = until_it_works(lambda: stage.get(stage.acme, team))
        assert found == team


def test_a_frozen_server_is_given_up_and_used_again_once_it_thaws(server: PostgresServer, stage: Stage) -> None:
    team = stage.add(stage.acme, Team(name="Rovers"))
    other = stage.add(stage.globex, Team(name="Rangers"))
    with frozen(*backends(server)):
        assert refused(lambda: stage.get(stage.acme, team)).code == "STORE_LOST"
        assert in_time(lambda: stage.get(stage.globex, other)) == other  # on a connection of its own
    assert stage.get(stage.acme, team) == team


def test_a_server_that_is_frozen_as_a_whole_is_given_up(server: PostgresServer, stage: Stage) -> None:
    team = stage.add(stage.acme, Team(name="Rovers"))
    with frozen(server.pid, *backends(server)):
        codes = {refused(lambda: stage.get(stage.acme, team)).code for _ in range(5)}
        assert codes == {"STORE_LOST", "STORE_UNREACHABLE"}
        assert refused(lambda: stage.add(stage.acme, Thing(text="0123456789" * 1_000_000)))
    found, _ = until_it_works(lambda: stage.get(stage.acme, team))
    assert found == team


def test_who_needs_a_new_connection_to_a_frozen_server_waits_no_longer_than_for_an_answer(
    server: PostgresServer,
) -> None:
    """However long the attempt lasts: it goes on without the call, and what comes of it is the next one's."""
    with staged(f"{server.serving_url}&connect_timeout=600", size=1, wait=600, deadline=1) as stage:
        team = Team(id=stage.new_id(), name="Rovers")
        with frozen(server.pid, *backends(server)):
            assert refused(lambda: stage.get(stage.acme, team)).code == "STORE_UNREACHABLE"
            assert refused(lambda: stage.get(stage.acme, team)).code == "STORE_UNREACHABLE"
        until_it_works(lambda: stage.write(stage.acme, Verb.ADD, team))
        assert stage.get(stage.acme, team) == team


def test_a_long_text_that_nobody_takes_is_given_up(server: PostgresServer, stage: Stage) -> None:
    team = stage.add(stage.acme, Team(name="Rovers"))
    with frozen(*backends(server)):
        thing = Thing(id=stage.new_id(), text="0123456789" * 1_000_000)
        assert refused(lambda: stage.add(stage.acme, thing)).code == "STORE_LOST"
    assert not stage.has(stage.acme, thing)
    assert stage.get(stage.acme, team) == team


@pytest.mark.parametrize("mode", [Mode.RESET, Mode.CUT_HALF, Mode.FREEZE, Mode.SLOWLY])
@pytest.mark.parametrize("is_write", [False, True])
def test_a_connection_that_breaks_in_the_middle_ends_in_503(
    mode: Mode, is_write: bool, between: Between, distant: Stage
) -> None:
    teams = [distant.add(distant.acme, Team(name=f"{number}")) for number in range(20)]
    late = Team(id=distant.new_id(), name="late")
    between.mode = mode
    reading = lambda: distant.page(distant.acme, "Teams.all", [])  # noqa: E731  # one of two
    writing = lambda: distant.add(distant.acme, late)  # noqa: E731  # the other
    refused(writing if is_write else reading)
    between.mode = Mode.PASS
    found, _ = until_it_works(reading)
    assert [team.id for team in found if team.id != late.id] == [team.id for team in teams]


def test_after_one_was_late_the_others_are_asked_before_they_are_used(between: Between) -> None:
    with staged(between.url) as stage:
        team = stage.add(stage.acme, Team(name="Rovers"))
        gate = threading.Barrier(6)

        def look(_: int) -> bool:
            with stage.snapshot(stage.acme) as snapshot:
                gate.wait()
                return snapshot.get(Team, team.id) is not None

        assert all(stage.together(look, 6))
        before = between.connections
        between.mode = Mode.FREEZE
        refused(lambda: stage.get(stage.acme, team))
        between.mode = Mode.PASS
        found, _ = until_it_works(lambda: stage.get(stage.acme, team))
        assert found == team
        assert between.connections - before <= 2


def test_a_commit_whose_answer_is_lost_is_503_and_was_done(between: Between, distant: Stage) -> None:
    player = distant.add(distant.acme, Player(goals=0))
    between.mode = Mode.CUT_COMMIT
    assert refused(lambda: distant.save(distant.acme, player, goals=1)).code == "STORE_LOST"
    between.mode = Mode.PASS
    assert distant.get(distant.acme, player).goals == 1


def test_a_server_that_lets_no_more_in_is_waited_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = ("max_connections=8", "superuser_reserved_connections=5", "max_wal_senders=0")
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,
        running(Path(folder), *settings) as server,
        staged(server.serving_url, size=20, deadline=20, wait=20) as stage,
    ):
        teams = [Team(id=stage.new_id(), name=str(number)) for number in range(12)]
        stage.together(lambda number: stage.write(stage.acme, Verb.ADD, teams[number]), len(teams))
        assert all(stage.get(stage.acme, team) == team for team in teams)


def test_one_tenants_slow_calls_leave_connections_to_others(server: PostgresServer) -> None:
    with staged(server.serving_url, size=4, wait=DEADLINE, deadline=30) as stage:
        other = stage.add(stage.globex, Team(name="Rangers"))
        stage.add(stage.acme, Team(name="Rovers"))
        begun, end = threading.Semaphore(0), threading.Event()

        def hold(_: int) -> None:
            with stage.snapshot(stage.acme) as snapshot:
                snapshot.get(Team, stage.new_id())
                begun.release()
                assert end.wait(30)

        holders = [threading.Thread(target=hold, args=(number,)) for number in range(3)]
        for holder in holders:
            holder.start()
            begun.acquire()
        error = refused(lambda: stage.page(stage.acme, "Teams.all", []))
        found = [stage.get(stage.globex, other) for _ in range(20)]
        end.set()
        for holder in holders:
            holder.join()
        assert (error.code, found) == ("STORE_BUSY", [other] * 20)
        assert len(stage.page(stage.acme, "Teams.all", [])) == 1


def test_a_tenant_that_waits_for_its_own_lock_holds_up_nobody_else(server: PostgresServer) -> None:
    with staged(server.serving_url, size=4, wait=DEADLINE, deadline=DEADLINE) as stage, owner(server) as slow:
        other = stage.add(stage.globex, Team(name="Rangers"))
        team = stage.add(stage.acme, Team(name="Rovers"))
        table = table_on(stage.acme, "team")
        with slow.transaction():
            slow.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            codes = stage.together(lambda _: refused(lambda: stage.get(stage.acme, team)).code)
            assert {*codes} <= {"STORE_LOST", "STORE_BUSY"}
            assert stage.get(stage.globex, other) == other
        assert stage.get(stage.acme, team) == team

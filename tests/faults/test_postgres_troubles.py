"""Whatever a PostgreSQL server refuses ends as an answer of ours: tried again, or told as 503, 507, or wrong input."""

import os
import random
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import psycopg
import pytest

from freehold.runtime.failures import Invalid, Overloaded, StorageFull
from freehold.runtime.ports import Changes, Verb
from freehold.runtime.scope import Scope
from freehold.servers.postgres import PostgresServer
from freehold.settings import Settings
from freehold.stores.postgres.migrations import PostgresMigrations
from freehold.stores.schema import schema_of
from freehold.testing.caller import Caller
from freehold.testing.clock import HandClock
from freehold.testing.contract.stage import Stage, changes
from freehold.testing.contract.subjects import Player, Team, Thing
from freehold.wiring import backend, complete
from tests.faults.app import app
from tests.faults.between import Between, Mode
from tests.faults.postgres import in_time, owner, running, staged, table_on, until_it_works

pytestmark = pytest.mark.postgres

FAILING = """
CREATE SEQUENCE public.tries;
CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF nextval('public.tries') <= {times} THEN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fail BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION public.fail();
"""
CLEAR = "DROP FUNCTION public.fail CASCADE; DROP SEQUENCE public.tries"
LONG = "0123456789" * 10_000


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="freehold-") as folder, running(Path(folder)) as server:
        yield server


@pytest.fixture
def stage(server: PostgresServer) -> Iterator[Stage]:
    with staged(server.serving_url, deadline=10) as stage:
        yield stage


@pytest.fixture
def failing(server: PostgresServer) -> Iterator[Callable[[str, str, int], None]]:
    """Makes every update of a tenant's players fail, so many times, with a SQLSTATE."""

    def fail(tenant: str, state: str, times: int) -> None:
        with owner(server) as connection:
            text = FAILING.format(state=state, times=times, table=table_on(tenant, "player"))
            connection.execute(text.encode())

    yield fail
    with owner(server) as connection:
        connection.execute(CLEAR.encode())


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03"])
def test_a_lost_race_with_another_transaction_is_tried_again(
    state: str, stage: Stage, failing: Callable[[str, str, int], None], server: PostgresServer
) -> None:
    player = stage.add(stage.acme, Player(goals=0))
    failing(stage.acme, state, 3)
    saved = stage.save(stage.acme, player, goals=1)
    assert stage.get(stage.acme, player) == saved
    with owner(server) as connection:
        assert connection.execute("SELECT last_value FROM public.tries").fetchone() == (4,)


@pytest.mark.parametrize("state", ["40001", "40P01", "53200", "57P03", "25006", "53300", "08006"])
def test_what_fails_again_and_again_is_503_in_the_end(
    state: str, stage: Stage, failing: Callable[[str, str, int], None]
) -> None:
    player = stage.add(stage.acme, Player(goals=0))
    failing(stage.acme, state, 1_000)
    with pytest.raises(Overloaded) as error:
        stage.save(stage.acme, player, goals=1)
    assert (error.value.code, error.value.retry_after) == ("STORE_BUSY", 1)
    with pytest.raises(Overloaded):
        stage.alone(stage.acme, lambda unit: unit.save(player.model_copy(update={"goals": 1})))
    assert stage.get(stage.acme, player) == player


def test_of_two_that_wait_for_each_other_both_end(stage: Stage) -> None:
    ours, theirs = (stage.add(tenant, Player(goals=0)) for tenant in (stage.acme, stage.globex))
    pairs = [(stage.acme, ours), (stage.globex, theirs)]
    gate = threading.Barrier(2)

    def save(number: int) -> bool:
        gate.wait()
        with Scope(stage.acme) as one, Scope(stage.globex) as other:
            scopes = {stage.acme: one, stage.globex: other}
            order = pairs if number else pairs[::-1]
            parts: list[Changes] = [changes(scopes[tenant], Verb.SAVE, player) for tenant, player in order]
            try:
                stage.database.commit(parts)
            except Exception as error:  # noqa: BLE001  # looked at below
                return type(error).__name__ == "Stale"
            return True

    for _ in range(10):
        assert in_time(lambda: stage.together(save, 2)) == [True, True]
        pairs = [(tenant, stage.get(tenant, player)) for tenant, player in pairs]
    assert [player.version for _, player in pairs] == [11, 11]


def test_a_deadlock_with_somebody_outside_is_tried_again(stage: Stage, server: PostgresServer) -> None:
    first, second = (stage.add(stage.acme, Player(goals=0)) for _ in range(2))
    with owner(server) as outside, outside.transaction():
        lock = f"SELECT FROM {table_on(stage.acme, 'player')} WHERE id = %s FOR UPDATE".encode()
        outside.execute("SET LOCAL deadlock_timeout = '1min'")  # so that the store is the one that gives way
        outside.execute(lock, [second.id])
        saving = threading.Thread(target=lambda: stage.write(stage.acme, Verb.SAVE, first, second))
        saving.start()
        waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'freehold'"
        while not outside.execute(waiting).fetchall():
            pass
        outside.execute(lock, [first.id])
    saving.join()
    assert [stage.get(stage.acme, player).version for player in (first, second)] == [2, 2]


def test_a_server_that_takes_no_writes_goes_on_reading(server: PostgresServer) -> None:
    with owner(server) as connection, staged(server.serving_url, deadline=10) as stage:
        team = stage.add(stage.acme, Team(name="Rovers"))
        connection.execute("ALTER ROLE freehold SET default_transaction_read_only = on")
        try:
            stage.reopen()
            with pytest.raises(Overloaded) as error:
                stage.save(stage.acme, team, name="Rangers")
            assert stage.get(stage.acme, team) == team
        finally:
            connection.execute("ALTER ROLE freehold RESET default_transaction_read_only")
        assert (error.value.code, error.value.retry_after) == ("STORE_BUSY", 1)
        saved, _ = until_it_works(lambda: stage.save(stage.acme, team, name="Rangers"))
        assert stage.get(stage.acme, team) == saved


def test_a_standby_reads_and_writes_once_it_is_promoted() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,
        running(Path(folder)) as server,
        staged(server.serving_url, deadline=10) as stage,
    ):
        team = stage.add(stage.acme, Team(name="Rovers"))
        server.stop()
        (Path(folder) / "standby.signal").touch(0o644)
        server.start()
        with pytest.raises(Overloaded):
            stage.save(stage.acme, team, name="Rangers")
        assert stage.get(stage.acme, team) == team
        with owner(server) as connection:
            connection.execute("SELECT pg_promote()")
        saved, _ = until_it_works(lambda: stage.save(stage.acme, team, name="Rangers"))
        assert stage.get(stage.acme, team) == saved


def test_a_full_disk_answers_507_loses_nothing_and_is_left_behind(stage: Stage, server: PostgresServer) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk to fill")
    with tempfile.TemporaryDirectory(prefix="freehold-") as folder:
        Path(folder).chmod(0o755)
        mounting = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0777", "tmpfs", folder]
        if subprocess.run(mounting, check=False, capture_output=True).returncode:
            pytest.skip("no small disk can be mounted here")
        team, first = stage.add(stage.acme, Team(name="Rovers")), stage.add(stage.acme, Thing())
        table = table_on(stage.acme, "thing")
        with owner(server) as connection:
            (Path(folder) / "space").mkdir()
            os.chown(Path(folder) / "space", 65534, -1)
            connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}/space'".encode())
            connection.execute(f"ALTER TABLE {table} SET TABLESPACE small".encode())
            kept, noise = [first], random.Random(0)
            adding = (stage.add(stage.acme, Thing(raw=noise.randbytes(100_000))) for _ in count())
            with pytest.raises(StorageFull) as error:
                kept.extend(adding)
            assert error.value.status == 507
            assert len(kept) > 3
            stage.save(stage.acme, team, name="Rangers")
            assert all(stage.get(stage.acme, thing) == thing for thing in kept)
            subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
            kept.append(stage.add(stage.acme, Thing(raw=noise.randbytes(100_000))))
            assert all(stage.get(stage.acme, thing) == thing for thing in kept)
            connection.execute(f"ALTER TABLE {table} SET TABLESPACE pg_default".encode())
            connection.execute("DROP TABLESPACE small")
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("length", [1_200, 3_000])
@pytest.mark.parametrize("kind", ["code", "name"])
def test_a_value_that_is_too_long_for_an_index_is_wrong_input_and_says_which(
    kind: str, length: int, stage: Stage
) -> None:
    noise = random.Random(0)
    long = "".join(chr(noise.randrange(0x4E00, 0x9FA5)) for _ in range(length))
    with pytest.raises(Invalid) as error:
        stage.add(stage.acme, Team(**{"name": "Rovers", kind: long}))
    assert [detail["loc"] for detail in error.value.details] == [[kind]]
    assert stage.page(stage.acme, "Teams.all", []) == []


def test_large_values_come_back(stage: Stage) -> None:
    things = [stage.add(stage.acme, Thing(text=LONG * 200, raw=bytes(range(256)) * 10_000)) for _ in range(2)]
    assert [stage.get(stage.acme, thing) == thing for thing in things] == [True, True]


def test_a_lost_answer_to_a_commit_is_replayed_to_who_asks_again(server: PostgresServer, tmp_path: Path) -> None:
    with Between(server.serving_url) as between, owner(server) as connection:
        connection.execute("CREATE DATABASE replays")
        own = server.url.replace("/postgres?", "/replays?")
        with PostgresMigrations(own, schema_of(complete(app)), login="freehold") as migrations:
            migrations.up()
        settings = Settings(
            data=str(tmp_path), store="postgres", database_url=between.url.replace("/postgres?", "/replays?")
        )
        made = backend(app, settings, clock=(clock := HandClock()))
        caller = Caller(made, clock, "acme", "member")
        between.mode = Mode.CUT_COMMIT
        with pytest.raises(Overloaded) as error:
            caller.answer("create", key="k", number=7)
        between.mode = Mode.PASS
        answer, _ = until_it_works(lambda: caller.answer("create", key="k", number=7))
        again = caller.answer("create", key="k", number=7)
        made.close()
    assert (error.value.code, answer.replayed, again.data) == ("STORE_LOST", True, answer.data)


def test_who_takes_a_seat_needs_one_connection(server: PostgresServer, tmp_path: Path) -> None:
    with owner(server) as connection:
        connection.execute("CREATE DATABASE single")
    own, serving = (url.replace("/postgres?", "/single?") for url in (server.url, server.serving_url))
    with PostgresMigrations(own, schema_of(complete(app)), login="freehold") as migrations:
        migrations.up()
    settings = Settings(data=str(tmp_path), store="postgres", database_url=serving)
    wide, narrow = (backend(app, replace(settings, connections=number)) for number in (3, 1))
    ada = Caller(wide, HandClock(), "acme", "owner")
    token = getattr(ada.answer("invite", email="carl@acme.test", role="member").value, "token", "")
    ada.backend = narrow
    ada.answer("accept_invitation", token=token, name="Carl", password="quokka lantern 77")
    assert b"carl@acme.test" in ada.answer("list_members").data
    for each in (wide, narrow):
        each.close()


def test_no_error_of_the_drivers_is_ever_raised(stage: Stage, server: PostgresServer) -> None:
    team = stage.add(stage.acme, Team(name="Rovers"))
    with owner(server) as connection:
        connection.execute(f"DROP SCHEMA t_{stage.acme.replace('-', '')} CASCADE".encode())
    for work in (
        lambda: stage.get(stage.acme, team), lambda: stage.save(stage.acme, team),
        lambda: stage.page(stage.acme, "Teams.all", []), lambda: stage.audit(stage.acme),
        lambda: stage.alone(stage.acme, lambda unit: unit.add(Team(name="x"))),
    ):  # fmt: skip
        with pytest.raises(Exception, match="store") as error:
            work()
        assert not isinstance(error.value, psycopg.Error)

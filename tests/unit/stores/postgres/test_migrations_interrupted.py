"""A migration that is killed leaves every ground whole, at one version or the other, and the next one finishes."""

import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from freehold.servers.postgres import PostgresServer
from freehold.stores.migrate import Stage
from tests.unit.stores import versions
from tests.unit.stores.postgres.fleets import ACME, IDS, TIERS, add, fill, read, up
from tests.unit.stores.postgres.servers import Database, schema_name
from tests.unit.stores.stored import model_of

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[4]
POINTS = int(os.environ.get("POSTGRES_SWEEP", "6"))
"""At how many statements a migration is killed; 0 is at each of them (`make faults`)."""
MANY = int(os.environ.get("POSTGRES_GROUNDS", "60"))
LATE = "018f0000-0000-7000-8000-0000000000b0"


def migrate(database: Database, statements: int = 0) -> subprocess.CompletedProcess[str]:
    """Migrate in another process, which kills itself before a statement."""
    command = [sys.executable, "-m", "tests.unit.stores.postgres.migrating", database.url, "everything_changed"]
    return subprocess.run([*command, str(statements)], cwd=ROOT, capture_output=True, text=True, check=False)


def copied(server: PostgresServer, template: Database) -> Database:
    """A database like another one. Its roles are those of the other, so only one of the two may make new grounds."""
    database = Database(server)
    database.drop()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database.name} TEMPLATE {template.name}".encode())
    return database


@pytest.fixture
def filled(database: Database) -> Database:
    """Tenants in both tiers with tasks whose titles are numbers."""
    fill(database, versions.first, *({"title": str(number)} for number in range(5)))
    return database


def check_whole(database: Database) -> None:
    """Every ground has the columns of the version it is noted at, and all of its rows."""
    noted = dict(database.rows("SELECT tenant::text, version FROM freehold.ground"))
    for tenant, tier in TIERS.items():
        place = schema_name(tenant) if tier == "schema" else "freehold_pool"
        query = "SELECT count(*) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'number'"
        has_number = database.rows(query, f"{place}.task") == [(1,)]
        version = noted[tenant] if tier == "schema" else noted["ffffffff-ffff-ffff-ffff-ffffffffffff"]
        assert has_number == (version == 2), (tenant, version)
        assert database.rows(f"SELECT count(*) FROM {place}.task WHERE tenant = %s", tenant) == [(5,)]


def test_a_migration_that_is_killed_leaves_every_ground_whole_and_goes_on(
    filled: Database, server: PostgresServer
) -> None:
    trial = copied(server, filled)
    total = int(migrate(trial).stdout)
    trial.drop()
    points = range(1, total + 1) if not POINTS else sorted({1 + total * number // POINTS for number in range(POINTS)})
    for point in points:
        copy = copied(server, filled)
        killed = migrate(copy, point)
        assert killed.returncode == -signal.SIGKILL
        check_whole(copy)
        if copy.rows("SELECT count(*) FROM freehold.migration") == [(2,)]:  # begun: who comes now, comes at the new one
            task, *_ = kinds = versions.everything_changed()
            store = copy.opened(model_of(*kinds))
            add(store, LATE, task(id=IDS[0], title=7))
            store.close()
            assert copy.rows("SELECT version FROM freehold.ground WHERE tenant = %s", LATE) == [(2,)]
        up(copy, versions.everything_changed, breaking=True)
        assert copy.rows("SELECT DISTINCT version FROM freehold.ground WHERE tier = 'schema'") == [(2,)]
        for tenant in TIERS:
            assert [one["title"] for one in read(copy, versions.everything_changed, tenant)] == list(range(5))
        with psycopg.connect(server.url, autocommit=True) as connection:
            name = copy.rows("SELECT id FROM freehold.installation")[0][0]
            copy.drop()
            connection.execute(f'DROP ROLE IF EXISTS "fh_{name}_{schema_name(LATE)[2:]}"'.encode())


def test_a_server_that_goes_away_in_the_middle_is_told_and_the_next_run_finishes(filled: Database) -> None:
    stages: list[Stage] = []

    def cut(stage: Stage) -> None:
        stages.append(stage)
        if stage.done == 2:
            filled.do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                      "AND pid <> pg_backend_pid()")  # fmt: skip

    with (
        filled.migrations(model_of(*versions.everything_changed())) as migrations,
        pytest.raises(Exception, match=r"FH307|FH306"),
    ):
        migrations.up(breaking=True, progress=cut)
    check_whole(filled)
    up(filled, versions.everything_changed, breaking=True)
    assert [one["title"] for one in read(filled, versions.everything_changed)] == list(range(5))


def test_tenants_that_are_made_while_a_migration_runs_end_at_the_new_version(database: Database) -> None:
    task, *_ = versions.first()
    up(database, versions.first)
    store = database.opened(model_of(task), size=8)
    end, made = threading.Event(), [ACME]
    add(store, ACME, task(id=IDS[0], title="x"))

    def arrive() -> None:
        for number in range(1000):
            if end.is_set():
                return
            made.append(f"018f0000-0000-7000-8000-000000000c{number:02x}"[:36])
            add(store, made[-1], task(id=IDS[0], title="x"))

    arriving = threading.Thread(target=arrive)
    arriving.start()
    while len(made) < 4:
        pass
    up(database, versions.with_some_defaults)
    end.set()
    arriving.join()
    store.close()
    up(database, versions.with_some_defaults)
    assert database.rows("SELECT DISTINCT version FROM freehold.ground") == [(2,)]
    assert all(read(database, versions.with_some_defaults, tenant)[0]["done"] is False for tenant in made)


def test_many_grounds_take_no_more_memory_than_few(database: Database) -> None:
    task, *_ = versions.first()
    up(database, versions.first)
    store = database.opened(model_of(task))
    peaks = []
    for number in range(MANY):
        add(store, f"018f0000-0000-7000-8000-{number:012x}", task(id=IDS[0], title="x"))
    store.close()

    def note(stage: Stage) -> None:
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    with database.migrations(model_of(*versions.with_optional())) as migrations:
        migrations.up(progress=note)
    assert len(peaks) == MANY + 2
    assert peaks[-1] - peaks[len(peaks) // 4] < 2_000

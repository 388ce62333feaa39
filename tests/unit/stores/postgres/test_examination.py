"""What somebody may add to a database that undoes its isolation is found; what freehold makes is not complained of."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.servers.postgres import PostgresServer
from freehold.settings import Settings
from freehold.stores.postgres import examination
from freehold.stores.postgres.examination import Report, examined
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import SUBJECTS, Team
from tests.unit.stores.postgres.planted import PLANTED
from tests.unit.stores.postgres.servers import Database, schema_name

pytestmark = pytest.mark.postgres


@pytest.fixture
def guarded(database: Database, stages: tuple[Stage, Stage]) -> Settings:
    """A database with tenants in both tiers, as who serves and who owns."""
    return Settings(store="postgres", database_url=database.serving_url, owner_url=database.url)


@pytest.fixture
def stages(database: Database) -> Iterator[tuple[Stage, Stage]]:
    """Two stores on one database, one for each tier, each with its tenants."""
    database.up(SUBJECTS)
    stages = [Stage(lambda model, tier=tier: database.opened(model, tier=tier)) for tier in ("schema", "pool")]
    for stage in stages:
        for tenant in (stage.acme, stage.globex):
            stage.add(tenant, Team(name="x"))
    yield stages[0], stages[1]
    for stage in stages:
        stage.database.close()


@pytest.fixture
def durable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's server does not flush, and is what the wheel has: neither is what is looked for here."""
    monkeypatch.setattr(examination, "FIXED", {15: 0, 16: 0, 17: 0, 18: 0})
    looks = [look for look in examination.LOOKS if "'fsync'" not in look.query]
    monkeypatch.setattr(examination, "LOOKS", looks)


def names(database: Database, stage: Stage, server: PostgresServer) -> dict[str, str]:
    """What the statements above are about."""
    name = str(database.rows("SELECT id FROM freehold.installation")[0][0])
    schema, other = schema_name(stage.acme), schema_name(stage.globex)
    (check,) = database.rows(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass", f"{schema}.freehold_team"
    )[0]
    (extension,) = (database.rows(
        "SELECT name FROM pg_available_extensions WHERE name IN ('dblink', 'file_fdw', 'adminpack', 'lo') LIMIT 1"
    ) or [("",)])[0]  # fmt: skip
    return {
        "owner": f"fh_{name}_owner", "role": f"fh_{name}_{schema[2:]}", "other_role": f"fh_{name}_{other[2:]}",
        "schema": schema, "table": f"{schema}.freehold_team", "other": f"{other}.freehold_team",
        "pool": "freehold_pool.freehold_team", "check": str(check), "database": database.name,
        "extension": str(extension),
    }  # fmt: skip


def found(report: Report) -> list[str]:
    """What was found wrong, as a person reads it."""
    return [f"{finding.code} {finding.message}" for finding in report.wrong]


def test_a_clean_database_has_nothing_wrong(guarded: Settings, durable: None) -> None:
    report = examined(guarded)
    assert (found(report), report.hints) == ([], [])


def test_a_database_on_the_other_version_has_nothing_wrong(durable: None) -> None:
    binaries = Path("/usr/lib/postgresql/15/bin")
    if not (binaries / "postgres").exists():
        pytest.skip("PostgreSQL 15 is not installed")
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,
        PostgresServer(Path(folder), binaries=binaries, settings=["fsync=off"]) as server,
    ):
        database = Database(server)
        database.up(SUBJECTS)
        stage = Stage(database.opened)
        stage.add(stage.acme, Team(name="x"))
        stage.database.close()
        settings = Settings(store="postgres", database_url=database.serving_url, owner_url=database.url)
        assert found(examined(settings)) == []


def test_each_thing_that_undoes_isolation_is_found(
    guarded: Settings, durable: None, database: Database, stages: tuple[Stage, Stage], server: PostgresServer
) -> None:
    """One after the other in one database: it takes long to make, and each is taken back."""
    known = names(database, stages[0], server)
    missed = []
    for what, (code, plant, undo) in PLANTED.items():
        if what == "extension" and not known["extension"]:
            continue
        planting, undoing = ([text.format(**known) for text in texts] for texts in (plant, undo))
        if undo:
            database.do(*planting)
            report = examined(guarded)
            database.do(*undoing)
        else:
            report = in_a_transaction(database, planting, guarded)
        codes = {finding.code for finding in report.wrong}
        if code not in codes:
            missed.append((what, sorted(codes)))
    assert missed == []
    assert found(examined(guarded)) == []


def in_a_transaction(database: Database, statements: list[str], settings: Settings) -> Report:
    """What is found while a change is made that is then taken back."""
    with database.raw() as connection, connection.transaction(force_rollback=True):
        for statement in statements:
            connection.execute(statement.encode())
        return examination.looked(connection, settings)


def test_an_old_release_is_a_hint_until_the_pool_is_used(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    database.up(SUBJECTS)
    monkeypatch.setattr(examination, "FIXED", {15: 99, 16: 99, 17: 99, 18: 99})
    settings = Settings(store="postgres", database_url=database.serving_url, owner_url=database.url)
    assert "FH309" in {finding.code for finding in examined(settings).hints}
    stage = Stage(lambda model: database.opened(model, tier="pool"))
    stage.add(stage.acme, Team(name="x"))
    stage.database.close()
    assert "FH309" in {finding.code for finding in examined(settings).wrong}


def test_who_serves_as_the_owner_is_told_so(guarded: Settings, database: Database) -> None:
    report = examined(Settings(store="postgres", database_url=database.url))
    assert "FH310 postgres, who serves, is a superuser" in found(report)


def test_a_server_that_may_lose_what_it_acknowledged_is_told_so(guarded: Settings) -> None:
    assert "FH315 fsync is off: what was acknowledged can be lost with the power" in found(examined(guarded))


def test_a_database_that_is_not_freeholds_is_told_so(database: Database) -> None:
    settings = Settings(store="postgres", database_url=database.url)
    assert [finding.code for finding in examined(settings).wrong] == ["FH303"]


def test_many_findings_of_a_kind_are_counted(guarded: Settings, database: Database, durable: None) -> None:
    database.do(*(f"CREATE VIEW public.x{number} AS SELECT * FROM freehold_pool.freehold_team" for number in range(25)))
    told = [finding.message for finding in examined(guarded).wrong]
    assert len(told) == examination.SHOWN + 1
    assert "and 5 more like this" in told

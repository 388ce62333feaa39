"""Layer 4 of isolation: what a connection of the store refuses, even to statements that are wrong."""

import sqlite3

import pytest

from freehold.runtime.ports import Verb
from freehold.stores.sqlite import Sqlite
from freehold.stores.sqlite.connection import Connection
from freehold.testing.contract import Promise, grounds
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import Player, Sample, Team
from tests.unit.stores.stored import reading

FORBIDDEN = [
    "ATTACH DATABASE 'other.db' AS other",
    "PRAGMA query_only = OFF",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA writable_schema = ON",
    "SELECT * FROM pragma_table_info('freehold_team')",
    "SELECT * FROM sqlite_master",
    "SELECT name FROM freehold_team",
    "SELECT count(*) FROM freehold_team",
    "SELECT name FROM main.freehold_team WHERE tenant = ground()",
    "SELECT text FROM freehold_audit",
    "SELECT * FROM freehold_schema",
    "DELETE FROM freehold_schema",
    "INSERT INTO freehold_schema (number, at, label, before, after) VALUES (99, '', '', '', '')",
    "WITH all_of_them AS (SELECT name FROM freehold_team) SELECT name FROM all_of_them",
    "WITH ground_x AS (SELECT name FROM freehold_team) SELECT name FROM ground_x",
    "WITH ground_freehold_player AS (SELECT name FROM freehold_team) SELECT name FROM ground_freehold_player",
    "SELECT name FROM (SELECT name FROM freehold_team) AS ground_freehold_team",
    "SELECT name FROM sqlite_temp_master",
    "SELECT name FROM ground_freehold_team UNION SELECT name FROM freehold_team",
    "SELECT (SELECT name FROM freehold_team) FROM ground_freehold_team",
    "CREATE TABLE mine (id)",
    "CREATE TEMP TABLE mine (id)",
    "CREATE TEMP VIEW ground_mine AS SELECT * FROM main.freehold_team",
    "DROP TABLE freehold_team",
    "DROP VIEW ground_freehold_team",
    "DROP TRIGGER guard_freehold_team_insert",
    "ALTER TABLE freehold_team ADD COLUMN mine TEXT",
    "VACUUM INTO 'copy.db'",
    "REINDEX",
    "ANALYZE",
    "SELECT load_extension('evil')",
]
WRITES = [
    "INSERT INTO freehold_team (tenant, id, name) VALUES (ground(), 'x', 'x')",
    "UPDATE freehold_team SET name = 'x'",
    "DELETE FROM freehold_team",
]


def other(stage: Stage) -> Team:
    """A team on another ground."""
    return stage.add(stage.globex, Team(name="theirs", code="T"))


def refused(connection: Connection, statement: str) -> str:
    """Why a statement was refused, which it must be."""
    with pytest.raises(sqlite3.Error) as error:
        connection.raw.execute(statement).fetchall()
    return str(error.value)


@pytest.mark.parametrize("statement", [*FORBIDDEN, *WRITES])
def test_a_connection_that_reads_refuses(statement: str, database: Sqlite, stage: Stage) -> None:
    team = other(stage)
    with reading(database, stage.acme) as connection:
        assert refused(connection, statement)
    assert stage.get(stage.globex, team) == team


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_connection_that_writes_refuses(statement: str, database: Sqlite, stage: Stage) -> None:
    other(stage)
    connection = database._writer._connection
    connection.ground = stage.acme
    assert refused(connection, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO freehold_team (tenant, id, name) VALUES (:theirs, 'x', 'x')",
        "INSERT INTO freehold_team (tenant, id, name) SELECT :theirs, 'x', 'x'",
        "INSERT OR REPLACE INTO freehold_team (tenant, id, name) VALUES (:theirs, :id, 'x')",
        "UPDATE freehold_team SET name = 'x' WHERE id = :id",
        "UPDATE freehold_team SET tenant = :ours WHERE id = :id",
        "UPDATE freehold_team SET tenant = :theirs WHERE id = :own",
        "DELETE FROM freehold_team WHERE id = :id",
        "DELETE FROM freehold_team",
        "UPDATE freehold_team SET name = 'x'",
        "INSERT INTO freehold_audit (tenant, number, text, before, hash) VALUES (:theirs, 99, '', '', '')",
        "INSERT OR REPLACE INTO freehold_audit (tenant, number, text, before, hash) VALUES (:ours, 1, '', '', '')",
        "UPDATE freehold_audit SET number = 99",
        "DELETE FROM freehold_audit",
        "DELETE FROM freehold_audit WHERE tenant = :ours",
    ],
)
def test_a_row_of_another_ground_cannot_be_written(statement: str, database: Sqlite, stage: Stage) -> None:
    theirs, own = other(stage), stage.add(stage.acme, Team(name="ours"))
    for tenant in (stage.acme, stage.globex):
        stage.write(tenant, Verb.ADD, Player(id=stage.new_id()), entry={"actor": "ada"})
    connection = database._writer._connection
    connection.ground = stage.acme
    values = {"ours": stage.acme, "theirs": stage.globex, "id": theirs.id, "own": own.id}
    with pytest.raises(sqlite3.Error, match=r"this is not ours to write|prohibited"):
        connection.raw.execute(statement, values)
    assert stage.get(stage.globex, theirs) == theirs
    assert stage.get(stage.acme, own) == own
    assert len(stage.audit(stage.globex)) == len(stage.audit(stage.acme)) == 1


def test_a_connection_that_is_bound_to_nobody_shows_nothing(database: Sqlite, stage: Stage) -> None:
    other(stage)
    with reading(database, None) as connection:
        assert connection.raw.execute("SELECT id FROM ground_freehold_team").fetchall() == []


def test_a_connection_that_is_bound_to_nobody_writes_nothing(database: Sqlite, stage: Stage) -> None:
    team = other(stage)
    connection = database._writer._connection
    for statement in WRITES:
        assert refused(connection, statement)
    assert connection.ground is None
    assert stage.get(stage.globex, team) == team


def test_every_connection_is_unbound_after_use(database: Sqlite, stage: Stage) -> None:
    stage.add(stage.acme, Team(name="ours"))
    stage.audit(stage.acme)
    with stage.snapshot(stage.acme), stage.snapshot(stage.globex):
        assert {connection.ground for connection in database._readers._free} <= {None}
    assert len(database._readers._free) > 1
    assert {connection.ground for connection in database._readers._free} == {None}
    assert database._writer._connection.ground is None


def without_layer_3(database: Sqlite) -> None:
    """Forget the tenant in every statement that reads."""
    for statements in database._book.of.values():
        for name in ("get", "exists"):
            setattr(statements, name, getattr(statements, name).replace("tenant = ?", "? IS NOT NULL"))
    for listing in database._book.listings.values():
        texts = listing._texts
        listing._texts = {key: text.replace("tenant = ?", "? IS NOT NULL") for key, text in texts.items()}


ISOLATION = [
    grounds.the_same_ids_are_different_entities,
    grounds.another_tenants_entity_is_like_none,
    grounds.saving_changes_ones_own_only,
    grounds.removing_removes_ones_own_only,
    grounds.lists_hold_ones_own_only,
    grounds.a_place_in_another_tenants_list_shows_ones_own,
    grounds.tenants_stay_apart_in_a_crowd,
]


@pytest.mark.parametrize("promise", ISOLATION, ids=lambda promise: promise.__name__)
def test_layer_4_holds_when_the_statements_forget_the_tenant(promise: Promise, database: Sqlite, stage: Stage) -> None:
    without_layer_3(database)
    promise(stage)
    assert not any("tenant = ?" in text for one in database._book.listings.values() for text in one._texts.values())


@pytest.mark.parametrize("promise", ISOLATION, ids=lambda promise: promise.__name__)
def test_layer_3_holds_when_connections_guard_nothing(
    promise: Promise, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = "CREATE TEMP VIEW ground_{0} AS SELECT * FROM main.{0}"
    views = [whole.format(table) for table in (*stage_tables(stage), "freehold_audit")]
    monkeypatch.setattr("freehold.stores.sqlite.connection.guards", lambda _: views)
    stage.reopen()
    promise(stage)
    theirs = other(stage)
    assert isinstance(stage.database, Sqlite)
    with reading(stage.database, stage.acme) as connection:
        seen = connection.raw.execute("SELECT id FROM ground_freehold_team").fetchall()
    assert (theirs.id,) in seen


def stage_tables(stage: Stage) -> list[str]:
    """The tables of a stage's store."""
    assert isinstance(stage.database, Sqlite)
    return list(stage.database.schema.tables)


def test_the_planted_faults_are_real(database: Sqlite, stage: Stage) -> None:
    theirs = stage.add(stage.globex, Sample())
    without_layer_3(database)
    with stage.snapshot(stage.acme) as snapshot:
        connection = snapshot._connection
        connection.ground = stage.globex
        assert snapshot.get(Sample, theirs.id)
        connection.ground = stage.acme
        assert snapshot.get(Sample, theirs.id) is None

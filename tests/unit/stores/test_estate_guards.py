"""Layer 4, for operators: the connection of an estate may take off a whole chain, and still of one ground only."""

import sqlite3
from collections.abc import Iterator

import pytest

from freehold.runtime.ports import Verb
from freehold.runtime.scope import Scope
from freehold.stores.sqlite.estate import SqliteEstate
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import SUBJECTS, Player, Team


@pytest.fixture
def estate(stage: Stage, file: str) -> Iterator[SqliteEstate]:
    """An estate on the store of the stage."""
    assert stage.acme
    made = SqliteEstate(SUBJECTS, file)
    yield made
    made.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM freehold_team WHERE tenant = :theirs",
        "DELETE FROM freehold_team",
        "UPDATE freehold_team SET name = 'x' WHERE tenant = :theirs",
        "INSERT INTO freehold_team (tenant, id, name) VALUES (:theirs, 'x', 'x')",
        "DELETE FROM freehold_audit WHERE tenant = :theirs",
        "DELETE FROM freehold_audit",
        "UPDATE freehold_audit SET number = number + 1 WHERE tenant = :ours",
        "INSERT INTO freehold_audit (tenant, number, text, before, hash) VALUES (:theirs, 9, '', '', '')",
        "SELECT name FROM freehold_team",
        "SELECT * FROM sqlite_master",
        "DROP TABLE freehold_team",
        "PRAGMA secure_delete = OFF",
        "ATTACH DATABASE 'other.db' AS other",
    ],
)
def test_a_wrong_statement_of_an_operators_reaches_one_ground_at_most(
    statement: str, stage: Stage, estate: SqliteEstate
) -> None:
    for tenant in (stage.acme, stage.globex):
        stage.add(tenant, Team(name="Rovers"))
        stage.write(tenant, Verb.ADD, Player(id=stage.new_id()), entry={"actor": "ada"})
    estate._connection.ground = stage.acme
    with pytest.raises(sqlite3.Error, match=r"this is not ours to write|prohibited|not authorized"):
        estate._raw.execute(statement, {"ours": stage.acme, "theirs": stage.globex}).fetchall()
    assert [len(stage.audit(tenant)) for tenant in (stage.acme, stage.globex)] == [1, 1]
    assert len(stage.page(stage.globex, "Teams.all", [])) == 1


def test_an_estate_is_bound_to_nobody_between_two_calls(stage: Stage, estate: SqliteEstate) -> None:
    stage.add(stage.acme, Team(name="Rovers"))
    with Scope(stage.acme) as scope:
        assert len(estate.rows(scope, Team, "", 9)) == 1
    assert estate._connection.ground is None
    assert estate._raw.execute("SELECT name FROM ground_freehold_team").fetchall() == []

"""However small a table was when a plan was made for it, what writes finds its rows by an index once it is large."""

import time

import pytest

from freehold.runtime.ports import Changes, Verb
from freehold.runtime.scope import Scope
from freehold.testing.contract.stage import Stage, changes
from freehold.testing.contract.subjects import SUBJECTS, Player, Team
from tests.unit.stores.postgres.servers import Database, schema_name

pytestmark = pytest.mark.postgres

TIMES = 12
"""Enough for a plan that is kept: the server makes five for the values that come, and then one for all."""
TABLES = ("freehold_player", "freehold_team", "freehold_audit")
SCANS = "SELECT relname, seq_scan, n_tup_ins FROM pg_stat_user_tables WHERE schemaname = %s"


def test_what_writes_reads_no_table_from_end_to_end(database: Database, tier: str) -> None:
    database.up(SUBJECTS)
    stage = Stage(lambda model: database.opened(model, tier=tier, size=1))
    schema = "freehold_pool" if tier == "pool" else schema_name(stage.acme)
    team = Team(id=stage.new_id(), name="Rovers")
    stage.write(stage.acme, Verb.ADD, team)
    stage.reopen()
    database.do("VACUUM ANALYZE")  # the tables are known to be small
    before = scans(database, schema, "freehold_team", 1)
    for number in range(TIMES):
        player = Player(id=stage.new_id(), name=f"{number}", team=team.id)
        with Scope(stage.acme) as scope:
            stage.database.commit([referring(changes(scope, Verb.ADD, player, entry={"actor": f"{number}"}), team)])
        stage.write(stage.acme, Verb.SAVE, player)
    stage.database.close()
    assert scans(database, schema, "freehold_audit", TIMES) == before


def referring(part: Changes, team: Team) -> Changes:
    """The same, and a team is to be there."""
    part.references.append((Team, team.id, "team"))
    return part


def scans(database: Database, schema: str, table: str, rows: int) -> dict[str, int]:
    """How often each table was read from end to end. A connection that was closed says so a moment later."""
    while True:
        found = {str(name): (int(str(read)), int(str(made))) for name, read, made in database.rows(SCANS, schema)}
        if found[table][1] >= rows:
            return {name: found[name][0] for name in TABLES}
        time.sleep(0.01)

"""Behind a pooler in transaction mode, whoever has a connection next finds nothing of who had it before."""

from collections.abc import Iterator

import psycopg
import pytest

from freehold.runtime.scope import Scope
from freehold.servers.postgres import PostgresServer
from freehold.stores.postgres import Postgres
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import Team
from tests.contract.pooler import Pooler

pytestmark = pytest.mark.postgres

STATE = "SELECT current_user, session_user, current_setting('search_path'), current_setting('freehold.tenant', true)"
CLEAN = ("freehold", "freehold", '"$user", public')


@pytest.fixture(params=["schema", "pool"])
def stages(request: pytest.FixtureRequest, single: Pooler) -> Iterator[list[Stage]]:
    """Two programs that share the one connection to the server."""
    made = [Stage(lambda model: Postgres(model, single.url(), tier=request.param, prepares=False)) for _ in range(2)]
    yield made
    for stage in made:
        stage.database.close()


@pytest.fixture
def fresh(single: Pooler) -> Iterator[psycopg.Connection]:
    """A client of the pooler that has never set anything."""
    with psycopg.connect(single.url(), autocommit=True, prepare_threshold=None) as connection:
        yield connection


def state(connection: psycopg.Connection) -> tuple[object, ...]:
    """As whom one is there, and where."""
    row = connection.execute(STATE.encode()).fetchone()
    assert row is not None
    assert row[3] in (None, "")
    return row[:3]


def test_two_tenants_on_one_connection_see_their_own_and_a_fresh_client_nobody(
    stages: list[Stage], fresh: psycopg.Connection
) -> None:
    one, other = stages
    id = one.new_id()
    for number in range(3):
        for stage in stages:
            stage.add(stage.acme, Team(name=f"{number} of {stage.acme}"))
            assert state(fresh) == CLEAN
    one.add(one.acme, Team(id=id, name="ours"))
    other.add(other.acme, Team(id=id, name="theirs"))
    for _ in range(3):
        for stage, name in ((one, "ours"), (other, "theirs")):
            found = stage.find(stage.acme, Team, id)
            assert found is not None
            assert found.name == name
            assert len(stage.page(stage.acme, "Teams.all", [])) == 4
            assert state(fresh) == CLEAN


def test_a_call_that_fails_leaves_nothing_on_the_connection(stages: list[Stage], fresh: psycopg.Connection) -> None:
    one, _ = stages
    team = one.add(one.acme, Team(name="Rovers", code="R"))
    with pytest.raises(Exception, match="Team"):
        one.add(one.acme, Team(name="Rangers", code="R"))
    with pytest.raises(ZeroDivisionError):
        one.alone(one.acme, lambda unit: 1 // 0)
    with Scope(one.acme) as scope:
        view = one.database.snapshot(scope)
        assert view.get(Team, team.id)
        view.close()
    assert state(fresh) == CLEAN


def test_what_a_session_sets_does_leak_through_the_same_pooler(
    single: Pooler, server: PostgresServer, fresh: psycopg.Connection
) -> None:
    """The other way round: were the store to set anything for a session, the tests above would see it."""
    with psycopg.connect(server.url, autocommit=True) as owner:
        row = owner.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'fh_%_pool'").fetchone()
        assert row is not None
    with psycopg.connect(single.url(), autocommit=True, prepare_threshold=None) as careless:
        for setting, undo in ((f'SET ROLE "{row[0]}"', "RESET ROLE"), ("SET search_path = t_b", "RESET search_path")):
            careless.execute(setting.encode())
            assert state(fresh) != CLEAN
            careless.execute(undo.encode())
    assert state(fresh) == CLEAN

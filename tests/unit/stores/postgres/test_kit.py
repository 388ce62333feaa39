"""What settings choose on a server: a database to try something in, of which nothing is left."""

from dataclasses import replace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from freehold.model.finding import ModelError
from freehold.servers.postgres import PostgresServer
from freehold.settings import Settings
from freehold.stores.postgres import kit
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import SUBJECTS, Team

pytestmark = pytest.mark.postgres


def names(server: PostgresServer) -> list[tuple[str]]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        return connection.execute("SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles").fetchall()


@pytest.mark.parametrize("tier", ["schema", "pool"])
def test_a_scratch_database_leaves_neither_itself_nor_its_roles_behind(server: PostgresServer, tier: str) -> None:
    settings = Settings(store="postgres", database_url=server.serving_url, owner_url=server.url, tier=tier)
    before = names(server)
    stage = Stage(lambda model: kit.scratch(model, settings))
    stage.add(stage.acme, Team(name="x"))
    assert len(names(server)) > len(before)
    stage.database.close()
    assert sorted(names(server)) == sorted(before)


def test_what_a_server_refuses_when_a_store_is_opened_is_told_with_a_fix(server: PostgresServer) -> None:
    owner = make_conninfo(server.url, dbname="refusing")
    settings = Settings(store="postgres", database_url=owner, owner_url=owner)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE refusing")
        connection.execute("CREATE ROLE nobody_in_particular LOGIN")
    with kit.migrations(settings, SUBJECTS) as way:
        way.up()
    other = make_conninfo(owner, user="nobody_in_particular")
    with pytest.raises(ModelError, match=r"FH306.*\n?.*permission denied"):
        kit.estate(SUBJECTS, replace(settings, database_url=other, owner_url=other))


@pytest.mark.parametrize("setting", ["database_url", "owner_url"])
@pytest.mark.parametrize(
    "url", ["postgres//ada:hunter2@host/name", "postgresql://ada:hunter 2@host/name", "ada:hunter2@h"]
)
def test_a_url_that_is_none_is_told_without_its_password(setting: str, url: str) -> None:
    good = Settings(store="postgres", database_url="postgresql://ada@host/name")
    with pytest.raises(ModelError, match=f"FREEHOLD_{setting.upper()}:0: FH306") as told:
        kit.migrations(replace(good, **{setting: url}), SUBJECTS)
    assert "hunter" not in str(told.value)
    assert told.value.__suppress_context__

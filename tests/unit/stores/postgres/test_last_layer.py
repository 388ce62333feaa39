"""With every check of the app's own switched off, the database still shows a tenant its own, and refuses the rest."""

from collections.abc import Callable
from typing import cast

import pytest

from freehold.runtime.failures import Overloaded
from freehold.stores.postgres import Postgres
from freehold.stores.postgres.names import Place, Statement
from freehold.stores.postgres.session import WRITING, Session
from freehold.stores.postgres.trouble import Refusal
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import Match, Team
from tests.unit.stores.postgres.servers import Database

pytestmark = pytest.mark.postgres

DENIED, NO_ROW_OF_YOURS, CHECK, SYNTAX = "42501", "42501", "23514", "42601"
Ask = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture
def teams(stage: Stage) -> dict[str, Team]:
    """One of ours and one of theirs, under the same id."""
    id = stage.new_id()
    tenants = {"ours": stage.acme, "theirs": stage.globex}
    return {name: stage.add(tenant, Team(id=id, name=name)) for name, tenant in tenants.items()}


@pytest.fixture
def places(stage: Stage, tier: str, teams: dict[str, Team]) -> dict[str, Place]:
    """Where the two lie."""
    grounds = cast("Postgres", stage.database)._grounds
    return {"ours": grounds.place(stage.acme, tier), "theirs": grounds.place(stage.globex, tier)}


@pytest.fixture
def ask(stage: Stage, places: dict[str, Place]) -> Ask:
    """Runs a statement that names no tenant in a transaction of acme's, and takes it back."""
    database = cast("Postgres", stage.database)

    def ask(text: str) -> list[tuple[object, ...]]:
        session = Session(database._wires, database._grounds, stage.acme, WRITING)
        session.join()
        try:
            for name, place in places.items():
                text = text.replace(f"{{{name}}}", f"{place.schema}.freehold_team")
            text = text.replace("{globex}", stage.globex).replace("{acme}", stage.acme)
            return list(session.rows(places["ours"], stage.acme, Statement(text.encode()), ()))
        finally:
            session.leave()

    return ask


def state(ask: Ask, text: str) -> str:
    """The SQLSTATE that a statement is refused with."""
    with pytest.raises((Refusal, Overloaded)) as error:
        ask(text)
    found = error.value if isinstance(error.value, Refusal) else error.value.__cause__
    assert isinstance(found, Refusal)
    return found.state


def test_a_statement_that_forgets_the_tenant_shows_ones_own(ask: Ask, teams: dict[str, Team]) -> None:
    assert ask("SELECT name FROM {ours}") == [("ours",)]
    assert ask("SELECT count(*) FROM {ours}") == [(1,)]
    assert ask("SELECT name FROM {ours} WHERE tenant = '{globex}'") == []
    assert ask("UPDATE {ours} SET name = 'gone' RETURNING name") == [("gone",)]
    assert ask("DELETE FROM {ours} RETURNING name") == [("ours",)]


def test_the_same_statement_shows_all_to_who_may_see_all(
    tier: str, ask: Ask, places: dict[str, Place], shared: Database, stage: Stage
) -> None:
    """The other way round: the rows are there, and what hides them above is the database."""
    found = shared.rows(f"SELECT name FROM {places['theirs'].schema}.freehold_team WHERE tenant = %s", stage.globex)
    assert found == [("theirs",)]


def test_anothers_table_is_refused_or_shows_ones_own(ask: Ask, tier: str) -> None:
    if tier == "pool":
        assert ask("SELECT name FROM {theirs}") == [("ours",)]
        return
    for text in (
        "SELECT name FROM {theirs}", "UPDATE {theirs} SET name = 'gone'", "DELETE FROM {theirs}",
        "SELECT FROM {theirs} FOR UPDATE", "LOCK TABLE {theirs} IN ACCESS SHARE MODE", "COPY {theirs} TO STDOUT",
        "INSERT INTO {theirs} SELECT * FROM {ours}", "SELECT {theirs} FROM {theirs}",
    ):  # fmt: skip
        assert state(ask, text) == DENIED, text


def test_a_row_cannot_be_planted_on_anothers_ground(ask: Ask, tier: str) -> None:
    forged = "UPDATE {ours} SET tenant = '{globex}'"
    assert state(ask, forged) == (CHECK if tier == "schema" else NO_ROW_OF_YOURS)
    copied = "INSERT INTO {ours} SELECT * FROM {ours} ON CONFLICT (tenant, id) DO UPDATE SET tenant = '{globex}'"
    assert state(ask, copied) == (CHECK if tier == "schema" else NO_ROW_OF_YOURS)


@pytest.mark.parametrize(
    "text",
    [
        "TRUNCATE {ours}", "ALTER TABLE {ours} DISABLE ROW LEVEL SECURITY", "DROP TABLE {ours}",
        "CREATE POLICY all_of_it ON {ours} USING (true)", "COPY {ours} TO '/tmp/x'", "COPY {ours} TO PROGRAM 'cat'",
        "CREATE TEMPORARY TABLE freehold_team (id uuid)", "CREATE TABLE public.freehold_team (id uuid)",
        "CREATE SCHEMA mine", "CREATE FUNCTION public.x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SELECT * FROM freehold.ground", "SELECT * FROM freehold.busy", "SELECT * FROM freehold.migration",
        "SELECT freehold.make_ground('{globex}', 'pool')", "SELECT pg_read_file('postgresql.conf')",
        "SELECT rolpassword FROM pg_authid", "SELECT * FROM pg_statistic", "CREATE EXTENSION dblink",
        "ALTER ROLE CURRENT_USER SUPERUSER", "CREATE ROLE mine", "SET session_authorization = 'postgres'",
    ],
)  # fmt: skip
def test_a_tenant_may_not(text: str, ask: Ask) -> None:
    assert state(ask, text) == DENIED


def test_the_audit_chain_can_be_added_to_and_not_rewritten(ask: Ask, places: dict[str, Place]) -> None:
    audit = f"{places['ours'].schema}.freehold_audit"
    assert state(ask, f"UPDATE {audit} SET text = 'innocent'") == DENIED
    assert state(ask, f"DELETE FROM {audit}") == DENIED


def test_a_child_cannot_be_tied_to_anothers_parent(stage: Stage) -> None:
    theirs = stage.add(stage.globex, Team(name="parent"))
    with pytest.raises(Exception, match="Team"):
        stage.add(stage.acme, Match(home=theirs.id))


def test_whoever_serves_reaches_nothing_before_it_is_a_tenant(
    stage: Stage, places: dict[str, Place], shared: Database
) -> None:
    database = cast("Postgres", stage.database)
    session = Session(database._wires, database._grounds, stage.acme)
    session.join()
    try:
        statement = Statement(f"SELECT * FROM {places['ours'].schema}.freehold_team".encode())
        with pytest.raises(Overloaded) as error:
            session.rows(database._grounds.control, stage.acme, statement, ())
    finally:
        session.leave()
    assert isinstance(error.value.__cause__, Refusal)
    assert error.value.__cause__.state == DENIED


def test_what_the_catalogue_shows_a_tenant_is_ids_and_no_rows(ask: Ask, stage: Stage, tier: str) -> None:
    """`pg_catalog` is everybody's to read: the ids of tenants that have a schema are in it, and nothing they wrote."""
    schemas = {name for (name,) in ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'")}
    assert (f"t_{stage.globex.replace('-', '')}" in schemas) == (tier == "schema")
    assert ask("SELECT most_common_vals FROM pg_stats WHERE tablename = 'freehold_team'") == []
    assert {query for (query,) in ask("SELECT query FROM pg_stat_activity WHERE usename <> current_user")} <= {
        "<insufficient privilege>",
        None,
    }


def test_who_can_run_any_statement_can_become_another_tenant(
    ask: Ask, places: dict[str, Place], tier: str, stage: Stage
) -> None:
    """What the last layer cannot stop, so that nobody believes it does: the connection may be any tenant's.

    That is why no statement is ever built from input. It needs several statements, or a function such as this one.
    """
    switch = {"schema": ("role", places["theirs"].role), "pool": ("freehold.tenant", stage.globex)}[tier]
    name, value = switch
    found = ask(f"WITH switched AS MATERIALIZED (SELECT set_config('{name}', '{value}', true)) SELECT * FROM switched")
    assert found == [(value,)]

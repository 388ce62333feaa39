"""A tenant of PostgreSQL goes from tier to tier, and whoever serves follows."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.runtime.scope import Scope
from freehold.stores.estate import Unequal
from freehold.stores.postgres import Postgres
from freehold.stores.postgres.estate import PostgresEstate
from freehold.stores.postgres.fits import connected
from freehold.stores.postgres.migrations import Migrations
from freehold.stores.schema import schema_of
from freehold.testing.contract.holder import Holder, alike
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import Player, Team

TIERS = [("schema", "pool"), ("pool", "schema")]


@contextmanager
def holding(url: str, tier: str) -> Iterator[tuple[Holder, PostgresEstate]]:
    """A store whose new tenants go to `tier`, and an estate on it."""

    def make(model: Model) -> Database:
        with Migrations(url, schema_of(model)) as migrations:
            migrations.up()
        return Postgres(model, url, tier=tier, deadline=5.0)

    stage = Stage(make)
    estates: list[PostgresEstate] = []

    def opened(model: Model) -> PostgresEstate:
        estates.append(PostgresEstate(model, url, tier=tier))
        return estates[-1]

    with Holder(stage, opened) as holder:
        yield holder, estates[0]
    stage.database.close()


@pytest.mark.parametrize(("tier", "other"), TIERS)
def test_a_tenant_that_moves_has_everything_as_it_was(tier: str, other: str, database_url: str) -> None:
    with holding(database_url, tier) as (holder, estate):
        stage = holder.stage
        ours, theirs = holder.furnish(stage.acme), holder.furnish(stage.globex)
        chain = holder.chain(stage.acme)
        with Scope(stage.acme) as scope:
            assert estate.tier(scope) == tier
            counts = estate.settle(scope, other)
            assert estate.tier(scope) == other
        assert sum(counts.values()) == len(ours) + len(chain)
        assert alike(holder.all(stage.acme), ours)
        assert holder.chain(stage.acme) == chain
        assert alike(holder.all(stage.globex), theirs)
        assert stage.acme in stage.database.busy_grounds(stage.clock.now())


@pytest.mark.parametrize(("tier", "other"), TIERS)
def test_who_serves_follows_a_tenant_that_moves(tier: str, other: str, database_url: str) -> None:
    with holding(database_url, tier) as (holder, estate):
        stage = holder.stage
        ours = holder.furnish(stage.acme)
        with Scope(stage.acme) as scope:
            for to in (other, tier, other):
                assert all(stage.get(stage.acme, entity) == entity for entity in ours)
                estate.settle(scope, to)
                assert all(stage.get(stage.acme, entity) == entity for entity in ours)
                ours.append(stage.add(stage.acme, Player(name=to)))
        assert alike(holder.all(stage.acme), ours)


@pytest.mark.parametrize(("tier", "other"), TIERS)
def test_calls_that_write_meanwhile_lose_nothing(tier: str, other: str, database_url: str) -> None:
    with holding(database_url, tier) as (holder, estate):
        stage = holder.stage
        ours = holder.furnish(stage.acme)

        def work(number: int) -> list[Player]:
            if number == 0:
                with Scope(stage.acme) as scope:
                    for to in (other, tier, other):
                        estate.settle(scope, to)
                return []
            return [stage.add(stage.acme, Player(name=f"{number}.{turn}")) for turn in range(20)]

        added = [player for players in stage.together(work, 4) for player in players]
        assert alike(holder.all(stage.acme), [*ours, *added])
        assert len(added) == 60


def test_what_is_left_of_a_schema_is_gone_after_the_move(database_url: str) -> None:
    with holding(database_url, "schema") as (holder, estate):
        stage = holder.stage
        holder.furnish(stage.acme)
        with Scope(stage.acme) as scope:
            estate.settle(scope, "pool")
            estate.tidy(scope)
        short = stage.acme.replace("-", "")
        with connected(database_url) as raw:
            schemas = raw.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [f"t_{short}"]).fetchone()
            roles = raw.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE %s", [f"fh%{short}"]).fetchone()
        assert (schemas, roles) == ((0,), (0,))


def test_a_move_whose_copy_is_not_the_same_is_taken_back(database_url: str) -> None:
    with holding(database_url, "pool") as (holder, estate):
        stage = holder.stage
        ours = holder.furnish(stage.acme)
        alter = """CREATE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.tenant = '{1}' THEN NEW.name := 'altered'; END IF; RETURN NEW; END $$"""
        name = f"public.alter_{stage.acme.replace('-', '')}"
        with Scope(stage.acme) as scope, connected(database_url) as raw:
            estate.settle(scope, "schema")
            raw.execute(alter.format(name, stage.acme).encode())
            there = "freehold_pool.freehold_team"
            raw.execute(
                f"CREATE TRIGGER alter BEFORE INSERT ON {there} FOR EACH ROW EXECUTE FUNCTION {name}()".encode()
            )
            try:
                with pytest.raises(Unequal, match="freehold_team"):
                    estate.settle(scope, "pool")
            finally:
                raw.execute(f"DROP TRIGGER alter ON {there}".encode())
            assert estate.tier(scope) == "schema"
        assert alike(holder.all(stage.acme), ours)
        assert all(stage.get(stage.acme, entity) == entity for entity in ours if isinstance(entity, Team))


def test_a_tenant_that_lies_nowhere_goes_nowhere(database_url: str) -> None:
    with holding(database_url, "pool") as (holder, estate), Scope(holder.stage.tenant()) as scope:
        assert estate.settle(scope, "schema") == {}
        assert estate.tier(scope) == ""

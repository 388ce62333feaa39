"""A tenant of PostgreSQL goes from tier to tier, and whoever serves follows."""

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from freehold.model.data import Entity
from freehold.model.model import Model
from freehold.runtime.outbox import Delivery
from freehold.runtime.ports import Changes, Database, Snapshot, Verb
from freehold.runtime.scope import Scope
from freehold.stores.estate import Settled, Unequal
from freehold.stores.postgres import Postgres
from freehold.stores.postgres.estate import PostgresEstate
from freehold.stores.postgres.fits import connected
from freehold.stores.postgres.migrations import PostgresMigrations
from freehold.stores.schema import schema_of
from freehold.testing.contract.holder import Holder, alike
from freehold.testing.contract.stage import Stage, changes
from freehold.testing.contract.subjects import Goal, Match, Player, Team
from tests.contract.tiers import left_in

TIERS = [("schema", "pool"), ("pool", "schema")]


@contextmanager
def holding(url: str, tier: str) -> Iterator[tuple[Holder, PostgresEstate]]:
    """A store whose new tenants go to `tier`, and an estate on it."""

    def make(model: Model) -> Database:
        with PostgresMigrations(url, schema_of(model)) as migrations:
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


def await_writer(url: str) -> None:
    """Wait until somebody waits to have a ground alone: whoever moves it has copied it then."""
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND NOT granted"
    until = time.monotonic() + 60
    with connected(url) as raw:
        while raw.execute(query).fetchone() == (0,):
            assert time.monotonic() < until
            time.sleep(0.01)


@pytest.mark.parametrize(("tier", "other"), TIERS)
def test_a_tenant_that_moves_has_everything_as_it_was(tier: str, other: str, database_url: str) -> None:
    with holding(database_url, tier) as (holder, estate):
        stage = holder.stage
        ours, theirs = holder.furnish(stage.acme), holder.furnish(stage.globex)
        chain = holder.chain(stage.acme)
        with Scope(stage.acme) as scope:
            assert estate.tier(scope) == tier
            counts = estate.settle(scope, other).counts
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


@pytest.mark.parametrize(("tier", "other"), TIERS)
def test_what_is_written_while_a_tenant_is_copied_comes_along(tier: str, other: str, database_url: str) -> None:
    with holding(database_url, tier) as (holder, estate):
        stage, acme = holder.stage, holder.stage.acme
        before, theirs = holder.furnish(acme), holder.furnish(stage.globex)
        one, two, doomed = (stage.add(acme, Team(name=name, code=name)) for name in ("one", "two", "doomed"))
        lost, saved = (stage.add(acme, Match(home=doomed.id, number=number)) for number in (1, 2))
        goal, player = stage.add(acme, Goal(match=lost.id)), stage.add(acme, Player(name="before"))
        event = next(one for one in before if isinstance(one, Delivery))
        due = event.model_copy(update={"id": stage.new_id()})
        late: list[Entity] = [
            one.model_copy(update={"code": "two", "version": 3}), two.model_copy(update={"code": "one", "version": 2}),
            saved.model_copy(update={"home": one.id, "version": 2}), Match(id=stage.new_id(), home=two.id, number=1),
            Player(id=player.id, name="another", version=1), due,
        ]  # fmt: skip

        def writing(snapshot: Snapshot, scope: Scope) -> Sequence[Changes]:
            del snapshot
            moves.append(threads.submit(estate.settle, scope, other))
            await_writer(database_url)
            spare = one.model_copy(update={"code": "spare"})
            return [
                changes(scope, Verb.SAVE, spare), changes(scope, Verb.SAVE, two.model_copy(update={"code": "one"})),
                changes(scope, Verb.SAVE, spare.model_copy(update={"code": "two", "version": 2})),
                changes(scope, Verb.SAVE, saved.model_copy(update={"home": one.id})),
                changes(scope, Verb.REMOVE, doomed, player, event),
                changes(scope, Verb.ADD, *late[3:], entry={"call": "late"}),
            ]  # fmt: skip

        moves: list[Future[Settled]] = []
        with ThreadPoolExecutor(1) as threads, Scope(acme) as scope:
            stage.database.exclusively(scope, lambda snapshot: writing(snapshot, scope))
            settled = moves[0].result()
        gone = {event.id, goal.id}
        assert alike(holder.all(acme), [*(one for one in before if one.id not in gone), *late])
        assert json.loads(stage.audit(acme)[-1]) == {"call": "late"}
        assert sum(settled.counts.values()) == len(holder.all(acme)) + len(holder.chain(acme))
        assert alike(holder.all(stage.globex), theirs)
        assert acme in stage.database.busy_grounds(stage.clock.now())


@pytest.mark.parametrize(("tier", "other"), TIERS)
def test_what_a_move_was_killed_before_clearing_away_is_out_of_reach_and_swept(
    tier: str, other: str, database_url: str
) -> None:
    with holding(database_url, tier) as (holder, estate):
        stage = holder.stage
        ours = holder.furnish(stage.acme)
        with Scope(stage.acme) as scope:
            estate.settle(scope, other)
            assert len(left_in(database_url, stage.acme)) == 2
            ours.append(stage.add(stage.acme, Player(name="later")))
            estate.settle(scope, tier)
            assert alike(holder.all(stage.acme), ours)
            estate.tidy(scope)
            assert left_in(database_url, stage.acme) == {tier}
            assert alike(holder.all(stage.acme), ours)
            assert stage.acme in stage.database.busy_grounds(stage.clock.now())
            estate.settle(scope, other)
            estate.erase(scope)
            assert estate.residue(scope) == {}


def test_a_tenant_is_not_moved_while_somebody_migrates(database_url: str) -> None:
    with holding(database_url, "pool") as (holder, estate), connected(database_url) as raw:
        ours = holder.furnish(holder.stage.acme)
        raw.execute("SELECT pg_advisory_lock(1, 1)")
        with Scope(holder.stage.acme) as scope, pytest.raises(Unequal, match="migration"):
            estate.settle(scope, "schema")
        assert alike(holder.all(holder.stage.acme), ours)


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
        assert estate.settle(scope, "schema").counts == {}
        assert estate.tier(scope) == ""

"""A tenant is moved from store to store while it is in use: what is written meanwhile comes along."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from psycopg.conninfo import make_conninfo

from freehold.accounts.records import Member, Organisation, Person
from freehold.lifecycle.content import content
from freehold.lifecycle.deployment import Deployment
from freehold.lifecycle.moving import move
from freehold.lifecycle.platform import Platform
from freehold.model.data import Entity, Id
from freehold.model.finding import ModelError
from freehold.runtime.outbox import Delivery
from freehold.runtime.ports import Changes, Verb
from freehold.runtime.scope import Scope
from freehold.settings import Settings
from freehold.stores.postgres.fits import connected
from freehold.testing import HandClock
from freehold.testing.contract.stage import changes
from freehold.testing.contract.subjects import Goal, Match, Player, Team
from tests.contract.test_lossless import IDS, deployed, furnished, seen
from tests.emulators import emulated

PAIRS = [("sqlite", "postgres"), ("postgres", "dynamodb"), ("dynamodb", "sqlite")]


@pytest.fixture(scope="module")
def stores(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Deployment]]:
    """One of each."""
    folder = tmp_path_factory.mktemp("moving")
    with connected(database_url) as connection:
        connection.execute("CREATE DATABASE moving")
    with ExitStack() as opened:
        server = opened.enter_context(emulated("roto", folder / "roto"))
        yield {
            name: opened.enter_context(deployed(settings))
            for name, settings in (
                ("sqlite", Settings(data=str(folder))),
                ("postgres", Settings(store="postgres", database_url=make_conninfo(database_url, dbname="moving"))),
                ("dynamodb", Settings(store="dynamodb", table="moving", table_endpoint=server.url)),
            )
        }


@dataclass
class Writer:
    """Who writes at given moments of a move, once each: when something of a kind has been brought over."""

    on: Deployment
    tenant: str
    at: dict[str, Callable[[Scope], Iterator[Changes]]]
    done: list[str] = field(default_factory=list)

    def __call__(self, what: str, count: int) -> None:
        """See `Progress`."""
        del count
        if what in self.at and what not in self.done:
            self.done.append(what)
            with Scope(self.tenant) as scope:
                for changes in self.at[what](scope):
                    self.on.database.commit([changes])


def new(kind: type[Entity], **fields: object) -> Entity:
    """An entity in its first version."""
    return kind.model_validate({"id": IDS.new(), "version": 1, **fields})


@pytest.mark.parametrize(("origin", "end"), PAIRS)
def test_what_is_written_while_a_tenant_is_brought_to_another_store_comes_along(
    stores: dict[str, Deployment], origin: str, end: str
) -> None:
    source, to = stores[origin], stores[end]
    clock = HandClock()
    one, two, doomed = (new(Team, name=name, code=name) for name in ("one", "two", "doomed"))
    lost, saved = (new(Match, home=doomed.id, number=number) for number in (1, 2))
    goal, player, event = new(Goal, match=lost.id), new(Player, name="before"), _event(clock)
    there = furnished(source, [one, two, doomed, lost, saved, goal, player, event], [{"call": 1}])
    late = [new(Team, name="late"), new(Player, name="late"), _event(clock)]
    clock.turn(timedelta(seconds=1))
    again = Player(id=Id(player.id), name="another", updated_at=clock.now())  # its first version once more

    def first(scope: Scope) -> Iterator[Changes]:
        yield _again(source, scope, one, code="spare")
        yield _again(source, scope, two, code="one")
        yield changes(scope, Verb.REMOVE, _now(source, scope, player), _now(source, scope, event))
        yield changes(scope, Verb.ADD, again, late[0], entry={"call": "late"})

    def second(scope: Scope) -> Iterator[Changes]:
        yield _again(source, scope, one, code="two")
        yield _again(source, scope, saved, home=late[0].id)
        yield changes(scope, Verb.REMOVE, _now(source, scope, doomed))
        yield changes(scope, Verb.ADD, new(Match, home=two.id, number=1), *late[1:], entry={"call": "later"})

    writer = Writer(source, there.id, {"bringing Team": first, "bringing Match": second})
    moved = move(source, there, to, grace=0, progress=writer)
    assert writer.done == ["bringing Team", "bringing Match"]
    assert seen(to, there.id) == seen(source, there.id)
    with Scope(there.id) as scope:
        assert moved.parts == content(to, scope)
        assert {team.code for team in to.estate.rows(scope, Team, "", 9) if isinstance(team, Team)} == {
            "two", "one", None
        }  # fmt: skip
        assert [str(one.id) for one in to.estate.rows(scope, Delivery, "", 9)] == [str(late[2].id)]
        assert to.estate.rows(scope, Goal, "", 9) == []
    assert there.id in to.database.busy_grounds(clock.now())
    assert [_state(on, there) for on in (source, to)] == ["suspended", "active"]


@pytest.mark.parametrize(("origin", "end"), PAIRS[:2])
def test_who_is_known_by_another_id_where_a_tenant_goes_has_that_one_there(
    stores: dict[str, Deployment], origin: str, end: str
) -> None:
    source, to = stores[origin], stores[end]
    there = furnished(source, [new(Team, name=str(number)) for number in range(3)], [{"call": 1}])
    known = Id[Person](IDS.new())
    Platform(to).add(Person(id=known, email=f"{there.id}@x.test", name="Ada", password="$other"), case="test")
    with Scope(there.id) as scope:
        (member,) = source.estate.rows(scope, Member, "", 9)

    def rename(scope: Scope) -> Iterator[Changes]:
        yield _again(source, scope, member, name="Ada Lovelace")

    moved = move(source, there, to, grace=0, progress=Writer(source, there.id, {"bringing Team": rename}))
    assert moved.people == {"known": 1, "new": 0}
    with Scope(there.id) as scope:
        (found,) = to.estate.rows(scope, Member, "", 9)
    assert (found.id, found.model_copy(update={"id": member.id, "version": 1})) == (
        known, member.model_copy(update={"name": "Ada Lovelace", "version": 1})
    )  # fmt: skip


@pytest.mark.parametrize(("origin", "end"), PAIRS)
def test_a_tenant_whose_move_fails_goes_on_where_it_was(stores: dict[str, Deployment], origin: str, end: str) -> None:
    source, to = stores[origin], stores[end]
    there = furnished(source, [new(Team, name="one")], [{"call": 1}])
    before = seen(source, there.id)

    def rename(scope: Scope) -> Iterator[Changes]:
        Platform(source).change(Organisation, there.id, _renamed, "test")
        yield Changes(scope, [], [])

    with pytest.raises(ModelError, match="renamed"):
        move(source, there, to, grace=0, progress=Writer(source, there.id, {"bringing Team": rename}))
    found = Platform(source).organisation(there.id)
    assert found is not None
    assert (found.state, found.name) == ("active", "Other")
    assert Platform(to).organisation(there.id) is None
    with Scope(there.id) as scope:
        assert to.estate.residue(scope) == {}
    assert seen(source, there.id) == before
    move(source, found, to, grace=0)
    assert seen(to, there.id) == before


def _state(on: Deployment, there: Organisation) -> str:
    found = Platform(on).organisation(there.id)
    return found.state if found else ""


def _renamed(there: Organisation) -> bool:
    there.name = "Other"
    return True


def _event(clock: HandClock) -> Delivery:
    return Delivery(id=Id(IDS.new()), version=1, handler="h", event="E", payload="p", call="c", due=clock.now())


def _now(on: Deployment, scope: Scope, entity: Entity) -> Entity:
    """An entity as it is kept now."""
    return next(found for found in on.estate.rows(scope, type(entity), "", 99) if found.id == entity.id)


def _again(on: Deployment, scope: Scope, entity: Entity, **changed: object) -> Changes:
    """An entity is saved as it is now, but for this."""
    return changes(scope, Verb.SAVE, _now(on, scope, entity).model_copy(update=changed))

"""A tenant goes from store to store, and round again, and nothing of it is lost: whatever it has, of every type."""

import string
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from freehold.accounts.records import Member, Members, Organisation, Organisations, People, Person, Session
from freehold.lifecycle.archive import Archive
from freehold.lifecycle.content import content, digest
from freehold.lifecycle.deployment import Deployment, tip
from freehold.lifecycle.erasing import erase
from freehold.lifecycle.exporting import export
from freehold.lifecycle.importing import bring_in
from freehold.lifecycle.moving import move, settle
from freehold.lifecycle.platform import Platform
from freehold.lifecycle.restoring import restore
from freehold.model.data import Entity, Id
from freehold.model.lookup import lookups_of
from freehold.model.model import table_of
from freehold.runtime.ids import TimeIds
from freehold.runtime.ports import Changes
from freehold.runtime.scope import Scope
from freehold.runtime.system import SystemRandom
from freehold.runtime.unit import checked
from freehold.settings import Settings
from freehold.stores.postgres.fits import connected
from freehold.testing import HandClock
from freehold.testing.contract.subjects import SUBJECTS, Colour, Goal, Grade, Match, Player, Point, Shape, Team, Thing
from freehold.wiring import kit
from tests.emulators import emulated

KINDS = (Member, Organisation, Person, Session)
MODEL = SUBJECTS.keeping(
    {table_of(kind): kind for kind in KINDS},
    tuple(pattern for store in (Members, Organisations, People) for pattern in lookups_of(store)),
)
IDS = TimeIds(HandClock(), SystemRandom())

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
WHOLE = st.integers(-(2**63), 2**63 - 1)
REAL = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(timezones=st.just(UTC))
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)
SPANS = st.timedeltas(timedelta(days=-1000), timedelta(days=1000))
POINTS = st.builds(Point, x=REAL, y=REAL, names=st.lists(TEXTS, max_size=2))
THINGS = st.builds(
    Thing, text=TEXTS, whole=WHOLE, real=REAL, flag=st.booleans(), amount=AMOUNTS, day=st.dates(), moment=MOMENTS,
    hour=st.times(), span=SPANS, key=st.uuids(), raw=st.binary(max_size=20), colour=st.sampled_from(Colour),
    shape=st.sampled_from(Shape), grade=st.sampled_from(Grade), state=st.sampled_from(["open", "shut"]),
    step=st.sampled_from([1, 2, 3]), either=st.integers(-9, 9) | TEXTS, labels=st.lists(TEXTS, max_size=3),
    pair=st.tuples(WHOLE, TEXTS), several=st.frozensets(TEXTS, max_size=4),
    prices=st.dictionaries(st.text(string.ascii_letters, max_size=3), AMOUNTS, max_size=3), place=POINTS,
    path=st.lists(POINTS, max_size=2), wish=st.none() | TEXTS, count=st.none() | WHOLE, until=st.none() | MOMENTS,
    where=st.none() | POINTS, perhaps=st.none() | st.lists(WHOLE, max_size=2),
)  # fmt: skip
NOTES = st.lists(st.dictionaries(TEXTS, TEXTS | WHOLE, max_size=3), min_size=1, max_size=4)


@dataclass(frozen=True)
class Stores:
    """Where a tenant goes."""

    first: Deployment
    second: Deployment
    third: Deployment
    last: Deployment
    folder: Path


@contextmanager
def deployed(settings: Settings) -> Iterator[Deployment]:
    """Everything the contract keeps, and accounts, on a store that is migrated."""
    with kit(settings).migrations(settings, MODEL) as way:
        way.up()
    database, estate = kit(settings).opened(MODEL, settings), kit(settings).estate(MODEL, settings)
    try:
        yield Deployment(MODEL, database, estate, HandClock())
    finally:
        estate.close()
        database.close()


@pytest.fixture(scope="module")
def stores(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """SQLite, PostgreSQL, DynamoDB, and SQLite once more."""
    folder = tmp_path_factory.mktemp("lossless")
    with connected(database_url) as connection:
        connection.execute("CREATE DATABASE lossless")
    with ExitStack() as opened:
        first, last = (opened.enter_context(deployed(Settings(data=str(folder / name)))) for name in ("1", "3"))
        url = make_conninfo(database_url, dbname="lossless")
        second = opened.enter_context(deployed(Settings(store="postgres", database_url=url)))
        server = opened.enter_context(emulated("roto", folder / "roto"))
        table = Settings(store="dynamodb", table="lossless", table_endpoint=server.url)
        third = opened.enter_context(deployed(table))
        yield Stores(first, second, third, last, folder)


def furnished(on: Deployment, entities: list[Entity], notes: list[dict[str, object]]) -> Organisation:
    """A new tenant with all of this on its ground."""
    id, person = IDS.new(), Id[Person](IDS.new())
    there = Organisation(id=Id(id), slug=f"t-{id[-12:]}", name="Tenant", version=1)
    ada = Person(id=person, email=f"{id}@x.test", name="Ada", password="$hash", organisations=[id])
    for one in (there, ada):
        Platform(on).add(one, case="test")
    with Scope(id) as scope:
        member = Member(id=Id(person), name="Ada", email=f"{id}@x.test", role="owner", identity="issuer subject")
        made = [
            checked(one.model_copy(update={"id": one.id or IDS.new(), "version": number}))
            for number, one in enumerate([member, *entities], 1)
        ]
        for kind in on.estate.kinds:
            on.estate.put(scope, [one for one in made if type(one) is kind])
        for note in notes:
            on.database.commit([Changes(scope, [], [], note)])
    found = Platform(on).organisation(id)
    assert found is not None
    return found


def seen(on: Deployment, tenant: str) -> tuple[str, object]:
    """What lies there, and how its chain ends."""
    with Scope(tenant) as scope:
        return digest(content(on, scope)), tip(on.estate, scope)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(things=st.lists(THINGS, min_size=1, max_size=4), notes=NOTES, name=TEXTS)
def test_a_tenant_goes_round_all_stores_and_nothing_is_lost(
    stores: Stores, things: list[Thing], notes: list[dict[str, object]], name: str
) -> None:
    team = Team(id=Id(IDS.new()), name=name)
    match = Match(id=Id(IDS.new()), home=team.id)
    family: list[Entity] = [team, Player(name=name, team=team.id), match, Goal(match=match.id, minute=-1)]
    there = furnished(stores.first, [*things, *family], notes)
    before = seen(stores.first, there.id)

    export(stores.first, there, stores.folder / "1.zip", secrets=True)
    with Archive(stores.folder / "1.zip") as archive:
        bring_in(stores.second, archive)
    assert seen(stores.second, there.id) == before
    for tier in ("pool", "schema", "pool"):
        settle(stores.second, there, tier)
        assert seen(stores.second, there.id) == before

    between = move(stores.second, there, stores.third, grace=0).organisation
    assert seen(stores.third, there.id) == before
    arrived = move(stores.third, between, stores.last, grace=0).organisation
    assert seen(stores.last, there.id) == before
    last = export(stores.last, arrived, stores.folder / "3.zip", secrets=True)
    with Archive(stores.folder / "1.zip") as archive:
        assert archive.manifest.parts == last.parts
        assert archive.manifest.chain == last.chain
    for store in (stores.first, stores.second, stores.third, stores.last):
        assert erase(store, there, grace=0).residue == {}


@pytest.mark.parametrize("tier", ["schema", "pool"])
def test_a_tenant_of_postgres_is_set_back_or_left_as_it_is(stores: Stores, tier: str) -> None:
    on, path = stores.second, stores.folder / f"{tier}.zip"
    thing = Thing(id=Id(IDS.new()), text="before")
    there, neighbour = furnished(on, [thing], [{"note": 1}]), furnished(on, [Thing(text="theirs")], [{"note": 1}])
    settle(on, there, tier)
    whole, theirs = seen(on, there.id), seen(on, neighbour.id)
    export(on, there, path)
    with Scope(there.id) as scope:
        on.estate.put(scope, [Thing(id=Id(IDS.new()), version=1, text="after")])
        changed = seen(on, there.id)
        with pytest.raises(ZeroDivisionError), Archive(path) as archive:
            restore(on, there, archive, grace=0, progress=_fail_when_checking)
        assert seen(on, there.id) == changed
        with Archive(path) as archive:
            restore(on, there, archive, grace=0)
        assert seen(on, there.id)[0] == whole[0]
        assert on.estate.rows(scope, Thing, "", 9) == [thing.model_copy(update={"version": 2})]
    assert seen(on, neighbour.id) == theirs
    assert Platform(on).organisation(there.id) is not None
    assert [erase(on, one, grace=0).residue for one in (there, neighbour)] == [{}, {}]


def _fail_when_checking(what: str, count: int) -> None:
    if what.startswith("checking"):
        count //= 0

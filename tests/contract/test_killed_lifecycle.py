"""On PostgreSQL, too, whoever is killed in the middle leaves nothing half done that is taken for whole."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from psycopg.conninfo import make_conninfo

from freehold.lifecycle.archive import Archive
from freehold.lifecycle.erasing import erase
from freehold.lifecycle.exporting import export
from freehold.lifecycle.importing import bring_in
from freehold.lifecycle.moving import move, settle
from freehold.lifecycle.restoring import restore
from freehold.runtime.scope import Scope
from freehold.settings import Settings
from freehold.stores.postgres.estate import PostgresEstate
from freehold.stores.postgres.fits import connected
from tests.contract.tiers import left_in
from tests.unit.lifecycle.killing import killed
from tests.unit.lifecycle.place import NOW, Place, opened

MOST_POINTS = 40


@pytest.fixture(scope="module", params=["schema", "pool"])
def settings(request: pytest.FixtureRequest, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A database of our own, whose new tenants go to one of the tiers."""
    name = f"killed_{request.param}"
    with connected(database_url) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url, data = make_conninfo(database_url, dbname=name), str(tmp_path_factory.mktemp(name))
    return replace(Settings(), store="postgres", database_url=url, tier=request.param, data=data)


@pytest.fixture
def place(settings: Settings) -> Iterator[Place]:
    """TeamFlow there, with acme and globex; and acme in an archive."""
    with opened(settings) as place:
        for slug in ("acme", "globex"):
            if place.platform.by_slug(slug) is None:
                place.furnish(slug)
        export(place.of, place.tenant("acme"), archived(settings))
        yield place


def archived(settings: Settings) -> Path:
    """Where acme is in an archive."""
    return Path(settings.data) / "acme.zip"


@pytest.mark.parametrize("point", [3, 9])
def test_a_restore_that_was_killed_is_done_whole_or_not_at_all(place: Place, settings: Settings, point: int) -> None:
    acme, whole = place.tenant("acme").id, place.digest(place.tenant("acme").id)
    place.member("acme").answer("create_project", name="Later")
    before, theirs = place.digest(acme), place.digest(place.tenant("globex").id)
    assert killed("restore", settings, point, file=archived(settings))
    assert place.digest(acme) in (before, whole)
    with Archive(archived(settings)) as archive:
        restore(place.of, place.tenant("acme"), archive, grace=NOW)
    assert (place.digest(acme), place.digest(place.tenant("globex").id)) == (whole, theirs)
    assert place.tenant("acme").state == "active"


@pytest.mark.parametrize("point", [1, 8])
def test_what_is_killed_between_an_erase_and_an_import_is_done_again(
    place: Place, settings: Settings, point: int
) -> None:
    acme, whole = place.tenant("acme").id, place.digest(place.tenant("acme").id)
    theirs = place.digest(place.tenant("globex").id)
    assert killed("erase", settings, min(point, 2))
    erase(place.of, place.tenant("acme"), grace=NOW)
    assert place.residue(acme) == {}
    assert killed("import", settings, point, file=archived(settings))
    assert place.tenant("acme").state == "arriving"
    with Archive(archived(settings)) as archive:
        bring_in(place.of, archive)
    assert (place.digest(acme), place.digest(place.tenant("globex").id)) == (whole, theirs)
    assert place.tenant("acme").state == "active"


def test_a_move_that_is_killed_at_any_point_leaves_the_tenant_whole_in_one_place(
    place: Place, settings: Settings
) -> None:
    acme, estate = place.tenant("acme"), cast("PostgresEstate", place.of.estate)
    with Scope(acme.id) as scope:
        for point in range(MOST_POINTS):
            here, theirs = estate.tier(scope), place.digest(place.tenant("globex").id)
            to = "pool" if here == "schema" else "schema"
            place.member("acme").answer("create_project", name=f"{point}")
            whole, chain = place.digest(acme.id), len(place.chain(acme.id))
            was_killed = killed(to, settings, point)
            now = estate.tier(scope)
            assert now in (here, to)
            assert (place.digest(acme.id), len(place.chain(acme.id))) == (whole, chain)
            place.member("acme").answer("create_project", name=f"{point} later")
            whole = place.digest(acme.id)
            settle(place.of, acme, to)
            assert (estate.tier(scope), left_in(settings.database_url, acme.id)) == (to, {to})
            assert (place.digest(acme.id), place.digest(place.tenant("globex").id)) == (whole, theirs)
            if not was_killed:
                return
    pytest.fail("it did not come to its end")


@pytest.mark.parametrize("point", [1, 6, 11])
def test_a_move_to_another_store_and_back_that_was_killed_is_done_again(
    place: Place, settings: Settings, tmp_path: Path, point: int
) -> None:
    acme, theirs = place.tenant("acme").id, place.digest(place.tenant("globex").id)
    whole, chain = place.digest(acme), place.chain(acme)
    away = Settings(data=str(tmp_path / "away"))
    with opened(away) as other:
        for source, to, how, end in ((place, other, settings, away), (other, place, away, settings)):
            assert killed("move", how, point, to=end)
            there = to.platform.by_slug("acme")
            assert there is None or there.state == "arriving"
            assert source.digest(acme) == whole
            move(source.of, source.tenant("acme"), to.of, grace=NOW)
            assert (to.digest(acme), to.chain(acme), to.tenant("acme").state) == (whole, chain, "active")
            assert erase(source.of, source.tenant("acme"), grace=NOW).residue == {}
    assert place.digest(place.tenant("globex").id) == theirs

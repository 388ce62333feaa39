"""On PostgreSQL, too, whoever is killed in the middle leaves nothing half done that is taken for whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from freehold.lifecycle.archive import Archive
from freehold.lifecycle.erasing import erase
from freehold.lifecycle.export import export
from freehold.lifecycle.imports import bring_in
from freehold.lifecycle.restoring import restore
from freehold.settings import Settings
from freehold.stores.postgres.fits import connected
from tests.unit.lifecycle.place import NOW, Place, opened

ROOT = Path(__file__).parents[2]


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
        export(place.of, place.tenant("acme"), Path(settings.data) / "acme.zip")
        yield place


def killed(verb: str, settings: Settings, point: int) -> None:
    """Somebody does it, and is killed."""
    named = {"STORE": "postgres", "DATABASE_URL": settings.database_url, "TIER": settings.tier}
    environment = {**os.environ, **{f"FREEHOLD_{name}": value for name, value in named.items()}}
    file = str(Path(settings.data) / "acme.zip")
    command = [sys.executable, "-m", "tests.unit.lifecycle.mortal", verb, settings.data, file, str(point)]
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == -signal.SIGKILL


@pytest.mark.parametrize("point", [3, 9])
def test_a_restore_that_was_killed_is_done_whole_or_not_at_all(place: Place, settings: Settings, point: int) -> None:
    acme, whole = place.tenant("acme").id, place.digest(place.tenant("acme").id)
    place.member("acme").answer("create_project", name="Later")
    before, theirs = place.digest(acme), place.digest(place.tenant("globex").id)
    killed("restore", settings, point)
    assert place.digest(acme) in (before, whole)
    with Archive(Path(settings.data) / "acme.zip") as archive:
        restore(place.of, place.tenant("acme"), archive, grace=NOW)
    assert (place.digest(acme), place.digest(place.tenant("globex").id)) == (whole, theirs)
    assert place.tenant("acme").state == "active"


@pytest.mark.parametrize("point", [1, 8])
def test_what_is_killed_between_an_erase_and_an_import_is_done_again(
    place: Place, settings: Settings, point: int
) -> None:
    acme, whole = place.tenant("acme").id, place.digest(place.tenant("acme").id)
    theirs = place.digest(place.tenant("globex").id)
    killed("erase", settings, min(point, 2))
    erase(place.of, place.tenant("acme"), grace=NOW)
    assert place.residue(acme) == {}
    killed("import", settings, point)
    assert place.tenant("acme").state == "arriving"
    with Archive(Path(settings.data) / "acme.zip") as archive:
        bring_in(place.of, archive)
    assert (place.digest(acme), place.digest(place.tenant("globex").id)) == (whole, theirs)
    assert place.tenant("acme").state == "active"

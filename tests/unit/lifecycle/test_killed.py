"""Somebody who is killed in the middle leaves nothing half done that is taken for whole, and nothing in the way."""

import shutil
from pathlib import Path

import pytest

from freehold.lifecycle.archive import Archive
from freehold.lifecycle.erasing import erase
from freehold.lifecycle.importing import bring_in
from freehold.lifecycle.moving import move
from freehold.lifecycle.restoring import restore
from freehold.settings import Settings
from tests.unit.lifecycle.killing import killed
from tests.unit.lifecycle.place import NOW, Place, opened

LEAST_POINTS = 10
POINTS = [0, 1, 2, 4, 7, 11, 12, 13]


def on(folder: Path) -> Settings:
    """The store in a folder."""
    return Settings(data=str(folder))


def both(place: Place) -> tuple[str, str]:
    """What lies on the grounds of the two tenants."""
    return place.digest(place.tenant("acme").id), place.digest(place.tenant("globex").id)


@pytest.fixture
def data(prepared: Path, tmp_path: Path) -> Path:
    """Where acme and globex are."""
    return Path(shutil.copytree(prepared / "here", tmp_path / "data"))


@pytest.mark.parametrize("point", POINTS)
def test_an_import_that_was_killed_is_done_again(prepared: Path, data: Path, file: Path, point: int) -> None:
    shutil.rmtree(data)
    shutil.copytree(prepared / "there", data)
    was_killed = killed("import", on(data), point, file=file)
    with opened(on(data)) as place, opened(on(prepared / "here")) as whole:
        there = place.platform.by_slug("acme")
        assert was_killed == (there is None or there.state == "arriving")
        assert (there is None) == (point == 0)
        if was_killed:
            with Archive(file) as archive:
                bring_in(place.of, archive)
        acme = place.tenant("acme")
        assert acme.state == "active"
        assert place.digest(acme.id) == whole.digest(acme.id)
        assert place.chain(acme.id) == whole.chain(acme.id)


@pytest.mark.parametrize("point", POINTS)
def test_a_restore_that_was_killed_leaves_all_or_nothing(data: Path, file: Path, point: int) -> None:
    with opened(on(data)) as place:
        whole = both(place)
        place.member("acme").answer("create_project", name="Later")
        before = both(place)
    was_killed = killed("restore", on(data), point, file=file)
    with opened(on(data)) as place:
        assert both(place) in (before, whole)
        assert both(place)[1] == whole[1]
        assert was_killed or place.tenant("acme").state == "active"
        with Archive(file) as archive:
            restore(place.of, place.tenant("acme"), archive, grace=NOW)
        assert both(place) == whole
        assert place.tenant("acme").state == "active"


@pytest.mark.parametrize("point", [1, 4])
def test_a_suspended_tenant_whose_restore_was_killed_stays_suspended(data: Path, file: Path, point: int) -> None:
    with opened(on(data)) as place:
        place.platform.become(place.tenant("acme").id, "suspended", "test")
    assert killed("restore", on(data), point, file=file)
    with opened(on(data)) as place:
        assert place.tenant("acme").state == "arriving"
        with Archive(file) as archive:
            restore(place.of, place.tenant("acme"), archive, grace=NOW)
        assert place.tenant("acme").state == "suspended"


@pytest.mark.parametrize("point", POINTS[:6])
def test_an_erasure_that_was_killed_is_done_again(data: Path, file: Path, point: int) -> None:
    with opened(on(data)) as place:
        acme, globex = place.tenant("acme"), both(place)[1]
        tip = place.chain(acme.id)[-1]
    was_killed = killed("erase", on(data), point)
    with opened(on(data)) as place:
        there = place.platform.by_slug("acme")
        assert was_killed == (there is not None)
        if there is not None:
            assert there.state == ("active" if point == 0 else "arriving")
            erasure = erase(place.of, there, grace=NOW)
            assert (erasure.chain_number, erasure.chain_hash, erasure.residue) == (tip.number, tip.hash, {})
        assert place.residue(acme.id) == {}
        assert place.digest(place.tenant("globex").id) == globex


def test_a_move_that_was_killed_at_any_point_leaves_a_whole_tenant_in_one_place(prepared: Path, tmp_path: Path) -> None:
    here, there, point, was_killed = tmp_path / "here", tmp_path / "there", 0, True
    while was_killed:
        for folder in (here, there):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(prepared / folder.name, folder)
        was_killed = killed("move", on(here), point, to=on(there))
        point += 1
        with opened(on(here)) as source, opened(on(there)) as to:
            acme, globex = source.tenant("acme"), source.digest(source.tenant("globex").id)
            whole, chain, arrived = source.digest(acme.id), source.chain(acme.id), to.platform.by_slug("acme")
            if arrived is None or arrived.state == "arriving":
                moved = move(source.of, acme, to.of, grace=NOW)
                assert moved.organisation.state == "active"
            assert (source.tenant("acme").state, to.tenant("acme").state) == ("suspended", "active")
            assert (to.digest(acme.id), to.chain(acme.id)) == (whole, chain)
            assert source.digest(source.tenant("globex").id) == globex
    assert point > LEAST_POINTS


def test_a_tenant_that_was_suspended_arrives_suspended(here: Place, there: Place) -> None:
    here.platform.become(here.tenant("acme").id, "suspended", "test")
    move(here.of, here.tenant("acme"), there.of, grace=NOW)
    assert (here.tenant("acme").state, there.tenant("acme").state) == ("suspended", "suspended")


def test_a_tenant_that_has_moved_is_suspended_and_not_on_its_way(
    here: Place, there: Place, prepared: Path, tmp_path: Path
) -> None:
    move(here.of, here.tenant("acme"), there.of, grace=NOW)
    shutil.copytree(prepared / "there", tmp_path / "elsewhere")
    with opened(on(tmp_path / "elsewhere")) as elsewhere:
        assert move(here.of, here.tenant("acme"), elsewhere.of, grace=NOW).organisation.state == "suspended"


def test_an_erase_clears_what_an_import_has_left(prepared: Path, data: Path, file: Path) -> None:
    shutil.rmtree(data)
    shutil.copytree(prepared / "there", data)
    assert killed("import", on(data), 6, file=file)
    with opened(on(data)) as place:
        there = place.tenant("acme")
        assert erase(place.of, there, grace=NOW).residue == {}
        assert place.platform.by_slug("acme") is None

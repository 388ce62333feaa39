"""A store in trouble: held by another program, or without room. Nothing acknowledged is lost, and it recovers."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from freehold.model.finding import ModelError
from freehold.runtime.failures import Overloaded, StorageFull
from freehold.runtime.ports import Stale, Verb
from freehold.stores.schema import schema_of
from freehold.stores.sqlite import Sqlite
from freehold.stores.sqlite.connection import LARGEST_LOG
from freehold.stores.sqlite.migrations import SqliteMigrations
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import SUBJECTS, Player, Team, Thing
from tests.unit.stores.stored import migrated
from tests.unit.stores.test_writer import ENOUGH, Crowd

LONG = "0123456789" * 10_000


@pytest.fixture
def impatient(file: str) -> Iterator[Stage]:
    """A store that does not wait for other programs."""
    stage = Stage(lambda model: migrated(model, file, patience=0.01))
    yield stage
    stage.database.close()


@pytest.fixture
def rival(file: str, impatient: Stage) -> Iterator[sqlite3.Connection]:
    """Another program that has the file open."""
    connection = sqlite3.connect(file, isolation_level=None)
    yield connection
    connection.close()


def test_a_file_that_another_program_writes_to_answers_503(impatient: Stage, rival: sqlite3.Connection) -> None:
    player = impatient.add(impatient.acme, Player())
    rival.execute("BEGIN IMMEDIATE")
    with pytest.raises(Overloaded) as error:
        impatient.save(impatient.acme, player, goals=1)
    assert (error.value.status, error.value.code, error.value.retry_after) == (503, "STORE_BUSY", 1)
    assert impatient.get(impatient.acme, player) == player
    rival.execute("ROLLBACK")
    impatient.save(impatient.acme, player, goals=1)
    assert impatient.get(impatient.acme, player).goals == 1


def test_work_alone_waits_no_longer_than_that(impatient: Stage, rival: sqlite3.Connection) -> None:
    rival.execute("BEGIN IMMEDIATE")
    with pytest.raises(Overloaded):
        impatient.alone(impatient.acme, lambda unit: unit.add(Player()))
    rival.execute("ROLLBACK")
    assert impatient.page(impatient.acme, "Players.of", [None]) == []


def test_a_file_that_another_program_has_for_itself_cannot_be_opened(
    file: str, impatient: Stage, rival: sqlite3.Connection
) -> None:
    impatient.database.close()
    rival.execute("PRAGMA locking_mode = EXCLUSIVE")
    rival.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ModelError, match=r"FH305 .* locked"):
        migrated(SUBJECTS, file, patience=0.01)


def test_a_long_reader_holds_up_no_writer(stage: Stage) -> None:
    first = stage.add(stage.acme, Player(goals=0))
    with stage.snapshot(stage.acme) as snapshot:
        assert snapshot.get(Player, first.id)
        current = first
        for goals in range(1, 50):
            current = stage.save(stage.acme, current, goals=goals)
        assert snapshot.get(Player, first.id) == (stage.acme, first)
    assert stage.get(stage.acme, first).goals == 49


def test_a_view_shows_one_moment(stage: Stage) -> None:
    team = stage.add(stage.acme, Team(name="before"))
    with stage.unit(stage.acme) as unit:
        assert unit.get(Team, team.id) == team
        stage.save(stage.acme, team, name="after")
        added = stage.add(stage.acme, Team(name="new"))
        assert unit.get(Team, team.id) == team
        assert unit.find(Team, added.id) is None
    assert stage.get(stage.acme, team).name == "after"


def test_the_log_begins_anew_once_a_long_reader_is_gone(file: str, stage: Stage) -> None:
    first = stage.add(stage.acme, Player())
    with stage.snapshot(stage.acme) as snapshot:
        assert snapshot.get(Player, first.id)
        for _ in range(60):
            stage.add(stage.acme, Thing(text=LONG))
        grown = Path(f"{file}-wal").stat().st_size
    for _ in range(120):
        stage.add(stage.acme, Thing(text=LONG))
    assert 60 * len(LONG) < grown < LARGEST_LOG
    assert Path(f"{file}-wal").stat().st_size <= grown + 2 * len(LONG)


class Full:
    """A store without room, and how to make some."""

    def __init__(self, stage: Stage, make_room: Callable[[], object]) -> None:
        self.stage, self.make_room = stage, make_room


@pytest.fixture
def small_file(stage: Stage, database: Sqlite) -> Full:
    """A file that may not grow any further."""
    raw = database._writer._connection.raw
    raw.set_authorizer(None)
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count = {pages + 100}")
    return Full(stage, lambda: raw.execute("PRAGMA max_page_count = 1000000"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Full]:
    """A disk of two megabytes, in memory."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk to fill")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    stage = None
    try:
        stage = Stage(lambda model: migrated(model, str(disk / "data.db")))
        yield Full(stage, lambda: subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True))
    finally:
        if stage is not None:
            stage.database.close()
        subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture(params=["small_file", "small_disk"])
def full(request: pytest.FixtureRequest) -> Full:
    """A store without room, of both kinds."""
    found: Full = request.getfixturevalue(request.param)
    return found


def fill(stage: Stage) -> list[Thing]:
    """Add until there is no room; what was acknowledged."""
    kept: list[Thing] = []
    adding = (stage.add(stage.acme, Thing(text=LONG)) for _ in count())
    with pytest.raises(StorageFull) as error:
        kept.extend(adding)
    assert error.value.status == 507
    assert kept
    return kept


def test_a_full_disk_answers_507_and_loses_nothing(full: Full) -> None:
    stage = full.stage
    team = stage.add(stage.acme, Team(name="Rovers"))
    kept = fill(stage)
    assert stage.get(stage.acme, team) == team
    assert all(stage.get(stage.acme, thing) == thing for thing in kept)
    with pytest.raises(StorageFull):
        stage.alone(stage.acme, lambda unit: unit.add(Thing(text=LONG)))
    with pytest.raises((StorageFull, Stale)):
        stage.save(stage.acme, Thing(id=stage.new_id(), version=1), text=LONG)


def test_a_full_disk_is_left_behind_without_a_restart(full: Full) -> None:
    stage = full.stage
    kept = fill(stage)
    full.make_room()
    added = [stage.add(stage.acme, Thing(text=LONG)) for _ in range(3)]
    stage.write(stage.acme, Verb.ADD, Player(id=stage.new_id()), entry={"actor": "ada"})
    stage.reopen()
    assert all(stage.get(stage.acme, thing) == thing for thing in (*kept, *added))
    assert len(stage.audit(stage.acme)) == 1


def test_who_needs_too_much_room_takes_none_from_others(small_file: Full, database: Sqlite) -> None:
    stage, crowd = small_file.stage, Crowd(database)
    things = [Thing(id=stage.new_id(), text=LONG * 6 if number == 2 else "") for number in range(5)]
    outcomes = [crowd.queue(lambda thing=thing: stage.add(stage.acme, thing)) for thing in things]
    crowd.release()
    assert [type(one.exception(ENOUGH)) for one in outcomes].count(StorageFull) == 1
    assert [stage.has(stage.acme, thing) for thing in things] == [number != 2 for number in range(5)]
    crowd.threads.shutdown()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "data.db"
    file.write_text("this is a shopping list " * 100)
    with pytest.raises(ModelError, match=r"FH305 .* not a database"):
        SqliteMigrations(str(file), schema_of(SUBJECTS))
    assert file.read_text().startswith("this is a shopping list")


def test_a_file_is_its_owners_only(file: str, stage: Stage) -> None:
    stage.add(stage.acme, Player())
    modes = {path.name: path.stat().st_mode & 0o777 for path in Path(file).parent.iterdir()}
    assert modes == {"data.db": 0o600, "data.db-wal": 0o600, "data.db-shm": 0o600}

"""What is looked at through the port: what is there, what is different, and that it is what the file holds."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from freehold.accounts.records import Invitation
from freehold.model.data import Entity
from freehold.runtime.ports import Changes, Snapshot, Stale, Verb, Write
from freehold.runtime.scope import Scope
from freehold.settings import Settings
from freehold.stores.sqlite import Sqlite
from freehold.testing import HandClock
from freehold.testing.isolation.witness import AUDIT, Ground, Watched
from freehold.testing.isolation.world import World
from freehold.wiring import backend
from tests.isolation.apps import app_named


class Scene:
    """The world of an attack, and somebody who looks at B's ground."""

    def __init__(self, world: World, watched: Watched, file: str) -> None:
        self.world, self.watched, self.file = world, watched, file
        self.kind = world.model.entities["task"]
        self.ground = Ground(watched, world.model, world.b.tenant, {world.b.tenant})
        self.ground.look()

    def task(self, number: int = 0) -> Entity:
        """A task that lies on B's ground only."""
        return self.world.b.kept[self.kind][number]

    def file_rows(self) -> set[tuple[str, str]]:
        """Every row of B's in the file, past the port."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as raw:
            tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            keys = {"freehold_audit": "number"}
            own = [table for table in tables if table != "freehold_schema"]
            queries = {table: f'SELECT "{keys.get(table, "id")}" FROM "{table}" WHERE tenant = ?' for table in own}
            rows = {table: raw.execute(query, (self.world.b.tenant,)).fetchall() for table, query in queries.items()}
        return {(table, str(id)) for table, found in rows.items() for (id,) in found}

    def write(self, statement: str, *values: object) -> None:
        """Write past the port, as nothing of ours does."""
        with closing(sqlite3.connect(self.file)) as raw, raw:
            assert raw.execute(statement, values).rowcount


@contextmanager
def scene() -> Iterator[Scene]:
    """TeamFlow with two tenants and everything in them."""
    clock = HandClock()
    made = backend(app_named("teamflow"), Settings(), memory=True, clock=clock)
    assert isinstance(made.database, Sqlite)
    watched = made.runtime.database = Watched(made.database)
    try:
        yield Scene(World(replace(made, database=watched), clock), watched, made.database.file)
    finally:
        made.close()


def committed(on: Scene, tenant: str, write: Write) -> None:
    with Scope(tenant) as scope:
        on.watched.commit([Changes(scope, [write], [])])


def test_what_is_seen_through_the_port_is_what_is_in_the_file() -> None:
    with scene() as on:
        seen = {key for key, _ in on.ground.texts()}
        platform = {key for key in seen if key[1] == on.world.b.tenant}
        assert len(platform) == 1
        assert seen - platform == on.file_rows()


def test_a_write_is_seen_on_the_ground_it_lands_on_and_on_no_other() -> None:
    with scene() as on:
        task = on.task().model_copy(update={"version": 2, "title": "other"})
        with pytest.raises(Stale):
            committed(on, on.world.a.tenant, Write(Verb.SAVE, on.kind, task, 1))
        assert on.ground.look() == []
        committed(on, on.world.b.tenant, Write(Verb.SAVE, on.kind, task, 1))
        assert [(change.key, change.what) for change in on.ground.look()] == [(("task", task.id), "changed")]
        assert on.ground.look() == []


def test_what_goes_with_its_parent_is_seen_to_go() -> None:
    with scene() as on:
        comments = on.world.b.kept[on.world.model.entities["comment"]]
        task = next(entity for entity in on.world.b.kept[on.kind] if entity.id == vars(comments[0])["task"])
        committed(on, on.world.b.tenant, Write(Verb.REMOVE, on.kind, task, task.version))
        gone = {change.key for change in on.ground.look() if change.what == "removed"}
        assert {("task", task.id), ("comment", comments[0].id)} <= gone
        assert on.ground.sweep() == []


def test_what_is_written_alone_is_seen_as_well() -> None:
    with scene() as on:
        task = on.task()

        def work(snapshot: Snapshot) -> list[Changes]:
            assert snapshot.get(on.kind, task.id) is not None
            return [Changes(scope, [Write(Verb.REMOVE, on.kind, task, task.version)], [])]

        with Scope(on.world.b.tenant) as scope:
            on.watched.exclusively(scope, work)
        assert ("task", task.id) in {change.key for change in on.ground.look()}


def test_an_entry_in_the_audit_chain_is_seen() -> None:
    with scene() as on, Scope(on.world.b.tenant) as scope:
        on.watched.commit([Changes(scope, [], [], entry={"case": "x"})])
        assert [change.key for change in on.ground.look()] == [(AUDIT, "1")]


def test_what_no_commit_has_named_is_seen_when_the_ground_is_read_whole() -> None:
    with scene() as on:
        tenant, first, second = on.world.b.tenant, on.task(0), on.task(1)
        on.write("UPDATE task SET title = 'other' WHERE tenant = ? AND id = ?", tenant, first.id)
        on.write("DELETE FROM task WHERE tenant = ? AND id = ?", tenant, second.id)
        assert on.ground.look() == []
        found = {(change.what, change.key[1]) for change in on.ground.sweep() if change.key[0] == "task"}
        assert found == {("changed", first.id), ("removed", second.id)}


def test_a_row_that_nobody_wrote_is_found_in_the_lists() -> None:
    with scene() as on:
        moved, a, b = on.world.a.kept[Invitation][0], on.world.a, on.world.b
        on.write("UPDATE freehold_invitation SET tenant = ? WHERE tenant = ? AND id = ?", b.tenant, a.tenant, moved.id)
        assert on.ground.look() == []
        assert [(change.what, change.key[1]) for change in on.ground.sweep()] == [("added", moved.id)]

"""Events and jobs: at least once, in a transaction of their own, and never for ever."""

import logging
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from threading import Event

import pytest

from freehold.accounts.tenants import resume_tenant, suspend_tenant
from freehold.cli.outbox import find, put_back
from freehold.runtime.failures import Conflict
from freehold.runtime.invoke import Call
from freehold.runtime.outbox import TRIES, Delivery
from freehold.runtime.ports import Principal, Snapshot
from freehold.runtime.prepared import Sent
from freehold.runtime.scope import Scope
from freehold.stores.schema import table_of
from freehold.stores.sqlite.database import Sqlite
from freehold.stores.sqlite.snapshot import SqliteSnapshot
from freehold.testing import Caller
from tests.unit.runtime.desk import Desk


def note(desk: Desk, ada: Caller, text: str = "hello") -> None:
    """Write a note, which emits an event."""
    folder = ada.call(desk.make_folder, name="mine")
    ada.call(desk.write_note, folder=folder.id, text=text)


def texts(desk: Desk, ada: Caller) -> list[str]:
    """What the handler and the job have left."""
    return [echo.text for echo in ada.call(desk.echoes)]


def test_an_event_reaches_its_handler_once_and_on_its_own_ground(desk: Desk, ada: Caller) -> None:
    note(desk, ada)
    assert texts(desk, ada) == []
    assert ada.deliver() == 1
    assert ada.deliver() == 0
    assert texts(desk, ada) == ["hello"]
    assert texts(desk, ada.of("globex")) == []


def test_an_event_of_a_failed_command_is_never_sent(desk: Desk, ada: Caller) -> None:
    with pytest.raises(Conflict):
        ada.call(desk.refused, text="x")
    assert ada.deliver() == 0


def test_a_handler_that_fails_is_tried_again_later(desk: Desk, ada: Caller) -> None:
    note(desk, ada)
    desk.failing = True
    assert ada.deliver() == 1
    assert ada.deliver() == 0
    desk.failing = False
    ada.clock.turn(timedelta(seconds=2))
    assert ada.deliver() == 1
    assert texts(desk, ada) == ["hello"]


def test_a_delivery_that_fails_too_often_is_dead_and_can_be_redriven(desk: Desk, ada: Caller) -> None:
    note(desk, ada)
    desk.failing = True
    for _ in range(TRIES + 3):
        ada.backend.courier.deliver_due()
        ada.clock.turn(timedelta(minutes=10))
    assert len(desk.handled) == TRIES
    dead = [delivery for _, delivery in find(ada.backend, "dead", None)]
    assert [(delivery.handler, delivery.error) for delivery in dead] == [("echo", "RuntimeError: hello")]
    desk.failing = False
    assert put_back(ada.backend, set(), None) == [delivery.id for delivery in dead]
    assert ada.backend.courier.deliver_due() == 1
    assert texts(desk, ada) == ["hello"]


def test_a_dead_delivery_stops_nobody_else(desk: Desk, ada: Caller) -> None:
    note(desk, ada, "poison")
    desk.failing = True
    ada.backend.courier.deliver_due()
    desk.failing = False
    note(desk, ada, "fine")
    ada.backend.courier.deliver_due()
    assert texts(desk, ada) == ["fine"]


def test_a_job_runs_once_a_period_for_every_tenant(desk: Desk, ada: Caller) -> None:
    globex = ada.of("globex")
    ada.deliver()
    for day in ("02", "03"):
        ada.clock.turn(timedelta(days=1))
        ada.deliver()
        ada.deliver()
        assert texts(desk, ada)[-1] == texts(desk, globex)[-1] == f"tally of {day}"
    assert len(texts(desk, ada)) == 2


def operate(ada: Caller, function: object, **inputs: object) -> None:
    """Do what operators do."""
    ready = ada.backend.runtime.cases[getattr(function, "__name__", "")]
    ada.backend.runtime(Call(ready, Sent(inputs), Principal(tenant="", subject="", kind="system")))


def test_a_suspended_tenants_events_wait_and_its_jobs_rest(desk: Desk, ada: Caller) -> None:
    ada.deliver()
    note(desk, ada)
    operate(ada, suspend_tenant, organisation="acme")
    ada.clock.turn(timedelta(days=1))
    ada.deliver()
    operate(ada, resume_tenant, organisation="acme")
    ada.clock.turn(timedelta(minutes=2))
    ada.deliver()
    assert texts(desk, ada) == ["hello"]


def test_what_an_error_says_is_kept_though_it_is_no_text(
    desk: Desk, ada: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    note(desk, ada)
    desk.failing, desk.says = True, "half \ud800, an end \0"
    with caplog.at_level(logging.CRITICAL):  # what pytest keeps of a log has to be text
        assert [ada.deliver(), ada.deliver()] == [1, 0]
    assert [delivery.error for _, delivery in find(ada.backend, "waiting", None)] == [
        "RuntimeError: half \\ud800, an end \\0"
    ]


def test_a_ground_that_cannot_be_read_stops_no_other(desk: Desk, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    globex = ada.of("globex")
    for member in (ada, globex):
        note(desk, member)
    database = ada.backend.database
    assert isinstance(database, Sqlite)
    with closing(sqlite3.connect(database.file, isolation_level=None)) as raw:
        raw.execute(f"UPDATE {table_of(Delivery)} SET created_at = 'never' WHERE tenant = ?", [ada.tenant])
    opened, closed = noted(monkeypatch)
    assert ada.deliver() == 1
    assert texts(desk, globex) == ["hello"]
    assert opened <= closed, "a view that stays open keeps a connection, of which there are few"


def test_a_turn_that_cannot_be_read_keeps_no_connection(ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, closed = noted(monkeypatch)
    monkeypatch.setattr(SqliteSnapshot, "get", failing)
    with pytest.raises(RuntimeError, match="cannot be read"):
        ada.backend.scheduler.enqueue_due()
    assert opened
    assert opened <= closed


def failing(*_: object) -> None:
    """Do not read."""
    raise RuntimeError("cannot be read")


def noted(monkeypatch: pytest.MonkeyPatch) -> tuple[set[SqliteSnapshot], set[SqliteSnapshot]]:
    """The views that are opened from now on, and those that are closed."""
    opened, closed = set[SqliteSnapshot](), set[SqliteSnapshot]()
    snapshot, close = Sqlite.snapshot, SqliteSnapshot.close

    def opening(self: Sqlite, scope: Scope, beside: Snapshot | None = None) -> Snapshot:
        made = snapshot(self, scope, beside)
        assert isinstance(made, SqliteSnapshot)
        opened.add(made)
        return made

    def closing_it(self: SqliteSnapshot) -> None:
        closed.add(self)
        close(self)

    monkeypatch.setattr(Sqlite, "snapshot", opening)
    monkeypatch.setattr(SqliteSnapshot, "close", closing_it)
    return opened, closed


def test_who_sets_off_more_and_more_does_not_hold_up_the_jobs(desk: Desk, ada: Caller) -> None:
    """The courier comes back when its time is over, and goes on where it was."""
    note(desk, ada)
    desk.follows = lambda: ada.clock.turn(timedelta(seconds=0.4))
    assert ada.backend.courier.deliver_due(1.0) == 3
    assert ada.backend.courier.deliver_due(1.0) == 3


def test_where_a_look_takes_long_what_is_due_is_delivered_all_the_same(
    desk: Desk, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = ada.backend.database.busy_grounds

    def slowly(before: datetime) -> list[str]:
        ada.clock.turn(timedelta(seconds=3))
        return look(before)

    monkeypatch.setattr(ada.backend.database, "busy_grounds", slowly)
    note(desk, ada)
    assert ada.backend.courier.deliver_due(1.0) == 1
    assert texts(desk, ada) == ["hello"]


def test_where_a_look_takes_long_there_are_few_however_often_the_courier_is_woken(
    ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    courier, looked, again = ada.backend.courier, Event(), Event()

    def slowly(_: datetime) -> list[str]:
        (again if looked.is_set() else looked).set()
        ada.clock.turn(timedelta(seconds=1))
        courier.wake()
        return []

    monkeypatch.setattr(ada.backend.database, "busy_grounds", slowly)
    courier.start()
    try:
        assert looked.wait(5)
        assert not again.wait(0.3)
    finally:
        courier.stop()

"""One writer for many callers: who is written with whom, on which thread, and what each of them hears."""

import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from freehold.runtime.failures import Overloaded
from freehold.runtime.ports import Taken, Verb
from freehold.stores.sqlite import Sqlite
from freehold.stores.sqlite.apply import Applier
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import Player, Team

CALLERS = 32
ENOUGH = 30.0


class Crowd:
    """Callers that all wait behind one that holds the writer."""

    def __init__(self, database: Sqlite) -> None:
        self.writer = database._writer
        self.threads = ThreadPoolExecutor(CALLERS + 1)
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.commits = 0
        self.writer._connection.raw.set_trace_callback(self._count)
        self.first = self.threads.submit(self.writer.write, self._hold)
        assert self.begun.wait(ENOUGH)

    def queue(self, work: Callable[[], object]) -> Future[object]:
        """Let one more caller wait, behind those that do."""
        before = len(self.writer._waiting)
        outcome = self.threads.submit(work)
        while len(self.writer._waiting) == before:
            assert not outcome.done(), outcome.result()
        return outcome

    def release(self) -> None:
        """Let the first one finish, and with it everybody."""
        self.go_on.set()
        self.first.result(ENOUGH)

    def _hold(self, _: Applier) -> None:
        self.begun.set()
        assert self.go_on.wait(ENOUGH)

    def _count(self, statement: str) -> None:
        self.commits += statement == "COMMIT"


@pytest.fixture
def crowd(database: Sqlite) -> Iterator[Crowd]:
    """A crowd before a store."""
    crowd = Crowd(database)
    yield crowd
    crowd.go_on.set()
    crowd.threads.shutdown()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts, also where a shell that started the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_all_who_wait_are_made_durable_by_one_flush(crowd: Crowd, stage: Stage) -> None:
    players = [Player(id=stage.new_id(), goals=number) for number in range(CALLERS)]
    outcomes = [crowd.queue(lambda player=player: stage.add(stage.acme, player)) for player in players]
    crowd.release()
    for outcome in outcomes:
        outcome.result(ENOUGH)
    assert crowd.commits == 2
    assert all(stage.has(stage.acme, player) for player in players)


def test_nobody_is_told_before_the_flush(crowd: Crowd, stage: Stage) -> None:
    outcomes = [crowd.queue(lambda: stage.add(stage.acme, Player())) for _ in range(3)]
    told: list[int] = []
    crowd.writer._connection.raw.set_trace_callback(
        lambda statement: told.append(sum(one.done() for one in outcomes)) if statement == "COMMIT" else None
    )
    crowd.release()
    assert [outcome.exception(ENOUGH) for outcome in outcomes] == [None] * 3
    assert told == [0, 0]


def test_whoever_fails_fails_alone(crowd: Crowd, stage: Stage) -> None:
    teams = [Team(name=str(number), code="same" if number % 3 else None) for number in range(CALLERS)]
    outcomes = [crowd.queue(lambda team=team: stage.add(stage.acme, team)) for team in teams]
    crowd.release()
    failed = [type(outcome.exception(ENOUGH)) for outcome in outcomes]
    won = next(number for number, team in enumerate(teams) if team.code)
    assert failed == [Taken if team.code and number != won else type(None) for number, team in enumerate(teams)]
    assert [stage.has(stage.acme, team) for team in teams] == [kind is not Taken for kind in failed]
    assert crowd.commits == 2


def test_work_that_is_not_ours_runs_on_its_callers_thread(crowd: Crowd, stage: Stage) -> None:
    ran: list[int] = []

    def alone() -> int:
        stage.alone(stage.acme, lambda unit: ran.append(threading.get_ident()))
        return threading.get_ident()

    outcomes = [crowd.queue(alone if number % 2 else lambda: stage.add(stage.acme, Player())) for number in range(8)]
    crowd.release()
    callers = [outcome.result(ENOUGH) for outcome in outcomes]
    assert ran == callers[1::2]


def test_they_are_written_in_the_order_they_came(crowd: Crowd, stage: Stage) -> None:
    written: list[int] = []

    def note(number: int) -> None:
        crowd.writer.write(lambda _: written.append(number), own_thread=number % 5 == 0)

    outcomes = [crowd.queue(lambda number=number: note(number)) for number in range(CALLERS)]
    crowd.release()
    for outcome in outcomes:
        outcome.result(ENOUGH)
    assert written == list(range(CALLERS))


def test_who_writes_alone_cannot_commit_meanwhile(stage: Stage) -> None:
    with pytest.raises(RuntimeError, match="return the changes instead"):
        stage.alone(stage.acme, lambda unit: stage.add(stage.acme, Player()))
    assert stage.page(stage.acme, "Players.of", [None]) == []
    assert stage.add(stage.acme, Player()).version == 1


def test_when_the_flush_fails_everybody_hears_so(crowd: Crowd, stage: Stage) -> None:
    teams = [Team(id=stage.new_id(), name=str(number)) for number in range(5)]
    outcomes = [crowd.queue(lambda team=team: stage.add(stage.acme, team)) for team in teams]
    crowd.writer._connection.raw.set_authorizer(lambda action, what, *_: sqlite3.SQLITE_DENY if what == "COMMIT" else 0)
    crowd.go_on.set()
    assert all(isinstance(outcome.exception(ENOUGH), sqlite3.DatabaseError) for outcome in (crowd.first, *outcomes))
    crowd.writer._connection.raw.set_authorizer(None)
    assert not any(stage.has(stage.acme, team) for team in teams)
    assert stage.has(stage.acme, stage.add(stage.acme, Team(name="afterwards")))


def test_an_interrupt_of_one_caller_is_nobody_elses(crowd: Crowd, stage: Stage) -> None:
    def interrupted() -> None:
        crowd.writer.write(raise_interrupt, own_thread=True)

    first, second = crowd.queue(interrupted), crowd.queue(lambda: stage.add(stage.acme, Player()))
    crowd.release()
    assert isinstance(first.exception(ENOUGH), KeyboardInterrupt)
    assert isinstance(second.exception(ENOUGH), Overloaded)
    assert stage.has(stage.acme, stage.add(stage.acme, Player()))


def test_whoever_is_torn_out_of_the_queue_holds_up_nobody(interruptible: None, crowd: Crowd, stage: Stage) -> None:
    gone, main = Player(id=stage.new_id()), threading.get_ident()

    def interrupt() -> None:
        while not crowd.writer._waiting:
            assert not crowd.go_on.is_set()
        signal.pthread_kill(main, signal.SIGINT)

    crowd.threads.submit(interrupt)
    with pytest.raises(KeyboardInterrupt):
        stage.add(stage.acme, gone)
    after = crowd.queue(lambda: stage.add(stage.acme, Player()))
    crowd.release()
    assert after.exception(ENOUGH) is None
    assert not stage.has(stage.acme, gone)


def test_a_store_that_is_closed_says_so(stage: Stage) -> None:
    stage.add(stage.acme, Player())
    stage.database.close()
    for call in (lambda: stage.add(stage.acme, Player()), lambda: stage.page(stage.acme, "Players.of", [None])):
        with pytest.raises(Overloaded) as error:
            call()
        assert error.value.code == "STORE_CLOSED"
    stage.reopen()
    assert len(stage.page(stage.acme, "Players.of", [None])) == 1


def test_a_store_closes_behind_those_who_wait(crowd: Crowd, database: Sqlite, stage: Stage) -> None:
    outcomes = [crowd.queue(lambda: stage.add(stage.acme, Player())) for _ in range(5)]
    closing = crowd.queue(database.close)
    with pytest.raises(Overloaded):
        stage.write(stage.acme, Verb.ADD, Player(id=stage.new_id()))
    crowd.release()
    assert [outcome.exception(ENOUGH) for outcome in (*outcomes, closing)] == [None] * 6
    stage.reopen()
    assert len(stage.page(stage.acme, "Players.of", [None])) == 5


def test_a_view_that_is_open_when_the_store_closes_lets_go_of_its_connection(database: Sqlite, stage: Stage) -> None:
    with stage.snapshot(stage.acme) as snapshot:
        database.close()
        assert snapshot.get(Player, stage.new_id()) is None
    assert not database._readers._free


def raise_interrupt(_: Applier) -> None:
    raise KeyboardInterrupt

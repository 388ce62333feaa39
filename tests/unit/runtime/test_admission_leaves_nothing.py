"""The fair queue: nothing of a call stays in the worker that did it, and nothing of a tenant in the queue."""

import contextvars
import gc
import threading
import weakref
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from freehold.runtime.admission import Load
from freehold.runtime.failures import Overloaded
from tests.unit.runtime.held_calls import LONG, CrankedClock, Make, ask, hold, queues


@pytest.fixture
def clock() -> CrankedClock:
    return CrankedClock()


@pytest.fixture
def make(clock: CrankedClock) -> Iterator[Make]:
    with queues(clock) as make:
        yield make


PERSON = contextvars.ContextVar("PERSON", default="nobody")


def test_no_context_variable_goes_in_and_none_stays(make: Make) -> None:
    queue = make(1)
    PERSON.set("ada")
    assert ask(queue, "acme", PERSON.get).wait() == "nobody"
    ask(queue, "acme", lambda: PERSON.set("bob")).wait()
    assert ask(queue, "globex", PERSON.get).wait() == "nobody"


def test_the_answer_does_not_see_the_context_of_the_work(make: Make) -> None:
    seen: SimpleQueue[str] = SimpleQueue()
    make(1).submit("acme", lambda: PERSON.set("bob"), lambda _result, _error: seen.put(PERSON.get()))
    assert seen.get(timeout=LONG) == "nobody"


def test_a_worker_thread_says_nothing_about_who_it_worked_for(make: Make) -> None:
    queue = make(1)

    def marks() -> tuple[str, set[str]]:
        thread = threading.current_thread()
        return thread.name, set(vars(thread))

    before = ask(queue, "acme", marks).wait()
    assert ask(queue, "globex", marks).wait() == before
    assert "acme" not in str(before)


class Thing:
    """Something a call could leave behind."""


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What goes away in the test goes away by itself, and not because the collector ran."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_work_and_result_do_not_outlive_the_call_while_the_worker_rests(make: Make) -> None:
    queue = make(1)
    gone: SimpleQueue[str] = SimpleQueue()
    kept: list[weakref.ref[Thing]] = []

    def watch(thing: Thing, name: str) -> None:
        kept.append(weakref.ref(thing, lambda _: gone.put(name)))

    def submit() -> None:
        held = Thing()
        watch(held, "work")

        def work() -> Thing:
            result = Thing()
            watch(result, "result")
            return result if held else held

        queue.submit("acme", work, lambda _result, _error: None)

    submit()
    assert {gone.get(timeout=LONG), gone.get(timeout=LONG)} == {"work", "result"}


@pytest.mark.usefixtures("no_collector")
def test_an_error_does_not_hold_the_call_that_raised_it(make: Make) -> None:
    queue = make(1)
    errors: SimpleQueue[BaseException | None] = SimpleQueue()
    gone = threading.Event()

    def submit() -> weakref.ref[Thing]:
        held = Thing()

        def done(result: object, error: BaseException | None, _held: Thing = held) -> None:
            errors.put(error)

        queue.submit("acme", lambda: 1 // 0, done)
        return weakref.ref(held, lambda _: gone.set())

    reference = submit()
    error = errors.get(timeout=LONG)
    assert isinstance(error, ZeroDivisionError)
    assert gone.wait(LONG), "the error in hand keeps the call"
    assert reference() is None


@pytest.mark.usefixtures("no_collector")
def test_a_refused_call_is_forgotten_while_every_worker_is_busy(make: Make, clock: CrankedClock) -> None:
    queue = make(1, patience=0.01)
    gate = hold(queue, "slow")
    gone = threading.Event()

    refused: SimpleQueue[BaseException | None] = SimpleQueue()

    def submit() -> weakref.ref[Thing]:
        held = Thing()

        def done(result: object, error: BaseException | None, _held: Thing = held) -> None:
            refused.put(error)

        queue.submit("acme", lambda: held, done)
        return weakref.ref(held, lambda _: gone.set())

    reference = submit()
    clock.seconds += 1.0
    assert isinstance(refused.get(timeout=LONG), Overloaded)
    assert gone.wait(LONG), "a watcher at rest keeps the call"
    assert reference() is None
    gate.open()


def test_nothing_is_kept_for_a_tenant_without_calls(make: Make) -> None:
    queue = make(1)
    for number in range(100):
        ask(queue, f"tenant-{number}", lambda: None).wait()
    # Asked from within the only worker, so that whatever came before it is over.
    assert ask(queue, "last", queue.load).wait() == Load(running=1, waiting=0, tenants=1)
    assert ask(queue, "last", lambda: len(queue._running) + len(queue._waiting)).wait() == 1

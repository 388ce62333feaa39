"""The fair queue of an edge that is behind: it is held, so that lines form, and released."""

from collections.abc import Iterator
from functools import partial

import pytest

from freehold.runtime.admission import AT_ONCE, Load
from freehold.runtime.failures import Overloaded
from tests.unit.runtime.held_calls import LONG, CrankedClock, Gate, Make, ask, hold, queues


@pytest.fixture
def clock() -> CrankedClock:
    return CrankedClock()


@pytest.fixture
def make(clock: CrankedClock) -> Iterator[Make]:
    with queues(clock) as make:
        yield make


def test_while_the_queue_is_held_no_call_begins_and_lines_form(make: Make) -> None:
    queue = make(3, depth=2)
    queue.hold()
    answers = [ask(queue, "acme", lambda: "served") for _ in range(2)]
    assert queue.load() == Load(running=0, waiting=2, tenants=1)
    assert (queue.room(), queue.room("acme"), queue.room("globex")) == (0, 0, 2)
    queue.release()
    assert [answer.wait() for answer in answers] == ["served"] * 2
    assert queue.room() == 2


def test_a_worker_that_ends_while_the_queue_is_held_rests(make: Make) -> None:
    queue = make(1)
    gate = hold(queue, "acme")
    waiting = ask(queue, "acme", lambda: "served")
    queue.hold()
    gate.open()
    while queue.load().running:
        pass
    assert waiting.times == 0
    queue.release()
    assert waiting.wait() == "served"


def test_what_is_released_goes_in_turns_too(make: Make) -> None:
    queue = make(1)
    served: list[str] = []
    queue.hold()
    answers = [ask(queue, tenant, partial(served.append, tenant)) for tenant in ("flood", "flood", "flood", "quiet")]
    queue.release()
    for answer in answers:
        answer.wait()
    assert served == ["flood", "quiet", "flood", "flood"]


def test_closing_a_queue_that_is_held_finishes_what_was_accepted(make: Make) -> None:
    queue = make(2)
    queue.hold()
    answers = [ask(queue, "acme", lambda: "served") for _ in range(5)]
    assert queue.close(LONG)
    assert [answer.wait() for answer in answers] == ["served"] * 5


def test_whose_calls_ran_out_of_patience_has_room_again(make: Make, clock: CrankedClock) -> None:
    queue = make(1, depth=1, patience=0.01)
    queue.hold()
    late = ask(queue, "acme", lambda: pytest.fail("begun too late"))
    assert queue.room("acme") == 0
    clock.seconds += 0.01
    with pytest.raises(Overloaded):
        late.wait()
    assert queue.room("acme") == 1


def test_who_comes_after_a_release_does_not_overtake_who_waits(make: Make) -> None:
    queue = make(8)
    gates = [Gate() for _ in range(AT_ONCE + 3)]
    queue.hold()
    answers = [ask(queue, "acme", gate) for gate in gates[:-1]]
    queue.release()
    answers.append(ask(queue, "acme", gates[-1]))
    assert all(gate.begun.acquire(timeout=LONG) for gate in gates[: AT_ONCE + 1])
    assert not gates[-1].begun.acquire(blocking=False)
    for gate in gates:
        gate.open()
    assert [answer.wait() for answer in answers] == [None] * len(gates)


def test_a_newcomer_starts_at_once_beside_a_line_that_was_held(make: Make) -> None:
    queue = make(2)
    queue.hold()
    gate = Gate()
    slow = [ask(queue, "acme", gate) for _ in range(3)]
    queue.release()
    assert gate.begun.acquire(timeout=LONG)
    assert ask(queue, "globex", lambda: "served").wait() == "served"
    gate.open()
    assert [answer.wait() for answer in slow] == [None] * 3

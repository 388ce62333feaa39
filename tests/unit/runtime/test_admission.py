"""The fair queue: whose turn it is, who is refused, and how it ends."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.runtime.admission import FairQueue, Load
from freehold.runtime.failures import Overloaded
from tests.unit.runtime.held_calls import HOUR, LONG, Answer, CrankedClock, Gate, Make, ask, hold, queues


@pytest.fixture
def clock() -> CrankedClock:
    return CrankedClock()


@pytest.fixture
def make(clock: CrankedClock) -> Iterator[Make]:
    with queues(clock) as make:
        yield make


# --- an outcome reaches its caller ---


def test_a_result_reaches_its_caller(make: Make) -> None:
    assert ask(make(1), "acme", lambda: 7).wait() == 7


def test_work_runs_in_another_thread_that_is_used_again(make: Make) -> None:
    queue = make(1)
    threads = {ask(queue, "acme", threading.get_ident).wait() for _ in range(50)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt(), StopIteration(), Overloaded()])
def test_whatever_work_raises_reaches_its_caller_and_the_worker_lives(make: Make, error: BaseException) -> None:
    queue = make(1)

    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        ask(queue, "acme", fail).wait()
    assert caught.value is error
    assert ask(queue, "acme", lambda: "alive").wait() == "alive"


def test_an_answer_that_cannot_be_delivered_is_logged_and_the_worker_lives(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    queue = make(1)

    def done(result: object, error: BaseException | None) -> None:
        raise SystemExit

    queue.submit("acme", lambda: 1, done)
    assert ask(queue, "acme", lambda: "alive").wait() == "alive"
    assert [record.message for record in caplog.records] == ["The answer to a call could not be delivered"]


def test_work_and_answers_may_submit_more(make: Make) -> None:
    queue = make(1)
    last = Answer()

    def done(result: object, error: BaseException | None) -> None:
        queue.submit("acme", lambda: "third", last)

    queue.submit("acme", lambda: queue.submit("acme", lambda: "second", done), Answer())
    assert last.wait() == "third"


def test_an_async_edge_can_wait_for_a_call(make: Make) -> None:
    queue = make(3)

    async def run(tenant: str, work: Callable[[], object]) -> object:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()

        def settle(result: object, error: BaseException | None) -> None:
            if future.cancelled():  # the client has gone
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        queue.submit(tenant, work, lambda result, error: loop.call_soon_threadsafe(settle, result, error))
        return await future

    async def edge() -> list[object]:
        return await asyncio.gather(*(run("acme", partial(pow, number, 2)) for number in range(20)))

    assert asyncio.run(edge()) == [number**2 for number in range(20)]


# --- whose turn it is ---


@given(st.lists(st.sampled_from("abcd"), max_size=40), st.integers(1, 3))
def test_every_accepted_call_is_answered_once_in_the_order_of_its_tenant(sent: list[str], workers: int) -> None:
    queue = FairQueue(workers, depth=40, patience=HOUR, clock=CrankedClock())
    begun: SimpleQueue[tuple[str, int]] = SimpleQueue()
    gate = hold(queue, "other")
    answers = [ask(queue, tenant, partial(begun.put, (tenant, number))) for number, tenant in enumerate(sent)]
    gate.open()
    assert queue.close(LONG)
    order = [begun.get_nowait() for _ in sent]
    assert [answer.times for answer in answers] == [1] * len(sent)
    assert sorted(order, key=lambda place: place[1]) == [(tenant, number) for number, tenant in enumerate(sent)]
    if workers == 1:
        for tenant in "abcd":
            mine = [number for whose, number in order if whose == tenant]
            assert mine == sorted(mine)


@given(st.lists(st.sampled_from("abcd"), max_size=40))
def test_turns_go_round_so_that_a_flood_delays_nobody(sent: list[str]) -> None:
    queue = FairQueue(1, depth=40, patience=HOUR, clock=CrankedClock())
    order: list[str] = []
    gate = hold(queue, "other")
    for tenant in sent:
        ask(queue, tenant, partial(order.append, tenant))
    gate.open()
    assert queue.close(LONG)
    total, served = Counter(sent), Counter[str]()
    for tenant in order:
        # Nobody is served again while somebody with a call waiting has been served less often.
        waiting = [whose for whose in total if served[whose] < total[whose]]
        assert served[tenant] == min(served[whose] for whose in waiting)
        served[tenant] += 1
    assert served == total


def test_whoever_has_nothing_running_goes_before_whoever_has(make: Make) -> None:
    queue = make(3)
    flood, other = hold(queue, "flood", 2), hold(queue, "other")
    order: list[str] = []
    answers = [ask(queue, "flood", lambda: order.append("flood")) for _ in range(3)]
    answers += [ask(queue, "quiet", lambda: order.append("quiet")) for _ in range(3)]
    other.open()  # one worker is free now, and the flood still holds two
    for answer in answers[3:]:
        answer.wait()
    assert order == ["quiet"] * 3
    flood.open()
    for answer in answers[:3]:
        answer.wait()
    assert order == ["quiet"] * 3 + ["flood"] * 3


def test_slow_calls_do_not_give_their_tenant_more_than_an_equal_share_of_workers(make: Make) -> None:
    queue = make(5)
    first, second = hold(queue, "slow", 4), hold(queue, "steady")
    slow, steady = Gate(), Gate()
    for _ in range(5):
        ask(queue, "slow", slow)
        ask(queue, "steady", steady)
    first.open()  # of the four workers that come free, one is kept for newcomers
    for gate in (slow, slow, steady):
        assert gate.begun.acquire(timeout=LONG)
    assert queue.load() == Load(running=4, waiting=7, tenants=2)  # two calls each
    for gate in (second, slow, steady):
        gate.open()


# --- the last idle worker ---


def test_a_tenant_alone_uses_every_worker_but_one(make: Make) -> None:
    queue = make(4)
    gate = hold(queue, "flood", 3)
    ask(queue, "flood", gate)
    assert queue.load() == Load(running=3, waiting=1, tenants=1)
    gate.open()


def test_a_newcomer_starts_at_once_while_a_neighbour_fills_the_house(make: Make) -> None:
    queue = make(4)
    gate = hold(queue, "flood", 3)
    for _ in range(20):
        ask(queue, "flood", gate)
    for _ in range(100):
        assert ask(queue, "quiet", lambda: "served").wait() == "served"
    assert queue.load().waiting == 20
    gate.open()


def test_the_worker_kept_for_newcomers_is_not_lost_to_a_second_flood(make: Make) -> None:
    queue = make(4)
    first, second = hold(queue, "flood", 2), hold(queue, "torrent", 1)
    waiting = [ask(queue, tenant, lambda: None) for tenant in ("flood", "torrent")]
    assert ask(queue, "quiet", lambda: "served").wait() == "served"
    assert [answer.times for answer in waiting] == [0, 0]
    first.open()
    second.open()


def test_a_single_worker_may_be_used_by_one_tenant(make: Make) -> None:
    queue = make(1)
    gate = hold(queue, "acme")
    later = ask(queue, "acme", lambda: "served")
    gate.open()
    assert later.wait() == "served"


# --- who is refused ---


def test_a_tenant_with_too_many_waiting_is_refused_at_once_and_its_neighbours_are_not(make: Make) -> None:
    queue = make(1, depth=3, patience=HOUR)
    gate = hold(queue, "other")
    accepted = [ask(queue, "flood", lambda: "served") for _ in range(3)]
    refused = Answer()
    with pytest.raises(Overloaded) as caught:
        queue.submit("flood", lambda: None, refused)
    accepted.append(ask(queue, "quiet", lambda: "served"))
    gate.open()
    assert [answer.wait() for answer in accepted] == ["served"] * 4
    assert caught.value.status == 503
    assert caught.value.retry_after == HOUR
    assert refused.times == 0


def test_a_call_that_waited_too_long_is_answered_while_every_worker_is_busy(make: Make, clock: CrankedClock) -> None:
    queue = make(1, patience=0.01)
    gate = hold(queue, "slow")
    answers = [ask(queue, tenant, lambda: pytest.fail("begun too late")) for tenant in ("acme", "slow", "globex")]
    clock.seconds += 0.01
    for answer in answers:
        with pytest.raises(Overloaded) as caught:
            answer.wait()
        assert caught.value.retry_after == 0.01
    assert queue.load() == Load(running=1, waiting=0, tenants=1)
    gate.open()


def test_the_watcher_looks_again_for_those_who_came_later(make: Make, clock: CrankedClock) -> None:
    queue = make(1, patience=0.01)
    gate = hold(queue, "slow")
    for _ in range(5):
        answer = ask(queue, "acme", lambda: None)
        clock.seconds += 1.0
        with pytest.raises(Overloaded):
            answer.wait()
    gate.open()


def test_a_call_still_within_patience_is_kept(make: Make, clock: CrankedClock) -> None:
    queue = make(1, patience=0.01)
    gate = hold(queue, "slow")
    early = ask(queue, "acme", lambda: "early")
    clock.seconds += 0.006
    late = ask(queue, "acme", lambda: "late")
    clock.seconds += 0.006
    with pytest.raises(Overloaded):
        early.wait()
    gate.open()
    assert late.wait() == "late"


def test_a_worker_does_not_begin_what_waited_too_long(make: Make, clock: CrankedClock) -> None:
    queue = make(1)  # the watcher sleeps for an hour, so that it is the worker that notices
    gate = hold(queue, "slow")
    late = [ask(queue, tenant, lambda: pytest.fail("begun too late")) for tenant in ("acme", "acme", "globex")]
    clock.seconds += HOUR
    fresh = ask(queue, "acme", lambda: "served")
    gate.open()
    assert fresh.wait() == "served"
    for answer in late:
        with pytest.raises(Overloaded):
            answer.wait()


@pytest.mark.parametrize(("workers", "depth", "patience"), [(0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.0), (1, 1, -1.0)])
def test_numbers_that_make_no_sense_are_refused(make: Make, workers: int, depth: int, patience: float) -> None:
    with pytest.raises(ValueError, match=rf"workers={workers}, depth={depth}, patience={patience}"):
        make(workers, depth, patience)


# --- closing ---


def test_closing_finishes_what_was_accepted_and_refuses_what_is_new(make: Make) -> None:
    queue = make(3)
    gate = hold(queue, "acme", 2)
    accepted = [ask(queue, "acme", lambda: "served") for _ in range(20)]
    assert not queue.close(0.001)
    with pytest.raises(Overloaded):
        ask(queue, "quiet", lambda: None)
    gate.open()
    assert queue.close(LONG)
    assert [answer.wait() for answer in accepted] == ["served"] * 20
    assert queue.load() == Load(0, 0, 0)


def test_closing_keeps_no_worker_for_newcomers(make: Make) -> None:
    queue = make(3)
    gate, both = hold(queue, "acme", 2), threading.Barrier(2)
    answers = [ask(queue, "acme", lambda: both.wait(LONG)) for _ in range(2)]
    assert not queue.close(0.001)
    gate.open()
    assert sorted(str(answer.wait()) for answer in answers) == ["0", "1"]  # they met, so that they ran side by side


def test_closing_ends_every_thread(make: Make) -> None:
    before = set(threading.enumerate())
    queue = make(3)
    started = set(threading.enumerate()) - before
    assert len(started) == 4
    assert queue.close()
    assert not any(thread.is_alive() for thread in started)
    assert queue.close()


def test_a_call_may_still_run_out_of_patience_while_the_queue_closes(make: Make, clock: CrankedClock) -> None:
    queue = make(1, patience=0.01)
    gate = hold(queue, "slow")
    answer = ask(queue, "acme", lambda: None)
    assert not queue.close(0.001)
    clock.seconds += 1.0
    with pytest.raises(Overloaded):
        answer.wait()
    gate.open()


# --- many at once ---


def test_under_a_storm_from_many_threads_every_call_is_answered_once(make: Make) -> None:
    queue = make(4, depth=5)
    running, most, lock = Counter[str](), Counter[str](), threading.Lock()
    accepted: SimpleQueue[Answer] = SimpleQueue()
    refused: SimpleQueue[str] = SimpleQueue()

    def work(tenant: str) -> None:
        with lock:
            running[tenant] += 1
            most[tenant] = max(most[tenant], running[tenant])
            most["all"] = max(most["all"], running.total())
        with lock:
            running[tenant] -= 1

    def send(seed: int) -> None:
        for number in range(300):
            tenant = f"tenant-{(seed * number) % 7}"
            try:
                accepted.put(ask(queue, tenant, partial(work, tenant)))
            except Overloaded:
                refused.put(tenant)

    senders = [threading.Thread(target=send, args=(seed,)) for seed in range(1, 9)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert queue.close(LONG)
    answers = [accepted.get_nowait() for _ in range(accepted.qsize())]
    assert len(answers) + refused.qsize() == 8 * 300
    assert {(answer.times, answer.error) for answer in answers} == {(1, None)}
    assert most.pop("all") <= 4
    assert max(most.values()) <= 4
    assert queue.load() == Load(0, 0, 0)

"""What tests of the fair queue share: a clock with a crank, and calls that can be held and waited for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from freehold.runtime.admission import FairQueue

LONG = 30.0  # seconds after which a test gives up: no test passes by waiting
HOUR = 3600.0


class CrankedClock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


class Answer:
    """Where the outcome of one call goes."""

    def __init__(self) -> None:
        self.times = 0
        self.result: object = None
        self.error: BaseException | None = None
        self._there = threading.Event()

    def __call__(self, result: object, error: BaseException | None) -> None:
        self.times += 1
        self.result, self.error = result, error
        self._there.set()

    def wait(self) -> object:
        assert self._there.wait(LONG), "no answer"
        if self.error is not None:
            raise self.error
        return self.result


class Gate:
    """Work that says when it has begun, and goes on when told to."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self._open = threading.Event()

    def __call__(self) -> None:
        self.begun.release()
        assert self._open.wait(LONG), "nobody opened the gate"

    def open(self) -> None:
        self._open.set()


Make = Callable[..., FairQueue]


def ask(queue: FairQueue, tenant: str, work: Callable[[], object]) -> Answer:
    answer = Answer()
    queue.submit(tenant, work, answer)
    return answer


def hold(queue: FairQueue, tenant: str, calls: int = 1) -> Gate:
    """Fill workers with slow calls, and come back once they are at work."""
    gate = Gate()
    for _ in range(calls):
        ask(queue, tenant, gate)
    for _ in range(calls):
        assert gate.begun.acquire(timeout=LONG), "a slow call was not begun"
    return gate


@contextmanager
def queues(clock: CrankedClock) -> Iterator[Make]:
    """Makes queues, and closes them in the end. Patience is so long that only the clock of the test can end it."""
    made: list[FairQueue] = []

    def make(workers: int, depth: int = 20, patience: float = HOUR) -> FairQueue:
        made.append(FairQueue(workers, depth, patience, clock=clock))
        return made[-1]

    yield make
    for queue in made:
        assert queue.close(LONG), "a call never ended"

"""Fair admission: the threads that run synchronous calls for an async edge, shared fairly between tenants.

Without it a process that is offered twice what it can do answers a fifth of its peak, and a flooding tenant leaves
its neighbours almost nothing. Three rules prevent both:

* **Whose turn it is.** Of the tenants with a call waiting, the one with the fewest calls running goes next; among
  equals, the one that has waited longest for a turn. Whoever has nothing running never stands behind somebody who
  has, however many calls that somebody sent, and however long they take.
* **The last idle worker** is kept for a tenant that has nothing running. One tenant alone uses every worker but one
  (a single worker it may use), so a newcomer starts at once even while a neighbour's slow calls fill the house.
* **Nobody waits for long.** A tenant with `depth` calls waiting is refused at the door, and a call that has waited
  for `patience` is answered `Overloaded` while its caller still listens. Work nobody waits for is never begun.

All of it rests on calls being in their lines. An edge whose loop gets too little of the processor beside the workers
feeds them just as fast as they can work: no line forms, nobody is refused, and everybody waits outside, in the
kernel, where nothing is fair. Such an edge lets the workers wait for it instead: `hold` and `release`.

The answer is a plain callback. A `concurrent.futures.Future` makes a lock and a condition for every call, and an
asyncio edge needs neither: it posts the answer to its own loop.

    def done(result, error):
        loop.call_soon_threadsafe(settle, result, error)

    queue.submit(tenant, work, done)
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from contextvars import Context
from typing import Any, NamedTuple, TypeVar

from freehold.runtime.failures import Overloaded
from freehold.runtime.ports import Clock

AT_ONCE = 4
"""How many resting workers `release` wakes. Woken together, all of them would be in the way of the loop again."""

T = TypeVar("T")

_Done = Callable[[Any, BaseException | None], object]
_Call = tuple[str, Callable[[], object], _Done]
"""Tenant, work, and where the answer goes."""
_Waiting = tuple[float, _Call]
"""Since when (seconds of the clock), and what."""

_log = logging.getLogger(__name__)


class Load(NamedTuple):
    """How busy a `FairQueue` is at one moment."""

    running: int
    """Calls being worked on."""
    waiting: int
    """Calls accepted and not begun."""
    tenants: int
    """Tenants with a call running or waiting; nothing is kept for any other."""


class _Desk:
    """Where one worker sits: a bell that wakes it, and the call laid before it. A bell without a call means stop."""

    __slots__ = ("bell", "call")

    def __init__(self) -> None:
        # A bare lock held by nobody in particular is the cheapest semaphore there is: one atomic step each way.
        self.bell = threading.Lock()
        self.bell.acquire()
        self.call: _Call | None = None


class FairQueue:
    """A fixed set of worker threads, shared fairly between tenants. Safe to use from any thread."""

    def __init__(self, workers: int, depth: int = 20, patience: float = 0.25, *, clock: Clock) -> None:
        """Start the workers.

        `workers` is how many calls run at a time: take at least three, for one is kept for newcomers. `depth` is how
        many calls of one tenant may wait, `patience` for how many seconds. Raises `ValueError` for a number too small.
        """
        if workers < 1 or depth < 1 or patience <= 0:
            raise ValueError(
                f"FairQueue(workers={workers}, depth={depth}, patience={patience}): "
                "workers and depth must be at least 1, and patience more than 0 seconds"
            )
        self._depth = depth
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()  # guards everything below; no foreign code runs while it is held
        self._running: dict[str, int] = {}
        self._waiting: OrderedDict[str, deque[_Waiting]] = OrderedDict()  # in order of turns; no deque is empty
        self._queued = 0  # how many wait in all lines
        self._closed = self._held = False
        self._watched = False  # whether the watcher will look again without being called
        self._alarm = threading.Event()
        desks = [_Desk() for _ in range(workers)]
        self._idle = desks.copy()  # a stack: the worker that stopped last has the warmest caches
        # Daemons, so that a forgotten `close` leaves a process that can still end.
        self._threads = [
            threading.Thread(target=self._serve, args=(desk,), name=f"freehold-worker-{number}", daemon=True)
            for number, desk in enumerate(desks, 1)
        ]
        self._threads.append(threading.Thread(target=self._watch, name="freehold-watcher", daemon=True))
        for thread in self._threads:
            thread.start()

    def submit(
        self, tenant: str, work: Callable[[], T], done: Callable[[T | None, BaseException | None], object]
    ) -> None:
        """Have `work` done in a worker thread, in `tenant`'s turn, and its outcome given to `done`.

        `done(result, None)` or `done(None, error)` is called once, from another thread, and must be quick. `error` is
        whatever `work` raised, or `Overloaded` when its turn did not come within `patience`. `work` runs in an empty
        context: no context variable goes in, and none that it sets stays behind. Calls that belong to no tenant yet,
        such as signing in, share the line of the tenant `""`.

        Raises `Overloaded` at once when the tenant has `depth` calls waiting already, or the queue is closed; then
        `done` is never called.
        """
        call: _Call = (tenant, work, done)
        with self._lock:
            if self._closed:
                raise self.overloaded()
            idle = self._idle
            running = self._running.get(tenant, 0)
            # A worker takes what it may before it rests: where there is room and yet a line, the queue was held.
            desk, wake, call_watcher = None, False, False
            if len(idle) > (1 if running else 0) and not self._held and not self._waiting:
                self._running[tenant] = running + 1
                desk = idle.pop()
                desk.call = call
            else:
                call_watcher = self._line_up(call)
                wake = bool(idle) and not self._held
        if desk is not None:
            desk.bell.release()
            return
        if wake:
            self._wake(1)
        if call_watcher:
            self._alarm.set()

    def room(self, tenant: str | None = None) -> int:
        """How many calls of `tenant` may come now, all at once; without one, how many of whomever, at the least.

        A glance without the lock, for an edge that would rather not read what it must refuse.
        """
        if tenant is None:
            return self._depth - self._queued
        line = self._waiting.get(tenant)
        at_once = 0 if self._waiting or self._held else len(self._idle) - 1
        return self._depth - (len(line) if line else 0) + max(0, at_once)

    def hold(self) -> None:
        """Let no call begin before `release`: the edge has more at hand, and those who ask should stand in their lines.

        For the few milliseconds in which an edge reads. Calls that run go on, and a queue that closes is not held.
        """
        self._held = True

    def release(self) -> None:
        """Let calls begin again, a few at once."""
        self._held = False
        if self._waiting:
            self._wake(AT_ONCE)

    def load(self) -> Load:
        """How busy the queue is now: for metrics, and for the readiness probe."""
        with self._lock:
            waiting = sum(len(line) for line in self._waiting.values())
            return Load(sum(self._running.values()), waiting, len(self._running.keys() | self._waiting.keys()))

    def close(self, grace: float | None = None) -> bool:
        """Refuse new calls, finish those accepted, and end the threads. Blocks; may be called again.

        Waits for `grace` seconds, or as long as it takes. Returns whether everything was finished in that time.
        """
        with self._lock:
            self._closed = True
        self._wake(len(self._threads))  # for what waits because the queue was held
        with self._lock:
            resting, self._idle = self._idle, []
        for desk in resting:
            desk.bell.release()
        self._alarm.set()
        end = None if grace is None else self._clock.monotonic() + grace
        for thread in self._threads:
            thread.join(None if end is None else max(0.0, end - self._clock.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _line_up(self, call: _Call) -> bool:
        """Add a call to its tenant's line, or raise `Overloaded`. Returns whether the watcher must be called."""
        tenant = call[0]
        line = self._waiting.get(tenant)
        if line is None:
            line = self._waiting[tenant] = deque()
        elif len(line) >= self._depth:
            raise self.overloaded()
        line.append((self._clock.monotonic(), call))
        self._queued += 1
        watched, self._watched = self._watched, True
        return not watched

    def _wake(self, most: int) -> None:
        """Give up to `most` resting workers what they may take."""
        woken: list[_Desk] = []
        late: list[_Done] = []
        with self._lock:
            while self._idle and self._waiting and len(woken) < most:
                desk = self._idle.pop()
                desk.call = self._take(late)
                if desk.call is None:
                    self._idle.append(desk)
                    break
                woken.append(desk)
        for desk in woken:
            desk.bell.release()
        self._refuse(late)

    def _serve(self, desk: _Desk) -> None:
        """One worker's life: sleep until the bell, then work until there is nothing it may take."""
        while True:
            desk.bell.acquire()
            call, desk.call = desk.call, None
            if call is None:
                return
            while call is not None:
                _perform(call)
                # Nothing of the last call is left in this frame when the worker rests.
                call = self._next(desk, call[0])

    def _next(self, desk: _Desk, finished: str) -> _Call | None:
        """Book the call of the tenant `finished` out, and take the next; without one, put the desk with the idle."""
        late: list[_Done] = []
        with self._lock:
            count = self._running[finished] - 1
            if count:
                self._running[finished] = count
            else:
                del self._running[finished]
            call = self._take(late) if self._waiting and (self._closed or not self._held) else None
            if call is None:
                if self._closed:
                    desk.bell.release()
                    self._alarm.set()
                else:
                    self._idle.append(desk)
        self._refuse(late)
        return call

    def _take(self, late: list[_Done]) -> _Call | None:
        """The call whose turn it is, booked in. Those found to have waited too long are moved to `late`."""
        too_old = self._clock.monotonic() - self._patience
        while (tenant := self._turn()) is not None:
            self._drop_late(tenant, too_old, late)
            line = self._waiting.get(tenant)
            if line is None:
                continue
            _, call = line.popleft()
            self._queued -= 1
            if line:
                self._waiting.move_to_end(tenant)
            else:
                del self._waiting[tenant]
            self._running[tenant] = self._running.get(tenant, 0) + 1
            return call
        return None

    def _turn(self) -> str | None:
        """The tenant to serve next, or None when what waits must leave the last worker alone.

        At most as many tenants as there are workers have a call running, so that the search ends after so many steps
        and one, no matter how many tenants wait.
        """
        chosen, fewest = None, 0
        for tenant in self._waiting:
            running = self._running.get(tenant, 0)
            if not running:
                return tenant
            if chosen is None or running < fewest:
                chosen, fewest = tenant, running
        # The worker that asks is the last idle one, unless others rest. A closed queue expects no newcomer.
        return chosen if self._idle or self._closed else None

    def _drop_late(self, tenant: str, too_old: float, late: list[_Done]) -> None:
        """Move the calls of `tenant` that have waited since `too_old` or longer to `late`: the first of its line."""
        line = self._waiting[tenant]
        while line and line[0][0] <= too_old:
            late.append(line.popleft()[1][2])
            self._queued -= 1
        if not line:
            del self._waiting[tenant]

    def _watch(self) -> None:
        """Answer calls whose patience ends while every worker is busy; workers see the rest for themselves.

        Called when a line forms, the watcher looks again until all lines are gone. It sleeps for a tenth of the
        patience at least: under overload it looks some forty times a second, and not once a call.
        """
        while True:
            late: list[_Done] = []
            with self._lock:
                now = self._clock.monotonic()
                for tenant in list(self._waiting):
                    self._drop_late(tenant, now - self._patience, late)
                oldest = min((line[0][0] for line in self._waiting.values()), default=None)
                self._watched = oldest is not None
                ended = self._closed and oldest is None
            self._refuse(late)
            if ended:
                return
            del late  # or the last answers would live through the sleep
            least = self._patience / 10
            self._alarm.wait(None if oldest is None else max(oldest + self._patience - now, least))
            self._alarm.clear()

    def _refuse(self, late: Iterable[_Done]) -> None:
        """Answer those who waited in vain. Never called with the lock held: what they do is their own."""
        for done in late:
            _answer(done, None, self.overloaded())

    def overloaded(self) -> Overloaded:
        """The refusal. By the time it names, every call waiting now has begun or has been refused."""
        return Overloaded(retry_after=self._patience)


def _perform(call: _Call) -> None:
    """Do the work of one call in an empty context, and hand its outcome over. Raises nothing."""
    _, work, done = call
    try:
        result = Context().run(work)
    except BaseException as error:  # noqa: BLE001  # whatever it is belongs to the caller; the worker lives on
        _answer(done, None, error)
    else:
        _answer(done, result, None)
    finally:
        # The traceback of an error leads here, and whoever keeps the error would keep the call with it.
        del call, work, done


def _answer(done: _Done, result: object, error: BaseException | None) -> None:
    """Call back. A callback that fails, say because its loop has ended, must not take the worker with it."""
    try:
        done(result, error)
    except BaseException:  # noqa: BLE001  # whatever it is, nobody is left to tell
        _log.exception("The answer to a call could not be delivered")

"""Delivers what is in the outbox: woken after each commit, and sweeping for what a crash has left behind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from math import inf

from freehold.model.data import Paging, Range
from freehold.model.usecase import UseCase
from freehold.runtime.failures import Failure, Forbidden, Unauthenticated
from freehold.runtime.invoke import Call, Runtime
from freehold.runtime.outbox import BATCH, IN_STATE, TRIES, Delivery, taken, wait
from freehold.runtime.ports import Changes, Principal, Random, Stale, Verb, Write
from freehold.runtime.prepared import Sent
from freehold.runtime.scope import Scope

SWEEP = 1.0
"""The outbox is looked at so often, in seconds, though nobody has woken us."""
SELDOM = 9
"""Between two looks there is so many times as long as a look takes. Where that is long, as on a table that is read by
network or on a slow emulator, looking must not be most of what the store does."""
SUSPENDED = timedelta(minutes=1)
"""For so long the deliveries of a suspended tenant are put off."""

log = logging.getLogger("freehold.outbox")


class Courier:
    """One thread that visits the grounds with deliveries due, a batch each in turn, so that none waits for another."""

    def __init__(self, runtime: Runtime, random: Random, *, before: Callable[[], object] = lambda: None) -> None:
        """Deliver through `runtime`. Call `start`, or `deliver_due` by hand. `before` is done before each sweep."""
        self._runtime, self._random, self._before = runtime, random, before
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._looked = 0.0  # seconds that the last look took

    def start(self) -> None:
        """Begin delivering in the background."""
        self._thread = threading.Thread(target=self._work, name="freehold-courier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the delivery under way and stop. What is left is still in the outbox."""
        self._stopped.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """Say that something was put into the outbox."""
        self._woken.set()

    def deliver_due(self, seconds: float = inf) -> int:
        """Deliver everything that is due, and what follows from it. Returns how many deliveries were tried.

        Those of tenants that are arriving, or cannot be reached, are left until the next time. No round but the first
        begins once `seconds` are over: what there still is to do is done when it is called again.
        """
        count, left = 0, set[str]()
        until = self._runtime.clock.monotonic() + seconds
        while grounds := [one for one in self._due() if one not in left]:
            for ground in grounds:
                if self._stopped.is_set():
                    return count
                tried = self._tried(ground)
                count += tried or 0
                if tried is None:
                    left.add(ground)
            if self._runtime.clock.monotonic() > until:
                self._woken.set()
                return count
        return count

    def _tried(self, ground: str) -> int | None:
        """How many deliveries of a ground were tried; None for one that is left. What fails there is nobody else's."""
        try:
            return None if self._runtime.membership.is_arriving(ground) else self._visit(ground)
        except Exception:
            log.exception("the deliveries of a tenant cannot be tried", extra={"tenant": ground})
            return None

    def _work(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            try:
                self._before()
                self.deliver_due(SWEEP)  # and then it is the jobs' turn again, whatever a tenant sets off meanwhile
            except Exception:
                log.exception("the outbox could not be read; it is tried again")
            pause = SELDOM * self._looked
            self._stopped.wait(pause)  # who wakes us meanwhile is heard then
            self._woken.wait(max(0.0, SWEEP - pause))

    def _due(self) -> list[str]:
        clock = self._runtime.clock
        began = clock.monotonic()
        try:
            return self._runtime.database.busy_grounds(clock.now())
        finally:
            self._looked = clock.monotonic() - began

    def _visit(self, ground: str) -> int:
        runtime = self._runtime
        with Scope(ground) as scope, closing(runtime.begin(scope)) as unit:
            due: Range[object] = Range(stop=runtime.clock.now() + timedelta(microseconds=1))  # up to and including now
            waiting = unit.page(IN_STATE, ["waiting"], due, Paging(BATCH)).items
        for delivery in waiting:
            if isinstance(delivery, Delivery):
                self._deliver(ground, delivery)
        return len(waiting)

    def _deliver(self, ground: str, delivery: Delivery) -> None:
        ready = self._runtime.cases.get(delivery.handler)
        if ready is None:
            self._put_back(ground, delivery, f"there is no {delivery.handler} any more", dead=True)
            return
        try:
            sent = Sent(_inputs(ready.case, delivery))
            principal = Principal(tenant=ground, subject="", kind="system")
            self._runtime(Call(ready, sent, principal, id=delivery.call, riding=[taken(delivery)]))
        except (Forbidden, Unauthenticated):
            self._postpone(ground, delivery)
        except Failure as failure:
            self._put_back(ground, delivery, _kept(f"{failure.code}: {failure.message}"))
        except Exception as error:
            log.exception("handler %s failed", delivery.handler, extra={"call": delivery.call, "tenant": ground})
            self._put_back(ground, delivery, _kept(f"{type(error).__name__}: {error}"))

    def _put_back(self, ground: str, delivery: Delivery, error: str, *, dead: bool = False) -> None:
        tries = delivery.tries + 1
        dead = dead or tries >= TRIES
        now = self._runtime.clock.now()
        again = delivery.model_copy(
            update={
                "version": delivery.version + 1, "tries": tries, "error": error, "updated_at": now,
                "state": "dead" if dead else "waiting", "due": now + wait(tries, self._random),
            }
        )  # fmt: skip
        if dead:
            about = {"call": delivery.call, "tenant": ground}
            log.error("delivery %s to %s is dead after %d tries", delivery.id, delivery.handler, tries, extra=about)
        self._save(ground, again)

    def _postpone(self, ground: str, delivery: Delivery) -> None:
        """The tenant is suspended: its events wait, and that is no failure of theirs."""
        later = self._runtime.clock.now() + SUSPENDED
        self._save(ground, delivery.model_copy(update={"version": delivery.version + 1, "due": later}))

    def _save(self, ground: str, delivery: Delivery) -> None:
        with Scope(ground) as scope:
            try:
                write = Write(Verb.SAVE, Delivery, delivery, delivery.version - 1)
                self._runtime.database.commit([Changes(scope, [write], [])])
            except Stale:
                log.info("delivery %s was taken by somebody else", delivery.id)


def _kept(said: str) -> str:
    """What an error said, as every store can keep it: what is no text, or ends one, is written out."""
    return said[:500].replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def _inputs(case: UseCase, delivery: Delivery) -> dict[str, object]:
    """What a handler is given: its event. A job is given nothing."""
    if case.event is None:
        return {}
    event = case.event.model_validate_json(delivery.payload)
    return {given.name: event for given in case.inputs}

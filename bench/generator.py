"""The load generator, a process of its own: reads a plan from standard input, prints what it saw as JSON.

Open loop: requests are sent at the times of a Poisson process, whether or not earlier ones were answered, each on a
free keep-alive connection or a new one; latency counts from the time a request was meant to be sent, so waiting
anywhere is seen. One that is not answered within the deadline is given up, as a client would: its connection is closed.
SIGTERM ends it early. Closed loop: a fixed number of connections, each of which sends its next request when the last
one is answered.
"""

import gc
import json
import random
import select
import selectors
import signal
import socket
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
CLOSING = b"connection: close"
clock = time.perf_counter


@dataclass(slots=True, eq=False)
class Connection:
    """A socket and the request that is on it. `intended` is None while it is free."""

    socket: socket.socket
    unsent: bytes = b""
    answer: bytearray = field(default_factory=bytearray)
    intended: float | None = None
    eager: bool = False  # whether the selector says when it takes more


@dataclass(slots=True)
class Seen:
    """What came of the requests."""

    sent: int = 0
    late: int = 0
    broken: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    calls: list[tuple[float, float, int]] = field(default_factory=list)
    """When each was meant to be sent, when that ended, and the status; 0 without an answer."""


def complete(answer: bytearray) -> tuple[int, bool] | None:
    """Return status and whether the connection stays open, once a whole answer is there."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(answer[:end]).lower()
    at = head.find(b"content-length:")
    if at >= 0:
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        whole = len(answer) >= end + 4 + length
    else:
        whole = answer.endswith(b"0\r\n\r\n") if b"chunked" in head else True
    return (int(head[9:12]), CLOSING not in head) if whole else None


class Load:
    """Sends the requests of one plan and notes what comes back."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.address = ("127.0.0.1", plan["port"])
        self.requests = cycle(Path(plan["requests"]).read_bytes().split(b"\0"))
        self.deadline: float = plan["deadline"]
        self.most: int = plan["connections"]
        self.is_over = False
        self.selector = selectors.EpollSelector()
        self.free: list[Connection] = []
        self.under_way: deque[tuple[float, Connection]] = deque()  # oldest first; answered ones are skipped
        self.waiting: deque[float] = deque()  # intended times that found no connection
        self.open = 0
        self.seen = Seen()

    def send(self, intended: float) -> None:
        """Send the next request on a free connection or a new one; let it wait when there may be no more."""
        if not self.free and self.open >= self.most:
            self.waiting.append(intended)
            return
        connection = self.free.pop() if self.free else self.connect()
        connection.intended, connection.unsent = intended, next(self.requests)
        self.seen.sent += 1
        self.seen.lags.append(clock() - intended)
        self.under_way.append((intended, connection))
        self.push(connection)

    def connect(self) -> Connection:
        """Begin to connect, without waiting for it."""
        fresh = socket.socket()
        fresh.setblocking(False)  # noqa: FBT003  # positional only
        fresh.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        fresh.connect_ex(self.address)
        connection = Connection(fresh)
        self.selector.register(fresh, READ, connection)
        self.open += 1
        return connection

    def push(self, connection: Connection) -> None:
        """Write what the socket takes; come back for the rest when it takes more."""
        try:
            connection.unsent = connection.unsent[connection.socket.send(connection.unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self.drop(connection)
            return
        if bool(connection.unsent) != connection.eager:
            connection.eager = not connection.eager
            self.selector.modify(connection.socket, READ | WRITE if connection.eager else READ, connection)

    def pull(self, connection: Connection) -> None:
        """Read what has come; note the answer when it is whole."""
        try:
            data = connection.socket.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop(connection)
            return
        connection.answer += data
        if connection.intended is not None and (found := complete(connection.answer)):
            self.note(connection, *found)

    def note(self, connection: Connection, status: int, keep: bool) -> None:  # noqa: FBT001
        """Count an answer and free its connection."""
        assert connection.intended is not None
        took = clock() - connection.intended
        self.seen.statuses[status] += 1
        self.tell(connection.intended, status)
        if 200 <= status < 300:  # noqa: PLR2004
            if took <= self.deadline:
                self.seen.latencies.append(took)
            else:
                self.seen.late += 1
        connection.intended = None
        connection.answer.clear()
        if keep:
            self.free.append(connection)
        else:
            self.drop(connection)

    def drop(self, connection: Connection) -> None:
        """Close a connection. A request that was on it has failed."""
        if connection.intended is not None:
            self.seen.broken += 1
            self.tell(connection.intended, 0)
            connection.intended = None
        elif connection in self.free:
            self.free.remove(connection)
        self.selector.unregister(connection.socket)
        connection.socket.close()
        self.open -= 1

    def give_up(self, now: float) -> None:
        """Close the connections whose request is past its deadline, and forget those that found none."""
        while self.under_way:
            intended, connection = self.under_way[0]
            if connection.intended == intended:
                if now - intended <= self.deadline:
                    break
                self.seen.late += 1
                self.tell(intended, 0)
                connection.intended = None
                self.drop(connection)
            self.under_way.popleft()
        while self.waiting and now - self.waiting[0] > self.deadline:
            self.tell(self.waiting.popleft(), 0)
            self.seen.sent += 1
            self.seen.late += 1

    def tell(self, intended: float, status: int) -> None:
        """Note what has become of a call."""
        self.seen.calls.append((intended, clock(), status))

    def turn(self, until: float) -> None:
        """Wait for something to happen, at most until then, and deal with it."""
        # epoll counts in milliseconds, which would make every request late; select() on it counts in microseconds.
        select.select([self.selector], [], [], max(0.0, until - clock()))
        for key, mask in self.selector.select(0):
            connection: Connection = key.data
            if mask & WRITE and connection.unsent:
                self.push(connection)
            if mask & READ and connection.socket.fileno() >= 0:
                self.pull(connection)
        while self.waiting and (self.free or self.open < self.most):
            self.send(self.waiting.popleft())


def run_open(load: Load, rate: float, seconds: float, begin: float) -> None:
    """Send at the times of a Poisson process, then wait for what is under way."""
    chance = random.Random(7)
    due, end = begin + chance.expovariate(rate), begin + seconds
    while due < end or load.under_way or load.waiting:
        now = clock()
        end = min(now, end) if load.is_over else end
        while due < end and due <= now:
            load.send(due)
            due += chance.expovariate(rate)
        load.give_up(now)
        load.turn(min(due, now + 0.05) if due < end else now + 0.05)


def run_closed(load: Load, seconds: float, begin: float) -> None:
    """Keep every connection busy until the time is up. Answers that come later do not count."""
    end = begin + seconds
    while (now := clock()) < end:
        while load.free or load.open < load.most:
            load.send(clock())
        load.give_up(now)
        load.turn(min(end, now + 0.05))
    load.seen.sent -= load.open - len(load.free)  # the end cut them off; nothing is wrong with them


def main() -> None:
    """Carry out the plan."""
    plan = json.load(sys.stdin)
    load = Load(plan)
    signal.signal(signal.SIGTERM, lambda *_: setattr(load, "is_over", True))
    gc.collect()
    gc.disable()
    begin = clock()
    if plan["rate"] is None:
        run_closed(load, plan["seconds"], begin)
    else:
        run_open(load, plan["rate"], plan["seconds"], begin)
    seen = load.seen
    json.dump(
        {
            "seconds": plan["seconds"],
            "sent": seen.sent,
            "late": seen.late,
            "broken": seen.broken,
            "statuses": dict(seen.statuses),
            "latencies": [round(one * 1e3, 3) for one in seen.latencies],
            "lags": [round(one * 1e3, 3) for one in seen.lags],
            "calls": seen.calls,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()

"""bench overload: goodput when more is asked than can be answered, and what a quiet tenant gets beside a flood."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench import load
from bench.ground import Ground, gets, mix
from bench.load import Measured
from bench.over_http import prepared
from bench.process import CannotRun
from bench.stacks import FASTAPI, FREEHOLD, Control, Settings, Stack
from bench.table import Report, Table, interleaved, spread

DEADLINE = 1.0
WIDTH = 32
"""Connections that the peak is measured with."""
OFFERS = ("1x", "2x", "3x", "steady")
SETTLED, SETTLING = 0.05, 20.0
"""Seconds that an answer takes once nothing waits any more, and how long that is waited for."""
QUIET_RATE = 25.0
FLOOD_TIMES = 3
STEADY = 1_000
"""Requests a second that a server must bear whatever its peak is."""


@dataclass(frozen=True, slots=True)
class Way:
    """A stack with its overload control on or off."""

    stack: Stack
    control: Control

    @property
    def name(self) -> str:
        """Say it in words."""
        return f"{self.stack.name}, control {self.control}"


@dataclass(frozen=True, slots=True)
class Goodput:
    """What came of an offer, and the peak: good answers a second just before it and just after, on the same server.

    A shared machine is half as fast again from one minute to the next: only what is measured side by side compares.
    """

    seen: Measured
    before: Measured
    after: Measured

    @property
    def peak(self) -> float:
        """The mean of the two."""
        return (self.before.per_second + self.after.per_second) / 2

    @property
    def of_peak(self) -> float:
        """The share of it, in percent."""
        return self.seen.per_second / self.peak * 100


@dataclass(slots=True)
class Found:
    """All that was measured of one way."""

    goodput: dict[str, list[Goodput]] = field(default_factory=dict)
    quiet: dict[str, list[Measured]] = field(default_factory=dict)
    flood: list[Measured] = field(default_factory=list)

    def data(self) -> dict[str, object]:
        """Return everything as plain data."""
        return asdict(self)


Ready = dict[Stack, tuple[Path, Ground]]
WAYS = tuple(Way(stack, control) for stack in (FREEHOLD, FASTAPI) for control in ("on", "off"))


def run(settings: Settings) -> Report:
    """Offer each way once, twice and three times its peak, measured beside; then a flood beside a quiet tenant."""
    report = Report("overload")
    ready = prepared("overload", (FREEHOLD, FASTAPI), settings, report)
    rounds, seconds = (1, 2.0) if settings.quick else (5, 6.0)
    ways = {way.name: way for way in WAYS if way.stack in ready}
    runs = {name: Found() for name in ways}
    for turn, name in interleaved(list(ways), rounds):
        if name not in runs:
            continue
        try:
            one_round(ways[name], ready, seconds, settings, runs[name])
        except CannotRun as error:
            report.notes.append(f"**{name} is left out**: {error}")
            runs.pop(name)
        print(f"  {name}: round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
    describe(report, runs)
    report.notes += [
        "70 % get, 20 % list, 10 % create; open loop, Poisson; latency counts from when a request was meant to be sent",
        f"good = a 2xx answer within {DEADLINE:.0f} s; the peak is what {WIDTH} connections in a closed loop get",
        "the peak is measured on the same server before each offer and after it; of peak is of the mean of the two",
        f"steady is {STEADY:,} requests a second",
        f"the quiet tenant gets tasks {QUIET_RATE:.0f} times a second; the flood is {FLOOD_TIMES} times the peak",
        f"{rounds} rounds, {seconds:.0f} s of each offer, {seconds / 2:.0f} s of each peak; the median (least-most)",
    ]
    return report


def one_round(way: Way, ready: Ready, seconds: float, settings: Settings, found: Found) -> None:
    """Measure everything of one way once, each offer with a fresh server."""
    folder, ground = ready[way.stack]

    @contextmanager
    def serving() -> Iterator[int]:
        with way.stack.serve(folder, settings, control=way.control) as server:
            warm = load.closed(server.port, mix(ground.north), WIDTH, 1.0, settings)
            if not warm.ok:
                raise CannotRun(f"nothing is answered: {warm.refused} refused, {warm.broken} broken")
            yield server.port

    def peak(port: int) -> Measured:
        return load.closed(port, mix(ground.north), WIDTH, seconds / 2, settings)

    for name in OFFERS:
        with serving() as port:
            before = peak(port)
            rate = before.per_second * int(name.removesuffix("x")) if name.endswith("x") else STEADY
            seen = offered(port, mix(ground.north), rate, seconds, settings)
            settle(port, ground)
            found.goodput.setdefault(name, []).append(Goodput(seen, before, peak(port)))
    with serving() as port:
        found.quiet.setdefault("alone", []).append(offered(port, gets(ground.south), QUIET_RATE, seconds, settings))
        quiet, flood = flooded(port, ground, peak(port).per_second * FLOOD_TIMES, seconds, settings)
        found.quiet.setdefault("beside the flood", []).append(quiet)
        found.flood.append(flood)


def settle(port: int, ground: Ground) -> None:
    """Wait until nothing that was offered is left to answer. Raises `CannotRun` when that does not come about."""
    until = time.monotonic() + SETTLING
    while time.monotonic() < until:
        began = time.monotonic()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=SETTLED) as connection:
            connection.sendall(gets(ground.south)[0])
            if connection.recv(65_536).startswith(b"HTTP/1.1 200") and time.monotonic() - began < SETTLED:
                return
        time.sleep(SETTLED)
    raise CannotRun(f"what was offered is not answered {SETTLING:.0f} s later")


def offered(port: int, requests: list[bytes], rate: float, seconds: float, settings: Settings) -> Measured:
    """Offer requests at a rate, whatever comes back."""
    with load.written(requests) as file:
        return load.finish(load.begin(port, file, rate, seconds, settings, deadline=DEADLINE))


def flooded(port: int, ground: Ground, rate: float, seconds: float, settings: Settings) -> list[Measured]:
    """Let one tenant flood the server while another asks a little; a process each. Return the quiet one first."""
    with load.written(mix(ground.north)) as many, load.written(gets(ground.south)) as few:
        flood = load.begin(port, many, rate, seconds, settings, deadline=DEADLINE)
        quiet = load.begin(port, few, QUIET_RATE, seconds, settings, deadline=DEADLINE)
        return [load.finish(quiet), load.finish(flood)]


def describe(report: Report, runs: dict[str, Found]) -> None:
    """Make the tables and the data."""
    head = (
        "way", "offered", "peak/s", "offered/s", "good/s", "of peak %", "p50 ms", "p95 ms", "refused %",
        "late or broken %",
    )  # fmt: skip
    goodput = Table("**Goodput under overload**", head, words=2)
    head = ("way", "quiet tenant", "success %", "p50 ms", "p95 ms", "flood good/s", "generator lag p99 ms")
    neighbour = Table("**A quiet tenant beside a flood**", head, words=2)
    for way, found in runs.items():
        goodput.rows += [goodput_row(way, name, seen) for name, seen in found.goodput.items()]
        flood = spread([one.per_second for one in found.flood], 0)
        neighbour.rows += [
            quiet_row(way, name, seen, "-" if name == "alone" else flood) for name, seen in found.quiet.items()
        ]
        report.data[way] = found.data()
    report.tables += [goodput, neighbour]


def goodput_row(way: str, name: str, found: list[Goodput]) -> list[str]:
    """Describe what was offered and what came of it."""
    seen = [one.seen for one in found]
    return [
        way,
        name,
        spread([one.peak for one in found], 0),
        spread([one.sent / one.seconds for one in seen], 0),
        spread([one.per_second for one in seen], 0),
        spread([one.of_peak for one in found], 0),
        spread([one.p50 for one in seen], 0),
        spread([one.p95 for one in seen], 0),
        spread([one.refused / one.sent * 100 for one in seen], 1),
        spread([(one.late + one.broken) / one.sent * 100 for one in seen], 1),
    ]


def quiet_row(way: str, name: str, seen: list[Measured], flood: str) -> list[str]:
    """Describe what the quiet tenant got."""
    figures = [spread([one.success * 100 for one in seen], 1)]
    figures += [spread([getattr(one, share) for one in seen], 0) for share in ("p50", "p95")]
    return [way, name, *figures, flood, spread([one.lag for one in seen], 1)]

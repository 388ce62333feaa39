"""bench overload: goodput when more is asked than can be answered, and what a quiet tenant gets beside a flood."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import load
from bench.ground import Ground, gets, mix
from bench.load import Measured
from bench.over_http import prepared
from bench.process import CannotRun
from bench.stacks import FASTAPI, FREEHOLD, Control, Settings, Stack
from bench.table import Report, Table, interleaved, spread

DEADLINE = 1.0
TIMES = (1, 2, 3)
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


Ready = dict[Stack, tuple[Path, Ground]]
Runs = dict[str, dict[str, list[Measured]]]
WAYS = tuple(Way(stack, control) for stack in (FREEHOLD, FASTAPI) for control in ("on", "off"))


def run(settings: Settings) -> Report:
    """Measure each way's peak; then offer it one, two and three times that, and a flood beside a quiet tenant."""
    report = Report("overload")
    ready = prepared("overload", (FREEHOLD, FASTAPI), settings, report)
    rounds, seconds = (1, 3.0) if settings.quick else (3, 8.0)
    runs: Runs = {}
    ways = [way for way in WAYS if way.stack in ready]
    for _, way in interleaved(ways, rounds):
        try:
            one_round(way, ready, seconds, settings, runs.setdefault(way.name, {}))
        except CannotRun as error:
            report.notes.append(f"**{way.name} is left out**: {error}")
            runs.pop(way.name)
        print(f"  {way.name}: done", file=sys.stderr, flush=True)
    describe(report, runs)
    report.notes += [
        "70 % get, 20 % list, 10 % create; open loop, Poisson; latency counts from when a request was meant to be sent",
        f"good = a 2xx answer within {DEADLINE:.0f} s; the peak is what 32 connections in a closed loop get answered",
        f"steady is {STEADY:,} requests a second",
        f"the quiet tenant gets tasks {QUIET_RATE:.0f} times a second; the flood is {FLOOD_TIMES} times the peak",
        f"{rounds} rounds of {seconds:.0f} s each, a fresh server for every run",
    ]
    return report


def one_round(way: Way, ready: Ready, seconds: float, settings: Settings, into: dict[str, list[Measured]]) -> None:
    """Measure everything of one way once, each run with a fresh server."""
    folder, ground = ready[way.stack]

    def keep(name: str, measure: Callable[[int], list[Measured]]) -> None:
        with way.stack.serve(folder, settings, control=way.control) as server:
            warm = load.closed(server.port, mix(ground.north), 8, 1.0, settings)
            if not warm.ok:
                raise CannotRun(f"nothing is answered: {warm.refused} refused, {warm.broken} broken")
            for part, seen in zip(name.split("|"), measure(server.port), strict=True):
                into.setdefault(part, []).append(seen)

    keep("peak", lambda port: [load.closed(port, mix(ground.north), 32, seconds, settings)])
    peak = into["peak"][-1].per_second
    for times in TIMES:
        keep(f"{times}x", lambda port, times=times: [offered(port, mix(ground.north), peak * times, seconds, settings)])
    keep("steady", lambda port: [offered(port, mix(ground.north), STEADY, seconds, settings)])
    keep("quiet alone", lambda port: [offered(port, gets(ground.south), QUIET_RATE, seconds, settings)])
    keep("quiet|flood", lambda port: flooded(port, ground, peak * FLOOD_TIMES, seconds, settings))


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


def describe(report: Report, runs: Runs) -> None:
    """Make the tables and the data."""
    head = ("way", "offered", "offered/s", "good/s", "of peak %", "p50 ms", "p95 ms", "refused %", "late or broken %")
    goodput = Table("**Goodput under overload**", head, words=2)
    head = ("way", "quiet tenant", "success %", "p50 ms", "p95 ms", "flood good/s", "generator lag p99 ms")
    neighbour = Table("**A quiet tenant beside a flood**", head, words=2)
    for way, found in runs.items():
        peaks = [one.per_second for one in found["peak"]]
        goodput.rows += [
            goodput_row(way, name, found[name], peaks) for name in ("peak", *(f"{n}x" for n in TIMES), "steady")
        ]
        nothing = ["-"] * len(peaks)
        flood = [f"{one.per_second:.0f}" for one in found["flood"]]
        neighbour.rows.append(quiet_row(way, "alone", found["quiet alone"], nothing[0]))
        neighbour.rows.append(quiet_row(way, "beside the flood", found["quiet"], sorted(flood)[len(flood) // 2]))
        report.data[way] = {name: [one.data() for one in seen] for name, seen in found.items()}
    report.tables += [goodput, neighbour]


def goodput_row(way: str, name: str, seen: list[Measured], peaks: list[float]) -> list[str]:
    """Describe what was offered and what came of it."""
    of_peak = [one.per_second / peak * 100 for one, peak in zip(seen, peaks, strict=True)]
    return [
        way,
        name,
        spread([one.sent / one.seconds for one in seen], 0),
        spread([one.per_second for one in seen], 0),
        spread(of_peak, 0),
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

"""bench isolation: what being safe costs. The same call as it is, and with layers 2 and 4 left out."""

import shutil
import time
from collections.abc import Callable, Mapping

from bench import ours
from bench.postgres import server
from bench.process import WORK
from bench.stacks import Settings
from bench.table import Report, Table, interleaved, ratio, spread

Ways = Mapping[str, Mapping[str, Callable[[], object]]]
Clock = Callable[[Callable[[], object], int], float]


def took(call: Callable[[], object], count: int) -> float:
    """Return the us that one call takes: of CPU, which neighbours on the machine disturb least."""
    begun = time.thread_time()
    for _ in range(count):
        call()
    return (time.thread_time() - begun) / count * 1e6


def lasted(call: Callable[[], object], count: int) -> float:
    """Return the us that one call takes on the clock: with a server, whose CPU counts too."""
    begun = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - begun) / count * 1e6


def run(settings: Settings) -> Report:
    """Time the ways of each call in interleaved rounds; the first way is freehold as it is."""
    report = Report("isolation")
    folder = WORK / "isolation"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rounds, part = (3, 5) if settings.quick else (25, 1)
    table = Table("**One call**, everything but HTTP", ("store", "call", "way", "us", "to as it is"), words=3)

    def timed_on(store: str, ways: Ways, clock: Clock) -> None:
        for call, each in ways.items():
            found = timed(each, rounds, (1_000 if call == "get" else 200) // part, clock)
            whole = found[next(iter(each))]
            table.rows += [(store, call, way, spread(values, 1), ratio(values, whole)) for way, values in found.items()]
            report.data[f"{store}, {call}"] = found

    with ours.isolation(folder) as ways:
        timed_on("SQLite, CPU", ways, took)
    for tier in ("schema", "pool"):
        with server("isolation") as started, ours.postgres_isolation(started, tier) as ways:
            timed_on(f"PostgreSQL {tier}", ways, lasted)
    report.tables.append(table)
    report.notes.append(f"{rounds} rounds; from the limits to the serialised answer, in one thread")
    return report


def timed(ways: Mapping[str, Callable[[], object]], rounds: int, count: int, clock: Clock) -> dict[str, list[float]]:
    """Time one call's ways, and return the us of each round."""
    found: dict[str, list[float]] = {way: [] for way in ways}
    for way in ways.values():
        clock(way, count)
    for _, way in interleaved(list(ways), rounds):
        found[way].append(clock(ways[way], count))
    return found

"""bench isolation: what being safe costs. The same call as it is, and with layers 2 and 4 left out."""

import shutil
import time
from collections.abc import Callable, Mapping

from bench import ours
from bench.process import WORK
from bench.stacks import Settings
from bench.table import Report, Table, interleaved, ratio, spread


def took(call: Callable[[], object], count: int) -> float:
    """Return the us of CPU that one call takes, which neighbours on the machine disturb least."""
    begun = time.thread_time()
    for _ in range(count):
        call()
    return (time.thread_time() - begun) / count * 1e6


def run(settings: Settings) -> Report:
    """Time the ways of each call in interleaved rounds; the first way is freehold as it is."""
    report = Report("isolation")
    folder = WORK / "isolation"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rounds, part = (3, 5) if settings.quick else (25, 1)
    table = Table("**One call**, everything but HTTP", ("call", "way", "CPU us", "to as it is"), words=2)
    with ours.isolation(folder) as calls:
        for call, ways in calls.items():
            found = timed(ways, rounds, (1_000 if call == "get" else 200) // part)
            whole = found[next(iter(ways))]
            table.rows += [(call, way, spread(values, 1), ratio(values, whole)) for way, values in found.items()]
            report.data[call] = found
    report.tables.append(table)
    report.notes.append(f"{rounds} rounds; from the limits to the serialised answer, in one thread")
    return report


def timed(ways: Mapping[str, Callable[[], object]], rounds: int, count: int) -> dict[str, list[float]]:
    """Time one call's ways, and return the us of each round."""
    found: dict[str, list[float]] = {way: [] for way in ways}
    for way in ways.values():
        took(way, count)
    for _, way in interleaved(list(ways), rounds):
        found[way].append(took(ways[way], count))
    return found

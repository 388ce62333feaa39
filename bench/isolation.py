"""bench isolation: what being safe costs. The same call as it is, and with layers 2 and 3 left out one at a time."""

import shutil
import time
from collections.abc import Callable

from bench import ours
from bench.process import WORK
from bench.stacks import Settings
from bench.table import Report, Table, interleaved, ratio, spread


def took(call: Callable[[], object], count: int) -> float:
    """Return the us that one call takes."""
    begun = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - begun) / count * 1e6


def run(settings: Settings) -> Report:
    """Time the ways in interleaved rounds; the first is freehold as it is."""
    report = Report("isolation")
    folder = WORK / "isolation"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ways = ours.isolation(folder)
    rounds, count = (3, 200) if settings.quick else (15, 1_000)
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _, name in interleaved(list(ways), rounds):
        found[name].append(took(ways[name], count))
    whole = next(iter(ways))
    table = Table("**One call**", ("way", "us", f"to {whole}"))
    for name, values in found.items():
        table.rows.append((name, spread(values, 1), ratio(values, found[whole])))
    report.tables.append(table)
    report.notes.append(f"{rounds} rounds of {count} calls")
    report.data.update(found)
    return report

"""bench growth: looking something up, from 1 tenant with 1,000 tasks to 10,000 with 2 million, should stay as fast."""

import random
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import ours
from bench.load import percentile
from bench.ours import StoreSide
from bench.process import WORK, CannotRun
from bench.stacks import Settings
from bench.store import Bare, ids_of, projects_in, tenant_name
from bench.table import Report, Table

SIZES = ((1, 1_000), (100, 100_000), (10_000, 2_000_000))
QUICK_SIZES = ((1, 1_000), (100, 20_000))


def bare(folder: Path, tenants: int, tasks: int) -> StoreSide:
    """Fill the bare side."""
    side = Bare(folder)
    side.fill(tenants, tasks)
    return side


def lookups(side: StoreSide, tenants: int, tasks: int, count: int) -> dict[str, list[float]]:
    """Return the us that each lookup took, of tenants and tasks that are picked by chance."""
    chance = random.Random(tasks)
    found: dict[str, list[float]] = {"get by id": [], "list": []}
    for _ in range(count):
        tenant = chance.randrange(tenants)
        name = tenant_name(tenant)
        one = chance.choice(ids_of(1, tenant, tasks // tenants))
        project = chance.choice(ids_of(2, tenant, projects_in(tenants, tasks)))
        begun = time.perf_counter()
        side.get(name, one)
        between = time.perf_counter()
        side.first_page(name, project)
        ended = time.perf_counter()
        found["get by id"].append((between - begun) * 1e6)
        found["list"].append((ended - between) * 1e6)
    return {work: sorted(times) for work, times in found.items()}


def size(report: Report, table: Table, tenants: int, tasks: int, count: int) -> None:
    """Fill both sides at one size and time them."""
    makers: dict[str, Callable[[Path, int, int], StoreSide]] = {"sqlite3": bare, "freehold": ours.fill_store}
    for name, make in makers.items():
        folder = WORK / "growth" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            begun = time.perf_counter()
            side = make(folder, tenants, tasks)
        except CannotRun as error:
            report.notes.append(f"**{name} is left out** at {tasks:,} tasks: {error}")
            continue
        filled = time.perf_counter() - begun
        lookups(side, tenants, tasks, count // 10)
        found = lookups(side, tenants, tasks, count)
        side.close()
        shutil.rmtree(folder)
        shares = [(work, share) for work in found for share in (50, 95)]
        figures = {f"{work} p{share}": percentile(found[work], share / 100) for work, share in shares}
        cells = [f"{value:.0f}" for value in figures.values()]
        table.rows.append((f"{tenants:,} tenants, {tasks:,} tasks", name, *cells, f"{filled:.1f}"))
        report.data[f"{name}, {tenants}, {tasks}"] = figures | {"fill seconds": filled}
        print(f"  {name}, {tenants:,} tenants, {tasks:,} tasks: done", file=sys.stderr, flush=True)


def run(settings: Settings) -> Report:
    """Go through the sizes."""
    report = Report("growth", {"SQLite": sqlite3.sqlite_version})
    head = ("size", "side", "get p50 us", "get p95 us", "list p50 us", "list p95 us", "filled in s")
    table = Table("**Lookups by size**", head, words=2)
    for tenants, tasks in QUICK_SIZES if settings.quick else SIZES:
        size(report, table, tenants, tasks, 500 if settings.quick else 5_000)
    report.tables.append(table)
    report.notes.append("a list is 50 tasks of 100, at every size")
    return report

"""bench growth: looking something up, from 1 tenant with 1,000 tasks to 10,000 with 2 million, should stay as fast."""

import random
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import ours
from bench.calls import PROJECTS, ids_of, tenant_name
from bench.load import percentile
from bench.ours import StoreSide
from bench.process import WORK, CannotRun
from bench.stacks import Settings
from bench.store import Bare
from bench.table import Report, Table, interleaved, ratio, spread

SIZES = ((1, 1_000), (100, 100_000), (10_000, 2_000_000))
QUICK_SIZES = ((1, 1_000), (100, 20_000))
WORKS = ("get", "list")


@dataclass(frozen=True, slots=True)
class Filled:
    """A store of one side at one size, open."""

    side: str
    tenants: int
    tasks: int
    store: StoreSide

    @property
    def size(self) -> str:
        """Say how much is in it."""
        return f"{self.tenants:,} tenant{'s' * (self.tenants > 1)}, {self.tasks:,} tasks"

    def lookups(self, count: int, seed: int) -> dict[str, list[float]]:
        """Return the us that each lookup took, of tenants and tasks that are picked by chance beforehand."""
        chance = random.Random(seed)
        wanted = []
        for _ in range(count):
            tenant = chance.randrange(self.tenants)
            one = chance.choice(ids_of(1, tenant, self.tasks // self.tenants))
            project = chance.choice(ids_of(2, tenant, PROJECTS))
            wanted.append((tenant_name(tenant), one, project))
        found: dict[str, list[float]] = {work: [] for work in WORKS}
        for name, one, project in wanted:
            begun = time.perf_counter()
            self.store.get(name, one)
            between = time.perf_counter()
            self.store.first_page(name, project)
            ended = time.perf_counter()
            found["get"].append((between - begun) * 1e6)
            found["list"].append((ended - between) * 1e6)
        return {work: sorted(times) for work, times in found.items()}


def bare(folder: Path, tenants: int, tasks: int) -> StoreSide:
    """Fill the bare side."""
    side = Bare(folder)
    side.fill(tenants, tasks)
    return side


def fill(sizes: tuple[tuple[int, int], ...], report: Report) -> list[Filled]:
    """Fill every side at every size."""
    makers: dict[str, Callable[[Path, int, int], StoreSide]] = {"sqlite3": bare, "freehold": ours.fill_store}
    filled: list[Filled] = []
    for name, make in makers.items():
        for tenants, tasks in sizes:
            folder = WORK / "growth" / f"{name}-{tasks}"
            folder.mkdir(parents=True)
            begun = time.perf_counter()
            try:
                filled.append(Filled(name, tenants, tasks, make(folder, tenants, tasks)))
            except CannotRun as error:
                report.notes.append(f"**{name} is left out**: {error}")
                break
            took = time.perf_counter() - begun
            print(f"  {name}, {filled[-1].size}: filled in {took:.1f} s", file=sys.stderr, flush=True)
    return filled


def run(settings: Settings) -> Report:
    """Fill everything, then look things up in interleaved rounds."""
    report = Report("growth", {"SQLite": sqlite3.sqlite_version})
    rounds, count = (2, 200) if settings.quick else (7, 2_000)
    shutil.rmtree(WORK / "growth", ignore_errors=True)
    filled = fill(QUICK_SIZES if settings.quick else SIZES, report)
    found: dict[Filled, list[dict[str, list[float]]]] = {one: [] for one in filled}
    for turn, one in interleaved(filled, rounds):
        found[one].append(one.lookups(count, turn))
    for one in filled:
        one.store.close()
    shutil.rmtree(WORK / "growth")
    describe(report, found)
    report.notes.append(f"{rounds} rounds of {count} lookups; a list is the 50 newest tasks of a project")
    return report


def describe(report: Report, found: dict[Filled, list[dict[str, list[float]]]]) -> None:
    """Make the table, with each size as a multiple of the smallest one of its side, and the data."""
    shares = [(work, share) for work in WORKS for share in (0.5, 0.95)]
    titles = [f"{work} p{share * 100:.0f}" for work, share in shares]
    head = ("side", "size", *(f"{title} {what}" for title in titles for what in ("us", "to smallest")))
    table = Table("**Lookups by size**", head, words=2)
    smallest: dict[str, list[list[float]]] = {}
    for one, rounds in found.items():
        figures = [[percentile(seen[work], share) for seen in rounds] for work, share in shares]
        to = smallest.setdefault(one.side, figures)
        cells = [cell for now, then in zip(figures, to, strict=True) for cell in (spread(now, 0), ratio(now, then))]
        table.rows.append((one.side, one.size, *cells))
        report.data[f"{one.side}, {one.size}"] = dict(zip(titles, figures, strict=True))
    report.tables.append(table)

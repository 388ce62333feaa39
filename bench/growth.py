"""bench growth: looking something up, from 1 tenant with 1,000 tasks to 10,000 with 2 million, should stay as fast.

Of the store alone, beside the bare `sqlite3` module, and as who asks over HTTP sees it.
"""

import random
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import load, ours
from bench.calls import PROJECTS, ids_of, tenant_name
from bench.ground import PAGE, raw
from bench.load import percentile
from bench.ours import StoreSide
from bench.process import WORK, CannotRun, Server
from bench.stacks import FREEHOLD, Settings
from bench.store import Bare
from bench.table import Report, Table, interleaved, ratio, spread

SIZES = ((1, 1_000), (100, 100_000), (10_000, 2_000_000))
QUICK_SIZES = ((1, 1_000), (100, 20_000))
WORKS = ("get", "list")
PEOPLE = 500
"""Who ask over HTTP by turns, each of a tenant picked by chance."""

Requests = dict[str, list[bytes]]


@dataclass(frozen=True, slots=True)
class Filled:
    """A store of one side at one size, open."""

    side: str
    tenants: int
    tasks: int
    store: StoreSide
    folder: Path = WORK

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
            wanted.append((tenant_name(tenant), *self.picked(tenant, chance)))
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

    def picked(self, tenant: int, chance: random.Random) -> tuple[str, str]:
        """Return the ids of a task and of a project of a tenant."""
        tasks = ids_of(1, tenant, self.tasks // self.tenants)
        return chance.choice(tasks), chance.choice(ids_of(2, tenant, PROJECTS))

    def requests(self) -> Requests:
        """Return what is asked over HTTP, of tenants and tasks that are picked by chance."""
        chance = random.Random(PEOPLE)
        asking = [chance.randrange(self.tenants) for _ in range(PEOPLE)]
        found: Requests = {work: [] for work in WORKS}
        for tenant, token in zip(asking, ours.tokens(self.store, self.tenants, asking), strict=True):
            one, project = self.picked(tenant, chance)
            found["get"].append(raw("GET", f"/tasks/{one}", token))
            found["list"].append(raw("GET", f"/projects/{project}/tasks?limit={PAGE}", token))
        return found


Served = dict[str, dict[Filled, list[dict[str, float]]]]
"""What was seen over HTTP of each kind of lookup at each size, in every round."""


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
                filled.append(Filled(name, tenants, tasks, make(folder, tenants, tasks), folder))
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
    asked = {one: one.requests() for one in filled if one.side == FREEHOLD.name}
    for one in filled:
        one.store.close()
    describe(report, found)
    describe_served(report, served(asked, rounds, settings))
    shutil.rmtree(WORK / "growth")
    report.notes.append(f"{rounds} rounds of {count} lookups; a list is the 50 newest tasks of a project")
    report.notes.append(f"over HTTP: one connection, {PEOPLE} people who ask by turns; {rounds} rounds of a second")
    return report


def served(asked: dict[Filled, Requests], rounds: int, settings: Settings) -> Served:
    """Serve each size, and ask in interleaved rounds, after a first one that warms it."""
    found: Served = {work: {one: [] for one in asked} for work in WORKS}
    with ExitStack() as opened:
        servers = {one: opened.enter_context(FREEHOLD.serve(one.folder, settings)) for one in asked}
        for work, seen in found.items():
            for _, one in interleaved(list(asked), rounds + 1):
                seen[one].append(answered(servers[one], asked[one][work], settings))
    return {work: {one: runs[1:] for one, runs in seen.items()} for work, seen in found.items()}


def describe_served(report: Report, found: Served) -> None:
    """Make the table of what was seen over HTTP, with each size as a multiple of the smallest one, and the data."""
    shares = ("p50", "p95", "cpu")
    titles = {"p50": "p50 ms", "p95": "p95 ms", "cpu": "CPU us/answer"}
    head = ("lookup", "size", *(cell for share in shares for cell in (titles[share], f"{titles[share]} to smallest")))
    table = Table("**Over HTTP**", head, words=2)
    for work, seen in found.items():
        first = next(iter(seen.values()), [])
        for one, runs in seen.items():
            pairs = (([run[share] for run in runs], [run[share] for run in first]) for share in shares)
            cells = [
                cell for share, (now, then) in zip(shares, pairs, strict=True)
                for cell in (spread(now, 0 if share == "cpu" else 2), ratio(now, then))
            ]  # fmt: skip
            table.rows.append((work, one.size, *cells))
            report.data[f"HTTP, {work}, {one.size}"] = runs
    report.tables.append(table)


def answered(server: Server, requests: list[bytes], settings: Settings) -> dict[str, float]:
    """Return what a second of requests on one connection has seen, and the CPU us that an answer took."""
    before = server.cpu_seconds()
    seen = load.closed(server.port, requests, 1, 1.0, settings)
    if seen.ok != seen.sent:
        raise CannotRun(f"{seen.refused} refused, {seen.broken} broken of {seen.sent}")
    return seen.data() | {"cpu": (server.cpu_seconds() - before) / seen.ok * 1e6}


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

"""bench dynamodb_growth: lookups in a table of DynamoDB, from 1 tenant with 1,000 tasks to 10,000 with 2 million.

What Amazon bounds and bills is shown beside the time: how many requests a lookup is, and how many units it consumes.
"""

import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.growth import QUICK_SIZES, SIZES
from bench.load import percentile
from bench.own_dynamodb import LAYOUT, LOOKUPS, PAGE, PEOPLE, Noting, Task, Wanted, client_of, fill, store_on
from bench.process import ROOT, WORK, CannotRun
from bench.stacks import Settings
from bench.store import PROJECTS, ids_of, tenant_name
from bench.table import Report, Table, interleaved, ratio, spread
from freehold.aws.client import AwsClient
from freehold.runtime.ports import Snapshot, Span
from freehold.runtime.scope import Scope
from freehold.servers.dynamodb import DynamoServer, dynalite

FOLDER = WORK / "dynamodb_growth"
PROGRAM = ROOT / ".emulators" / "dynalite" / "node_modules" / "dynalite" / "cli.js"
SHARES = (0.5, 0.95)
COUNTED = 50
WARM = 500
"""Lookups of each kind before the first that counts: a server that has just started compiles what it does often."""


WORKS: Mapping[str, Callable[[Snapshot, Wanted], object]] = {
    "get": lambda view, wanted: view.get(Task, wanted.task),
    "newest": lambda view, _: view.page(LOOKUPS["newest"], [], Span(PAGE)),
    "in_project": lambda view, wanted: view.page(LOOKUPS["in_project"], [wanted.project], Span(PAGE)),
    "of": lambda view, wanted: view.page(LOOKUPS["of"], [wanted.person], Span(PAGE)),
}


@dataclass(frozen=True, slots=True)
class Grown:
    """A table of one size, on a server of its own."""

    tenants: int
    tasks: int
    client: AwsClient

    @property
    def size(self) -> str:
        """Say how much is in it."""
        return f"{self.tenants:,} tenant{'s' * (self.tenants > 1)}, {self.tasks:,} tasks"

    def wanted(self, count: int, seed: int) -> list[Wanted]:
        """Pick what is looked up, by chance."""
        chance, found = random.Random(seed), []
        for _ in range(count):
            tenant = chance.randrange(self.tenants)
            kinds = (self.tasks // self.tenants, PROJECTS, PEOPLE)
            ids = (chance.choice(ids_of(kind, tenant, many)) for kind, many in enumerate(kinds, 1))
            found.append(Wanted(tenant_name(tenant), *ids))
        return found

    def times(self, count: int, seed: int) -> dict[str, list[float]]:
        """Return the us that each lookup took, sorted."""
        store, wanted = store_on(self.client), self.wanted(count, seed)
        found: dict[str, list[float]] = {work: [] for work in WORKS}
        for one in wanted:
            with Scope(one.tenant) as scope:
                view = store.snapshot(scope)
                for work, look in WORKS.items():
                    begun = time.perf_counter()
                    look(view, one)
                    found[work].append((time.perf_counter() - begun) * 1e6)
        return {work: sorted(times) for work, times in found.items()}

    def consumed(self, work: str) -> tuple[Noting, list[int], list[float]]:
        """Return, for a lookup of different things, how many requests each was, and the units it consumed."""
        noting = Noting(self.client, ReturnConsumedCapacity="TOTAL")
        store, requests, units = store_on(noting), [], []
        for one in self.wanted(COUNTED, 0):
            before = len(noting.notes)
            with Scope(one.tenant) as scope:
                if not WORKS[work](store.snapshot(scope), one):
                    raise CannotRun(f"{work} found nothing among {self.size}")
            notes = noting.notes[before:]
            requests.append(len(notes))
            units.append(sum(answer["ConsumedCapacity"]["CapacityUnits"] for _, _, answer in notes))
        return noting, requests, units


@contextmanager
def grown(sizes: tuple[tuple[int, int], ...]) -> Iterator[list[Grown]]:
    """Fill a table for each size, each on a server of its own that keeps it in a LevelDB."""
    if not PROGRAM.exists():
        raise CannotRun("dynalite is not installed: `make emulators` does that")
    shutil.rmtree(FOLDER, ignore_errors=True)
    with ExitStack() as stack:
        filled = []
        for tenants, tasks in sizes:
            server = stack.enter_context(DynamoServer(dynalite(str(PROGRAM), keeps=True), FOLDER / str(tasks)))
            client = client_of(server.url)
            stack.callback(client.close)
            begun = time.perf_counter()
            fill(client, tenants, tasks)
            took = time.perf_counter() - begun
            filled.append(Grown(tenants, tasks, client))
            print(f"  {filled[-1].size}: {took:.0f} s, {tasks / took:,.0f} a second", file=sys.stderr, flush=True)
        yield filled
    shutil.rmtree(FOLDER)


def run(settings: Settings) -> Report:
    """Fill everything, then look things up in interleaved rounds."""
    report = Report("dynamodb_growth")
    rounds, count = (2, 50) if settings.quick else (21, 150)
    with grown(QUICK_SIZES if settings.quick else SIZES) as filled:
        report.tables.append(asked(filled[-1]))
        for one in filled:
            one.times(WARM, rounds)
        found: dict[Grown, list[dict[str, list[float]]]] = {one: [] for one in filled}
        for turn, one in interleaved(filled, rounds):
            found[one].append(one.times(count, turn))
        report.tables.append(described(found, report))
    report.notes.append(f"{rounds} rounds of {count} lookups of each kind; a list is the {PAGE} newest")
    report.notes.append("the server is dynalite, whose tables and indexes are ranges of a LevelDB; a table a server")
    report.notes.append(f"requests and units: of {COUNTED} lookups of different things, the least and the most")
    return report


def asked(one: Grown) -> Table:
    """Make the table of what each lookup asks for: never more than one partition, and of it one stretch."""
    forms = {way.lookup.name: (way.partition, way.sort) for way in LAYOUT.ways}
    table = Table(
        "**What a lookup is**", ("lookup", "operation", "in", "partition", "in the order of", "condition"), words=6
    )
    for work in WORKS:
        operation, request, _ = one.consumed(work)[0].notes[0]
        place = request.get("IndexName", "the table")
        condition = request.get("KeyConditionExpression", "the key")
        table.rows.append((work, operation, place, *forms.get(work, forms["newest"]), condition))
    return table


def described(found: Mapping[Grown, list[dict[str, list[float]]]], report: Report) -> Table:
    """Make the table of times, each size as a multiple of the smallest, with what DynamoDB counts; and the data."""
    heads = (f"p{share * 100:.0f} {what}" for share in SHARES for what in ("us", "to smallest"))
    table = Table("**Lookups by size**", ("lookup", "size", *heads, "requests", "read units"), words=2)
    smallest = next(iter(found))
    for work in WORKS:
        for one, rounds in found.items():
            cells: list[str] = []
            for share in SHARES:
                now, then = ([percentile(seen[work], share) for seen in found[each]] for each in (one, smallest))
                cells += [spread(now, 0), ratio(now, then)]
            _, requests, units = one.consumed(work)
            table.rows.append((work, one.size, *cells, extent(requests), extent(units)))
            report.data[f"{work}, {one.size}"] = {
                "us": [seen[work] for seen in rounds],
                "requests": requests,
                "units": units,
            }
    return table


def extent(values: list[int] | list[float]) -> str:
    """Return the least and the most, or the one that all are."""
    return " to ".join(f"{value:g}" for value in sorted({min(values), max(values)}))

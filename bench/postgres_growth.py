"""bench postgres_growth: lookups among more and more tenants on one server, in schemas of their own and in the pool.

Beside them psycopg by hand, on tables of the same sizes that lie in the same ways: what the server takes longer.
"""

import sys
import time
from typing import Any

from bench.calls import PROJECTS, ids_of, tenant_name
from bench.growth import Filled, describe
from bench.ours import StoreSide
from bench.postgres import grown, grown_by_hand, server
from bench.stacks import Settings
from bench.table import Report, interleaved

POOL = ((1, 1_000), (100, 100_000), (10_000, 2_000_000))
SCHEMAS = ((10, 1_000), (100, 10_000), (1_000, 100_000))
SIDES = ("psycopg, pool", "freehold, pool", "psycopg, schema", "freehold, schema")
QUICK = ((1, 100), (10, 1_000))


def run(settings: Settings) -> Report:
    """Fill a database for each size, then look things up in interleaved rounds."""
    report = Report("postgres_growth")
    rounds, count = (2, 200) if settings.quick else (7, 2_000)
    with server("postgres-growth") as started:
        filled = []
        for side in SIDES:
            sizes = SCHEMAS if side.endswith("schema") else POOL
            for tenants, tasks in QUICK if settings.quick else sizes:
                begun = time.perf_counter()
                filled.append(Filled(side, tenants, tasks, made(started, side, tenants, tasks)))
                took = time.perf_counter() - begun
                print(f"  {side}, {filled[-1].size}: filled in {took:.1f} s", file=sys.stderr, flush=True)
        for one in filled:
            meet(one)
        found: dict[Filled, list[dict[str, list[float]]]] = {one: [] for one in filled}
        for turn, one in interleaved(filled, rounds):
            found[one].append(one.lookups(count, turn))
        for one in filled:
            one.store.close()
    describe(report, found)
    report.notes.append(f"{rounds} rounds of {count} lookups; a list is the 50 newest tasks of a project")
    report.notes.append(
        "every tenant was asked for three times before: the first time a process looks where it lies, an exchange more"
    )
    return report


def made(started: Any, side: str, tenants: int, tasks: int) -> StoreSide:
    """Fill a side at one size."""
    name, tier = side.split(", ")
    if name == "psycopg":
        return grown_by_hand(started, tier, tenants, tasks)
    return grown(started, f"{tier}-{tenants}", tier, tenants, tasks)


def meet(one: Filled) -> None:
    """Look something up of every tenant, so often until it is known where it lies and its statements are prepared."""
    for tenant in (*range(one.tenants),) * 3:
        one.store.get(tenant_name(tenant), ids_of(1, tenant, 1)[0])
        one.store.first_page(tenant_name(tenant), ids_of(2, tenant, PROJECTS)[0])

"""The calls that are timed of every store, alike on all: what is asked for, how long it takes, and the table of it."""

import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bench.ours import StoreSide
from bench.table import Report, Table, interleaved, ratio, spread

PROJECTS = 2  # a tenant; their tasks take turns, so that a page of one project is as spread out at every size
TASKS = 2_000
Works = dict[str, tuple[Callable[[StoreSide, int], float], int]]


def ids_of(kind: int, tenant: int, count: int) -> list[str]:
    """Return ids in the form of UUIDv7 that are the same on every side: `kind` 1 is tasks, 2 projects, 3 people."""
    head = f"0199{kind:04x}-{tenant & 0xFFFF:04x}-7{tenant >> 16 & 0xFFF:03x}"
    return [f"{head}-8{number >> 48 & 0xFFF:03x}-{number & 0xFFFFFFFFFFFF:012x}" for number in range(count)]


def new_id() -> str:
    """Return a fresh UUIDv7."""
    stamp = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10))
    number = stamp << 80 | 0x7 << 76 | (chance >> 68 & 0xFFF) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def tenant_name(tenant: int) -> str:
    """Return a tenant's id."""
    return ids_of(9, tenant, 1)[0]


TENANT = tenant_name(0)


def reads(side: StoreSide, count: int) -> float:
    """Return the us that getting a task takes."""
    wanted = random.Random(count).choices(ids_of(1, 0, TASKS), k=count)
    begun = time.perf_counter()
    for one in wanted:
        side.get(TENANT, one)
    return (time.perf_counter() - begun) / count * 1e6


def pages(side: StoreSide, count: int) -> float:
    """Return the us that listing 50 tasks takes."""
    projects = ids_of(2, 0, PROJECTS)
    begun = time.perf_counter()
    for number in range(count):
        side.first_page(TENANT, projects[number % PROJECTS])
    return (time.perf_counter() - begun) / count * 1e6


def adds(side: StoreSide, count: int) -> float:
    """Return the us that adding a task durably takes, one after the other."""
    projects = ids_of(2, 0, PROJECTS)
    begun = time.perf_counter()
    for number in range(count):
        side.add(TENANT, projects[number % PROJECTS], number)
    return (time.perf_counter() - begun) / count * 1e6


class Crowd:
    """Threads for each side, which stay, since each has a connection of its own."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.threads: dict[int, ThreadPoolExecutor] = {}

    def adds(self, side: StoreSide, count: int) -> float:
        """Return the us for each task when threads add them durably at the same time."""
        projects = ids_of(2, 0, PROJECTS)
        threads = self.threads.setdefault(id(side), ThreadPoolExecutor(self.size))
        begun = time.perf_counter()
        list(threads.map(lambda n: side.add(TENANT, projects[n % PROJECTS], n), range(count)))
        return (time.perf_counter() - begun) / count * 1e6

    def close(self) -> None:
        """Let them go."""
        for threads in self.threads.values():
            threads.shutdown()


def compared(
    opened: dict[str, StoreSide], kinds: Works, rounds: int,
    part: int, report: Report,
) -> Table:  # fmt: skip
    """Return the table of all kinds of work on every side, in interleaved rounds."""
    names = list(opened)
    bare = [name for name in names if not name.startswith("freehold")]
    table = Table("**us a call**, and as a multiple", ("work", "side", "us", *(f"to {name}" for name in bare)), words=2)
    for work, (measure, count) in kinds.items():
        found: dict[str, list[float]] = {name: [] for name in names}
        for side in opened.values():
            measure(side, max(1, count // 10))
        for _, name in interleaved(names, rounds):
            found[name].append(measure(opened[name], count // part))
        for name in names:
            ratios = (ratio(found[name], found[other]) for other in bare)
            table.rows.append((work, name, spread(found[name], 1), *ratios))
        report.data[work] = found
        print(f"  {work}: done", file=sys.stderr, flush=True)
    return table

"""bench neighbours: what a tenant that is slow on every connection it may have does to another one, on PostgreSQL."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.calls import PROJECTS, ids_of, tenant_name
from bench.load import percentile
from bench.postgres import grown, server
from bench.stacks import Settings
from bench.table import Report, Table, interleaved, ratio, spread

CONNECTIONS = 20  # what freehold has by default
NOISY, QUIET = 0, 1
SLOW = 0.2
TASKS = 2_000
DELAY = f"""
CREATE FUNCTION {{schema}}.delay() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep({SLOW}); RETURN NEW; END $$;
CREATE TRIGGER delay BEFORE INSERT ON {{schema}}.task FOR EACH ROW EXECUTE FUNCTION {{schema}}.delay();
"""
Noise = Callable[[Any], object]


def holding(side: Any) -> None:
    """Read, and think about it while the connection is held."""
    side.hold(tenant_name(NOISY), ids_of(1, NOISY, 1)[0], SLOW)


def writing(side: Any) -> None:
    """Add something, which the server takes its time for."""
    side.add(tenant_name(NOISY), ids_of(2, NOISY, PROJECTS)[0], 0)


NOISES: dict[str, Noise | None] = {
    "alone": None,
    f"beside reads that hold a connection for {SLOW} s": holding,
    f"beside writes with pg_sleep({SLOW}) in them": writing,
}


@contextmanager
def noise(side: Any, make: Noise | None) -> Iterator[list[int]]:
    """Keep twice as many threads as there are connections at it. Gives how many calls were done and refused."""
    over, counted = threading.Event(), [0, 0]

    def work() -> None:
        while not over.is_set() and make is not None:
            counted[not side.answered(make)] += 1

    threads = [threading.Thread(target=work) for _ in range(2 * CONNECTIONS if make else 0)]
    for thread in threads:
        thread.start()
    time.sleep(2 * SLOW if threads else 0)
    yield counted
    over.set()
    for thread in threads:
        thread.join()


def asked(side: Any, count: int) -> list[float]:
    """Return the ms that each of some lookups took, 200 a second."""
    wanted = ids_of(1, QUIET, TASKS // 2)
    times = []
    for number in range(count):
        begun = time.perf_counter()
        side.get(tenant_name(QUIET), wanted[number % len(wanted)])
        times.append((time.perf_counter() - begun) * 1e3)
        time.sleep(0.005)
    return sorted(times)


def run(settings: Settings) -> Report:
    """Look things up alone and beside each noise, in interleaved rounds."""
    import psycopg  # noqa: PLC0415  # the other benches do without

    report = Report("neighbours")
    rounds, count = (1, 100) if settings.quick else (5, 600)
    found: dict[str, list[list[float]]] = {name: [] for name in NOISES}
    busy: dict[str, list[int]] = {name: [0, 0] for name in NOISES}
    with server("neighbours") as started:
        side = grown(started, "neighbours", "schema", 2, TASKS)
        with psycopg.connect(started.url.replace("/postgres?", "/neighbours?"), autocommit=True) as connection:
            schema = f"t_{tenant_name(NOISY).replace('-', '')}"
            connection.execute(DELAY.format(schema=schema).encode())
        for _, name in interleaved(list(NOISES), rounds):
            with noise(side, NOISES[name]) as counted:
                found[name].append(asked(side, count))
            busy[name] = [had + more for had, more in zip(busy[name], counted, strict=True)]
        side.close()
    head = ("get by the quiet tenant", "p50 ms", "p95 ms", "p95 to alone", "the noisy one: done, refused")
    table = Table("**A quiet tenant beside a slow one**", head, words=1)
    alone = [percentile(times, 0.95) for times in found["alone"]]
    for name, runs in found.items():
        median, late = ([percentile(times, share) for times in runs] for share in (0.5, 0.95))
        told = ", ".join(map(str, busy[name])) if NOISES[name] else "-"
        table.rows.append((name, spread(median, 2), spread(late, 2), ratio(late, alone), told))
        report.data[name] = {"p50": median, "p95": late}
    report.tables.append(table)
    report.notes.append(f"{CONNECTIONS} connections; the noisy tenant keeps {2 * CONNECTIONS} threads at it")
    report.notes.append(f"{rounds} rounds of {count} lookups, 200 a second")
    return report

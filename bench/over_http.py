"""bench http: create, get and list over HTTP with durable commits, against FastAPI and Django REST framework."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import load, sanity
from bench.ground import Ground, Tenant, creates, gets, lists
from bench.process import CannotRun, Server
from bench.stacks import FREEHOLD, STACKS, Settings, Stack
from bench.table import Report, Table, interleaved, ratio, spread

OPERATIONS: dict[str, Callable[[Tenant], list[bytes]]] = {"get": gets, "list 50": lists, "create": creates}
Cell = tuple[str, int]
Runs = dict[Cell, dict[str, list[dict[str, float]]]]


def run(settings: Settings) -> Report:
    """Check every stack, then time them cell by cell, each cell in interleaved rounds."""
    report = Report("http")
    ready = prepared("http", STACKS, settings, report)
    connections = (1, 8, 32)
    rounds, seconds = (1, 1.0) if settings.quick else (5, 4.0)
    runs: Runs = {}
    with ExitStack() as open_servers:
        servers = {
            stack: open_servers.enter_context(stack.serve(folder, settings)) for stack, (folder, _) in ready.items()
        }
        for operation in OPERATIONS:
            for count in connections:
                runs[operation, count] = cell(operation, count, rounds, seconds, servers, ready, settings)
                print(f"  {operation}, {count} connections: done", file=sys.stderr, flush=True)
    report.notes.append(f"{rounds} rounds of {seconds:.0f} s a cell; medians, with min-max of the rounds")
    report.notes.append("CPU is the server's own, user and system, for each answer: the figure that noise hurts least")
    describe(report, runs, [stack.name for stack in ready])
    return report


def prepared(
    bench: str, stacks: Sequence[Stack], settings: Settings, report: Report
) -> dict[Stack, tuple[Path, Ground]]:
    """Fill and check the stacks that can run; the report says what was seen, and why the others cannot."""
    ready: dict[Stack, tuple[Path, Ground]] = {}
    for stack in stacks:
        if settings.only and not any(stack.name.lower().startswith(name.lower()) for name in settings.only):
            continue
        try:
            folder, ground = stack.prepare(bench, settings)
            durable = sanity.check(stack, folder, ground, settings)
            report.versions[f"{stack.name} ({stack.setup})"] = ", ".join(
                f"{name} {version}" for name, version in stack.versions().items()
            )
        except CannotRun as error:
            if stack is not FREEHOLD:
                raise
            report.notes.append(f"**{stack.name} is left out**: {error}")
            continue
        ready[stack] = folder, ground
        report.notes.append(f"{stack.name}: same work, tenants kept apart; {durable}")
    report.notes.append(f"peers' tokens: {settings.jwt}, verified on every request; server and load on a core each")
    return ready


def cell(
    operation: str,
    connections: int,
    rounds: int,
    seconds: float,
    servers: dict[Stack, Server],
    ready: dict[Stack, tuple[Path, Ground]],
    settings: Settings,
) -> dict[str, list[dict[str, float]]]:
    """Time one operation at one number of connections, over all stacks, round by round."""
    found: dict[str, list[dict[str, float]]] = {stack.name: [] for stack in servers}
    requests = {stack: OPERATIONS[operation](ready[stack][1].north) for stack in servers}
    for stack, server in servers.items():
        load.closed(server.port, requests[stack], connections, 1.0, settings)  # warm
    for _, stack in interleaved(list(servers), rounds):
        server = servers[stack]
        before = server.cpu_seconds()
        seen = load.closed(server.port, requests[stack], connections, seconds, settings)
        time.sleep(0.05)  # let the server finish what was cut off, so that its CPU time is counted where it belongs
        if not seen.ok:
            raise CannotRun(f"{stack.name}: {seen.refused} refused, {seen.broken} broken of {seen.sent} ({operation})")
        cpu = (server.cpu_seconds() - before) / seen.ok * 1e6
        found[stack.name].append(seen.data() | {"cpu": cpu, "failed": (1 - seen.success) * 100})
    return found


def describe(report: Report, runs: Runs, names: list[str]) -> None:
    """Make the tables, the ratios to each peer, and the data."""
    head = ("operation, connections", "stack", "answers/s", "p50 ms", "p95 ms", "p99 ms", "CPU us/answer", "failed %")
    table = Table("**Figures**", head, words=2)
    for (operation, connections), found in runs.items():
        for name, seen in found.items():
            columns = {key: [one[key] for one in seen] for key in ("per_second", "p50", "p95", "p99", "cpu", "failed")}
            digits = {"per_second": 0, "cpu": 0, "failed": 2}
            cells = [spread(values, digits.get(key, 1)) for key, values in columns.items()]
            table.rows.append((f"{operation}, {connections}", name, *cells))
    report.tables.append(table)
    if len(names) > 1:
        report.tables.append(ratios(runs, names[0], names[1:]))
    report.data["runs"] = {f"{operation}, {count}": found for (operation, count), found in runs.items()}


def ratios(runs: Runs, first: str, others: list[str]) -> Table:
    """Compare the first stack with each other one, round by round."""
    head = ("operation, connections", *(f"{what} to {name}" for name in others for what in ("answers", "p95", "CPU")))
    table = Table(f"**{first} as a multiple of each peer** (answers: more is better; p95, CPU: less is better)", head)
    for (operation, connections), found in runs.items():
        cells = [
            ratio([one[key] for one in found[first]], [one[key] for one in found[name]])
            for name in others
            for key in ("per_second", "p95", "cpu")
        ]
        table.rows.append((f"{operation}, {connections}", *cells))
    return table

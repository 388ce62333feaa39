"""bench fleet: migrating a fleet of tenants with a schema each, against django-tenants, on one PostgreSQL server."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import ours, venvs
from bench.postgres import server
from bench.process import WORK, CannotRun, output
from bench.stacks import Settings
from bench.table import Report, Table, ratio, spread

PEER = Path(__file__).parent / "peers" / "fleet_of_django.py"
FEW, MANY = 100, 1_000
QUICK_FEW, QUICK_MANY = 10, 30

Run = Callable[..., dict[str, float]]


def made(started: Any, name: str) -> str:
    """Make a database, and return its URL."""
    import psycopg  # noqa: PLC0415  # the other benches do without

    with psycopg.connect(started.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return str(started.url).replace("/postgres?", f"/{name}?")


def told(command: list[str]) -> dict[str, float]:
    """Run a side's program, and return what it says last."""
    found: dict[str, float] = json.loads(output(command).splitlines()[-1])
    return found


def freehold(started: Any, tenants: int, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Make a fleet; then migrate it with nothing to do, and with a column more each time."""
    ours.cli()
    url = made(started, f"freehold_{tenants}")
    program: Run = lambda *given: told([sys.executable, "-m", "bench.own_fleet", url, *map(str, given)])  # noqa: E731
    found: dict[str, list[dict[str, float]]] = {"make": [program("make", 0, tenants)], "nothing": [], "a column": []}
    for number in range(rounds):
        found["nothing"].append(program("migrate", number))
        found["a column"].append(program("migrate", number + 1))
    return found


def django(started: Any, tenants: int, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Do the same with django-tenants. A column is added once: its models are files."""
    python, folder = venvs.python_of("django_tenants"), WORK / "fleet"
    made(started, "django")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sockets = str(started.url).partition("host=")[2]
    program: Run = lambda *given: told([str(python), str(PEER), str(folder), sockets, *map(str, given)])  # noqa: E731
    found: dict[str, list[dict[str, float]]] = {"make": [program("make", tenants)], "nothing": [], "a column": []}
    found["nothing"] = [program("migrate") for _ in range(rounds)]
    program("grow")
    found["a column"] = [program("migrate")]
    return found


def run(settings: Settings) -> Report:
    """Migrate few tenants on both sides, and many on ours."""
    few, many = (QUICK_FEW, QUICK_MANY) if settings.quick else (FEW, MANY)
    report = Report("fleet", {})
    rows: dict[str, dict[str, list[dict[str, float]]]] = {}
    with server("fleet") as started:
        rows[f"freehold, {few}"] = freehold(started, few, 3)
        print(f"  freehold, {few}: done", file=sys.stderr, flush=True)
        try:
            rows[f"django-tenants, {few}"] = django(started, few, 2)
        except CannotRun as error:
            report.notes.append(f"**django-tenants is left out**: {error}")
        print(f"  django-tenants, {few}: done", file=sys.stderr, flush=True)
        rows[f"freehold, {many}"] = freehold(started, many, 2)
    table = Table("**seconds**, and memory", ("side", "work", "s", "to freehold", "peak MB"), words=2)
    for side, works in rows.items():
        for work, found in works.items():
            mine = [one["seconds"] for one in rows[f"freehold, {few}"][work]]
            seconds = [one["seconds"] for one in found]
            compared = ratio((seconds * len(mine))[: len(mine)], mine) if side.startswith("django") else ""
            peak = spread([one["kilobytes"] / 1024 for one in found], 0)
            table.rows.append((side, work, spread(seconds, 2), compared, peak))
        report.data[side] = works
    quarters = [(one["quarter"] / 1024, one["kilobytes"] / 1024) for one in rows[f"freehold, {many}"]["a column"]]
    report.notes.append(f"memory after a quarter of {many} tenants, and at the end, MB: {quarters}")
    report.tables.append(table)
    return report

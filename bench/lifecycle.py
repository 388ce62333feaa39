"""bench lifecycle: a tenant taken out, brought in, moved and erased, with 1,000 tasks and with 100,000."""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench import ours, under_move
from bench.process import ROOT, WORK, CannotRun
from bench.stacks import Settings
from bench.table import Report, Table

SIZES = (1_000, 100_000)
QUICK_SIZES = (100, 1_000)
CREATED, QUICK_CREATED = 30, 5
KIB = 1024


@dataclass(slots=True)
class Walk:
    """The same tenant through every verb; each is a process of its own, which is measured."""

    folder: Path
    postgres: Mapping[str, str]
    table: Mapping[str, str] = field(default_factory=dict)
    rows: list[tuple[str, float, float, float, str]] = field(default_factory=list)
    """What was done; seconds, startup included; of these on a CPU; MiB at most; and what it said."""
    content: str = ""
    """The SHA-256 of the tenant's content, which was the same in every store."""

    def verb(self, what: str, *words: str, **settings: str) -> dict[str, object]:
        """Run one, and note what it took."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FREEHOLD_")}
        command = [ours.cli(), "tenant", *words, "--app", str(ROOT / "examples" / "teamflow"), "--json"]
        output = self.folder / "said.json"
        began = time.perf_counter()
        with output.open("wb") as said:
            process = subprocess.Popen(command, cwd=self.folder, env=kept | settings, stdout=said, stderr=said)
            _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise CannotRun(f"{what} ended with {process.returncode}: {output.read_text()[-500:]}")
        told: dict[str, object] = json.loads(output.read_text())
        pause = f"writers waited {told['pause_ms']} ms" if "pause_ms" in told else ""
        self.rows.append((what, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / KIB, pause))
        return told

    def on(self, prefix: str = "FREEHOLD_") -> dict[str, str]:
        """The settings of the server."""
        return named(self.postgres, prefix)

    def whole(self) -> None:
        """SQLite to PostgreSQL, between its tiers, to DynamoDB, back to SQLite; set back there, and erased."""
        first, last, there, table = ("--data", "first"), ("--data", "last"), self.on(), named(self.table)
        seen = [self.verb("export from SQLite", "export", "big", "1.zip", *first)["content"]]
        seen.append(
            self.verb("import into PostgreSQL, a schema of its own", "import", "1.zip", *last, **there)["content"]
        )
        self.verb("move to the pool, in use", "move", "big", "--tier", "pool", *last, **there)
        self.verb("move to a schema, in use", "move", "big", "--tier", "schema", *last, **there)
        seen.append(self.verb("export from PostgreSQL", "export", "big", "2.zip", *last, **there)["content"])
        seen.append(self.verb("import into DynamoDB", "import", "2.zip", *last, **table)["content"])
        seen.append(self.verb("export from DynamoDB", "export", "big", "3.zip", *last, **table)["content"])
        seen.append(self.verb("import into SQLite", "import", "3.zip", *last)["content"])
        self.verb("restore on SQLite", "restore", "big", "2.zip", "--yes", *last)
        self.verb("restore on PostgreSQL", "restore", "big", "2.zip", "--yes", *last, **there)
        self.verb("erase on SQLite", "erase", "big", "--yes", "--certificate", "1.json", *last)
        self.verb("erase on PostgreSQL", "erase", "big", "--yes", "--certificate", "2.json", *last, **there)
        if len(set(seen)) != 1:
            raise CannotRun("what arrived is not what was sent")
        self.content = str(seen[0])


def named(settings: Mapping[str, str], prefix: str = "FREEHOLD_") -> dict[str, str]:
    """Settings by the names that they have in the environment."""
    return {f"{prefix}{name}": value for name, value in settings.items()}


def run(settings: Settings) -> Report:
    """Fill, walk, and report."""
    own = ours.part("own_lifecycle")
    report = Report("lifecycle")
    sizes, times = (QUICK_SIZES, QUICK_CREATED) if settings.quick else (SIZES, CREATED)
    work = WORK / "lifecycle"
    shutil.rmtree(work, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="freehold-") as base, own.server(Path(base)) as postgres:
        created = own.creating(postgres, work / "created", times)
        walks = {}
        for size in sizes:
            folder = work / str(size)
            folder.mkdir(parents=True)
            print(f"  {size:,} tasks", file=sys.stderr, flush=True)
            own.fill(folder / "first", size)
            own.prepare(folder / "last")
            with own.table(folder / "roto") as table:
                walks[size] = Walk(folder, postgres, table)
                walks[size].whole()
        asked = [(size, Walk(work / f"{size} asked", postgres)) for size in sizes]
        moves = [move for size, walk in asked for move in under_move.every(own, walk, size, settings)]
    report.tables += [_table(walks), under_move.table(moves)]
    report.notes += [*_notes(walks, created), *under_move.notes(moves)]
    report.data = {"created": created, "steps": {str(size): walk.rows for size, walk in walks.items()}}
    report.data["asked"] = under_move.data(moves)
    shutil.rmtree(work, ignore_errors=True)
    return report


def resident() -> float:
    """The most memory that this process has had, in MiB: what it starts is never shown with less."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB


def _table(walks: Mapping[int, Walk]) -> Table:
    head = ["step", *(f"{size:,} tasks, {what}" for size in walks for what in ("s", "CPU s", "MiB"))]
    table = Table("Each step is a process of its own; MiB is the most it had.", head)
    for lines in zip(*(walk.rows for walk in walks.values()), strict=True):
        figures = [text for _, wall, cpu, mib, _ in lines for text in (f"{wall:.2f}", f"{cpu:.2f}", f"{mib:.0f}")]
        table.rows.append([lines[0][0], *figures])
    return table


def _notes(walks: Mapping[int, Walk], created: list[float]) -> list[str]:
    told = [(size, what, said) for size, walk in walks.items() for what, *_, said in walk.rows if said]
    median, worst = statistics.median(created) * 1000, max(created) * 1000
    made = f"median {median:.0f} ms, worst {worst:.0f} ms of {len(created)}"
    return [
        *(f"{size:,} tasks, {what}: {said}" for size, what, said in told),
        *(f"{size:,} tasks, content in every store: SHA-256 {walk.content[:16]}..." for size, walk in walks.items()),
        f"creating a tenant with a schema of its own and its first member, password hashed: {made}",
        "restore waits 2.5 s until every process knows that the tenant is shut out, erase 2.5 s more for its sessions",
        f"a step that has less memory than this bench itself, {resident():.0f} MiB, is shown with that of the bench",
    ]

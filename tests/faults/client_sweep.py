"""Kills the client of a PostgreSQL server at every system call that sends, and looks at what the server has.

    python -m tests.faults.client_sweep [--all] [careless]

Each run has a database of its own, a copy of an empty one. What is there is read through the store's own ports.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from freehold.cli.registry import organisations
from freehold.runtime.audit import verify
from freehold.runtime.failures import Failure
from freehold.runtime.idempotency import Receipt
from freehold.runtime.outbox import Delivery
from freehold.runtime.scope import Scope
from freehold.servers.postgres import PostgresServer
from freehold.settings import Settings
from freehold.wiring import backend, kit
from tests.faults.app import Note, Task, app
from tests.faults.program import Said, work
from tests.faults.state import MODEL
from tests.faults.sweep import ENDED, ROOT, Outcome, Point, told

ONE_AT_A_TIME = threading.Lock()
"""Python 3.11 parses sources in one thread at a time (its issue 106905), and an app that is put together is parsed."""

SENDING = ("sendto", "sendmsg", "write", "writev")
EMPTY = "empty"
MANY = 1000


class ClientSweep:
    """Runs of the program against databases of their own, all beginning as one that is empty."""

    def __init__(self, server: PostgresServer, within: Path, how: str = "") -> None:
        """Make the empty one, and see what a run leaves behind that nobody disturbs. `how` may be "careless"."""
        self._server, self._within, self._how = server, within, how
        self._ask(f"CREATE DATABASE {EMPTY}")
        with kit(self.settings(EMPTY)).migrations(self.settings(EMPTY), MODEL) as way:
            way.up()
        self.copy("undisturbed")
        said = self._run_on("undisturbed")
        wrong, self.expected = self.look("undisturbed", said)
        assert not wrong, wrong

    def settings(self, name: str) -> Settings:
        """How a database is reached."""
        urls = {"database_url": self._server.serving_url, "owner_url": self._server.url}
        named = {key: url.replace("/postgres?", f"/{name}?") for key, url in urls.items()}
        return replace(Settings(), store="postgres", data=str(self._within / "keys"), **named)

    def copy(self, name: str) -> None:
        """A new database, as the empty one. Rights on the database itself are not copied: `up` grants them again."""
        self._ask(f"CREATE DATABASE {name} TEMPLATE {EMPTY}")
        with kit(self.settings(name)).migrations(self.settings(name), MODEL) as way:
            way.up()

    def points(self) -> list[Point]:
        """Every place there is, by one run that nobody disturbs. Calls are counted by thread, as strace counts them."""
        self.copy("counted")
        log = self._within / "calls"
        done = self._traced("counted", "-o", str(log), "-e", f"trace={','.join(SENDING)}")
        assert done.returncode == 0, done.stderr
        lines = [line.split(None, 1) for line in log.read_text().splitlines()]
        counted = Counter((thread, told.partition("(")[0]) for thread, told in lines)
        most = {call: max(count for (_, each), count in counted.items() if each == call) for _, call in counted}
        return [Point(call, number) for call in SENDING for number in range(1, most.get(call, 0) + 1)]

    def outcomes(self, chosen: Sequence[Point]) -> Iterator[Outcome]:
        """What comes of being killed at each of these."""
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            yield from threads.map(self.killed_at, chosen)

    def killed_at(self, point: Point) -> Outcome:
        """Run until there, look, run again to the end, and look again."""
        name = f"at_{point.call}_{point.number}"
        self.copy(name)
        fault = f"inject={point.call}:{point.fault}:when={point.number}"
        done = self._traced(name, "-o", "/dev/null", "-e", f"trace={point.call}", "-e", fault)
        said: list[Said] = [tuple(json.loads(line)) for line in done.stdout.splitlines()]
        wrong, _ = self.look(name, said)
        try:
            again = self._run_on(name)
        except Failure as failure:
            return Outcome(point, [*wrong, f"it cannot be run again: {failure}"], was_killed=True, error=done.stderr)
        wrong += [f"said {one}, and then {other}" for one, other in zip(said, again, strict=False) if one != other]
        later, found = self.look(name, again)
        if found != self.expected:
            wrong.append(f"in the end there is {found}, not {self.expected}")
        self._ask(f"DROP DATABASE {name} WITH (FORCE)")
        return Outcome(point, [*wrong, *later], was_killed=done.returncode == ENDED, error=done.stderr)

    def look(self, name: str, said: Sequence[Said]) -> tuple[list[str], dict[str, object]]:
        """All that is wrong in a database after these things were said, and what is in it."""
        settings = self.settings(name)
        wrong: list[str] = []
        found: dict[str, object] = {}
        known: set[tuple[str, str]] = set()
        with ONE_AT_A_TIME:
            made, estate = backend(app, settings), kit(settings).estate(MODEL, settings)
        with closing(made), closing(estate):
            for tenant in organisations(made):
                with Scope(tenant.id) as scope:
                    wrong += [f"chain of {tenant.slug}: {one}" for one in verify(made.database, scope)]
                    entries = [json.loads(one.text) for one in made.database.audit(scope, 0, MANY)]
                    rows = {kind: estate.rows(scope, kind, "", MANY) for kind in (Task, Note, Receipt, Delivery)}
                noted, added = _noted(entries)
                there = {(row.id, row.version) for kind in (Task, Note) for row in rows[kind]}
                wrong += [f"half a command on {tenant.slug}: {row}" for row in noted ^ there]
                counts = {kind.__name__: len(found) for kind, found in rows.items()}
                tasks = sorted((row.number, row.done) for row in rows[Task] if isinstance(row, Task))
                found[tenant.slug] = (tasks, counts, Counter(entry["case"] for entry in entries))
                known |= {("tenant", tenant.id), *(("task", id) for id in added)}
        wrong += [f"lost: {one}" for one in said if one[0] in ("tenant", "task") and one not in known]
        return wrong, found

    def _run_on(self, name: str) -> list[Said]:
        with ONE_AT_A_TIME:
            return list(work(str(self._within / "keys"), self.settings(name)))

    def _traced(self, name: str, *options: str) -> subprocess.CompletedProcess[str]:
        settings = self.settings(name)
        command = [
            "strace",
            "-f",
            "-qq",
            *options,
            sys.executable,
            "-m",
            "tests.faults.program",
            settings.data,
            self._how,
        ]
        chosen = {"STORE": settings.store, "DATABASE_URL": settings.database_url, "OWNER_URL": settings.owner_url}
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **{f"FREEHOLD_{k}": v for k, v in chosen.items()}}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    def _ask(self, statement: str) -> None:
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            connection.execute(statement.encode())


def _noted(entries: Sequence[Mapping[str, Any]]) -> tuple[set[tuple[str, int]], set[str]]:
    """What is there by what the audit chain says, as ids and versions; and the ids of all that was ever added."""
    there: dict[str, int] = {}
    added: set[str] = set()
    for verb, kind, id, version in (change for entry in entries for change in entry["on"]):
        if kind not in ("Task", "Note"):
            continue
        added |= {id} if verb == "add" else set()
        there[id] = version
        if verb == "remove":
            del there[id]
    return set(there.items()), added


def main(arguments: Sequence[str]) -> int:
    """Sweep them all, or every tenth, and print what was found."""
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,
        tempfile.TemporaryDirectory(prefix="freehold-sweep-") as within,
        PostgresServer(Path(folder), settings=["fsync=off"]) as server,
    ):
        sweep = ClientSweep(server, Path(within), "careless" if "careless" in arguments else "")
        outcomes = list(sweep.outcomes(sweep.points()[:: 1 if "--all" in arguments else 10]))
    lines = [f"{outcome.point}: {violation}" for outcome in outcomes for violation in outcome.violations]
    sys.stdout.write("\n".join([*lines, told(outcomes), ""]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

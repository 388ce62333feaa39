"""Kills a program at every system call that writes, and looks at what it leaves behind.

    python -m tests.faults.sweep [--all] [careless]

`strace` counts the calls of one undisturbed run, and then ends one run before each of them. After every kill the file
is looked at; then the program is run again, to the end, and must end where an undisturbed one does.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from freehold.runtime.failures import Failure
from freehold.settings import Settings
from freehold.stores.schema import schema_of
from freehold.stores.sqlite.migrations import SqliteMigrations
from freehold.wiring import backend
from tests.faults.app import app
from tests.faults.program import Said, work
from tests.faults.state import MODEL, State

ROOT = Path(__file__).parents[2]
WRITING = (
    "write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate", "unlink", "unlinkat",
    "rename", "renameat", "renameat2", "mkdir", "mkdirat",
)  # fmt: skip
ENDED = -9


@dataclass(frozen=True)
class Point:
    """A place to be killed at, or where something else goes wrong: the nth call of this kind."""

    call: str
    number: int
    fault: str = "signal=KILL"

    def __str__(self) -> str:
        return f"{self.call} {self.number}"


@dataclass(frozen=True)
class Outcome:
    """What became of a run that was killed."""

    point: Point
    violations: list[str]
    was_killed: bool
    error: str


def prepared(folder: Path) -> Path:
    """A folder with an empty store and keys, which every run begins with a copy of."""
    settings = Settings(data=str(folder))
    with SqliteMigrations(settings.database_file, schema_of(MODEL)) as migrations:
        migrations.up()
    backend(app, settings).close()
    return folder


def traced(folder: Path, how: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the program under strace."""
    command = ["strace", "-f", "-qq", *options, sys.executable, "-m", "tests.faults.program", str(folder), how]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


class Sweep:
    """Runs of the program in folders of their own, all beginning with the same empty store."""

    def __init__(self, within: Path, how: str = "") -> None:
        """Prepare the store, and see what a run leaves behind that nobody disturbs. `how` may be "careless"."""
        self.within, self.how = within, how
        self.empty = prepared(within / "empty")
        said = list(work(str(self._folder("undisturbed"))))
        wrong = _looked_at(within / "undisturbed", said)
        assert not wrong, wrong
        self.expected = _summary(within / "undisturbed")

    def points(self) -> list[Point]:
        """Every place there is, by one run that nobody disturbs."""
        log = self.within / "calls"
        trace = f"trace={','.join(WRITING)}"
        done = traced(self._folder("counted"), self.how, "-o", str(log), "-e", trace)
        assert done.returncode == 0, done.stderr
        calls = [line.split(None, 1)[1].partition("(")[0] for line in log.read_text().splitlines()]
        counted = Counter(call for call in calls if call in WRITING)
        return [Point(call, number) for call, count in counted.items() for number in range(1, count + 1)]

    def outcomes(self, chosen: Sequence[Point]) -> Iterator[Outcome]:
        """What comes of being killed at each of these."""
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            yield from threads.map(self.killed_at, chosen)

    def killed_at(self, point: Point) -> Outcome:
        """Run until there, look, run again to the end, and look again."""
        folder = self._folder(str(point))
        fault = f"inject={point.call}:{point.fault}:when={point.number}"
        done = traced(folder, self.how, "-o", "/dev/null", "-e", f"trace={point.call}", "-e", fault)
        said: list[Said] = [tuple(json.loads(line)) for line in done.stdout.splitlines()]
        violations = [*_looked_at(folder, said), *_run_again(folder, said, self.expected)]
        shutil.rmtree(folder)
        return Outcome(point, violations, was_killed=done.returncode == ENDED, error=done.stderr)

    def _folder(self, name: str) -> Path:
        return shutil.copytree(self.empty, self.within / name)


def _looked_at(folder: Path, said: list[Said]) -> list[str]:
    state = State(folder)
    try:
        return list(state.violations(said))
    finally:
        state.close()


def _run_again(folder: Path, said: list[Said], expected: dict[str, object]) -> list[str]:
    try:
        again = list(work(str(folder)))
    except Failure as failure:
        return [f"it cannot be run again: {failure}"]
    wrong = [f"said {one}, and then {other}" for one, other in zip(said, again, strict=False) if one != other]
    found = _summary(folder)
    wrong += [
        f"in the end, {name} is {found[name]}, not {expected[name]}"
        for name in expected
        if found[name] != expected[name]
    ]
    return [*wrong, *_looked_at(folder, again)]


def _summary(folder: Path) -> dict[str, object]:
    state = State(folder)
    try:
        return state.summary()
    finally:
        state.close()


def told(outcomes: Sequence[Outcome]) -> str:
    """The figures."""
    killed = sum(outcome.was_killed for outcome in outcomes)
    wrong = sum(bool(outcome.violations) for outcome in outcomes)
    return f"{len(outcomes)} crash points, {killed} killed, {wrong} with violations"


def main(arguments: Sequence[str]) -> int:
    """Sweep them all, or every tenth, and print what was found."""
    with tempfile.TemporaryDirectory(prefix="freehold-sweep-") as name:
        sweep = Sweep(Path(name), "careless" if "careless" in arguments else "")
        chosen = sweep.points()[:: 1 if "--all" in arguments else 10]
        outcomes = list(sweep.outcomes(chosen))
    lines = [f"{outcome.point}: {violation}" for outcome in outcomes for violation in outcome.violations]
    sys.stdout.write("\n".join([*lines, told(outcomes), ""]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Plants leaks, one at a time, and sees whether the suite notices each.

python -m tests.isolation.mutants                   all of them, two at a time; ends with 1 when one survives
python -m tests.isolation.mutants --store dynamodb  those that are planted in one store
python -m tests.isolation.mutants --only NAME       one, in this process
"""

import argparse
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from freehold.settings import Settings
from freehold.testing import isolation
from tests.isolation.apps import app_named
from tests.isolation.grounds import settings_of
from tests.isolation.layers import LAYERS, REACHED
from tests.isolation.planted import accounts, dynamodb, edges, postgres, runtime, store
from tests.isolation.planted.mutant import Mutant
from tests.isolation.surgery import Outdated, broken

MUTANTS: tuple[Mutant, ...] = (
    *store.MUTANTS, *runtime.MUTANTS, *accounts.MUTANTS, *edges.MUTANTS, *postgres.MUTANTS, *dynamodb.MUTANTS
)  # fmt: skip
ROOT = Path.cwd()
AT_ONCE, PATIENCE = 2, 300
STORES = ("sqlite", "postgres", "dynamodb")
EFFORT, LITTLE = 0.6, 0.2
"""How many cases to try, in comparison; and on an emulator, where each takes ten times as long, unless it is known
where to look."""
KILLED, SURVIVED, BROKEN, STALE = "killed", "SURVIVED", "BREAKS ALL", "OUT OF DATE"


@dataclass(frozen=True)
class Fate:
    """What became of a mutant."""

    mutant: Mutant
    outcome: str
    by: str
    seconds: float

    @property
    def is_fine(self) -> bool:
        """Whether it was killed, or may live."""
        return self.outcome == KILLED or (self.outcome == SURVIVED and bool(self.mutant.excuse))

    def __str__(self) -> str:
        off = f" ({' and '.join(self.mutant.off)} off)" if self.mutant.off else ""
        why = f"  {self.mutant.excuse}" if self.outcome == SURVIVED and self.mutant.excuse else f"  {self.by}"
        where = self.mutant.store + (" pool" if self.mutant.tier == "pool" else "")
        return f"{self.outcome:<12} {self.seconds:>5.1f} s  {where:<14} {self.mutant.name + off:<72}{why}"


def attacked(mutant: Mutant, effort: float | None = None) -> Fate:
    """Plant a leak in this process, and look for it."""
    with settings_of(mutant.store, mutant.tier) as settings:
        return attacked_on(settings, mutant, _effort(mutant) if effort is None else effort)


def attacked_on(settings: Settings, mutant: Mutant, effort: float) -> Fate:
    """The same on a store that is there."""
    began = time.monotonic()
    breaks = [*mutant.breaks, *(one for layer in mutant.off for one in LAYERS[mutant.store][layer])]
    try:
        with broken(*breaks):
            report = isolation.run(
                app_named(mutant.app), effort=effort, only=mutant.attacks, first_only=True, settings=settings
            )
    except Outdated as outdated:
        return Fate(mutant, STALE, str(outdated)[:300], time.monotonic() - began)
    except Exception as error:
        return Fate(mutant, BROKEN, f"{error!r}"[:200], time.monotonic() - began)
    found = [leak for leak in report.leaks if leak.sort in REACHED or not mutant.off]
    if found:
        by = f"{found[0].case.attack}: {found[0].what}"
        return Fate(mutant, KILLED, by.replace("\n", " ")[:90], time.monotonic() - began)
    return Fate(mutant, SURVIVED, f"{len(report.cases)} cases {report.crashes or ''}", time.monotonic() - began)


def _effort(mutant: Mutant) -> float:
    return LITTLE if mutant.store == "dynamodb" and not mutant.attacks else EFFORT


def apart(mutant: Mutant, settings: Settings) -> Fate:
    """The same in a process of its own, which may hang or die, on a server that is there."""
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.isolation.mutants", "--only", mutant.name, "--plain"]
    named = {
        "DATABASE_URL": settings.database_url,
        "OWNER_URL": settings.owner_url,
        "TABLE_ENDPOINT": settings.table_endpoint,
    }
    given = {**os.environ, **{f"FREEHOLD_{name}": value for name, value in named.items() if value}}
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False, env=given
        )
    except subprocess.TimeoutExpired:
        return Fate(mutant, BROKEN, "it hangs", time.monotonic() - began)
    outcome, _, by = done.stdout.strip().rpartition("\n")[2].partition("\t")
    if outcome not in (KILLED, SURVIVED, BROKEN, STALE):
        return Fate(mutant, STALE, done.stderr.strip()[-300:], time.monotonic() - began)
    return Fate(mutant, outcome, by, time.monotonic() - began)


def all_apart(mutants: Sequence[Mutant]) -> list[Fate]:
    """Each in a process of its own, those of one store on one server."""
    stores: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        stores[mutant.store].append(mutant)
    fates: list[Fate] = []
    for name, planted in stores.items():
        with settings_of(name) as settings, ThreadPoolExecutor(AT_ONCE) as pool:
            fates += pool.map(partial(apart, settings=settings), planted)
    return fates


def summary(fates: Sequence[Fate], seconds: float) -> str:
    """One line."""
    killed = sum(fate.outcome == KILLED for fate in fates)
    excused = sum(fate.outcome == SURVIVED and fate.is_fine for fate in fates)
    rate = f"{killed} of {len(fates)} mutants killed ({killed / len(fates):.0%})"
    return f"{rate}, {excused} survive with a reason, {len(fates) - killed - excused} without; {seconds:.0f} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the table, and end with 1 when a mutant lives that should not."""
    parser = argparse.ArgumentParser(prog="tests.isolation.mutants", description=__doc__)
    parser.add_argument("--only", default="", help="mutants whose name has this in it, in this process")
    parser.add_argument("--store", default="", choices=("", *STORES), help="mutants of one store")
    parser.add_argument("--plain", action="store_true", help="say the outcome only")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    if given.only:
        exact = [mutant for mutant in MUTANTS if mutant.name == given.only]
        fates = [attacked(mutant) for mutant in exact or MUTANTS if given.only in mutant.name]
    else:
        fates = all_apart([mutant for mutant in MUTANTS if given.store in ("", mutant.store)])
    if given.plain:
        print(f"{fates[0].outcome}\t{fates[0].by}")
        return 0
    for fate in fates:
        print(fate)
    print(summary(fates, time.monotonic() - began))
    return 0 if all(fate.is_fine for fate in fates) else 1


if __name__ == "__main__":
    sys.exit(main())

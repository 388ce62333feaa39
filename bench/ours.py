"""freehold's side of every comparison: the one file to change when freehold's own commands or stores change.

Without freehold in this environment it raises `CannotRun`; the bench then prints the peers alone and says so.
"""

import importlib
import importlib.util
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from bench.ground import Ground
from bench.process import ROOT, CannotRun

APP = ROOT / "bench" / "apps" / "freehold_tasks.py"
FIRST_EXAMPLE = ROOT / "examples" / "01_tasks.py"


class StoreSide(Protocol):
    """The four calls that `bench store` and `bench growth` time. Each does everything its caller needs, every time."""

    def get(self, tenant: str, task: str) -> object:
        """Return one task as an object, found by id."""
        ...

    def first_page(self, tenant: str, project: str) -> list[object]:
        """Return the 50 newest tasks of a project as objects."""
        ...

    def add(self, tenant: str, project: str, number: int) -> str:
        """Add one task in a unit of work of its own, and return its id once it is on disk. Safe in any thread."""
        ...

    def close(self) -> None:
        """Let go of files and threads."""
        ...


def cli() -> str:
    """Return the path of the `freehold` command of this interpreter's environment."""
    beside = Path(sys.executable).with_name("freehold")
    found = str(beside) if beside.exists() else shutil.which("freehold")
    if not found or not importlib.util.find_spec("freehold"):
        raise CannotRun("freehold is not installed in this environment")
    return found


def seed(folder: Path) -> Ground:
    """Fill a store in `folder` for `apps/freehold_tasks.py` and return its ground, tokens included."""
    return part("own_ground").fill(folder)


SERVED = {
    "FREEHOLD_TENANT_LIMIT": "600000000/minute",
    "FREEHOLD_PRINCIPAL_LIMIT": "600000000/minute",
    "FREEHOLD_QUEUE_DEPTH": "32",
    "FREEHOLD_LOG_LEVEL": "warning",
}
"""What is set in `bench http` and `overload`; `README.md` says why. Rates are counted all the same."""

UNCONTROLLED = {"FREEHOLD_QUEUE_DEPTH": "1000000", "FREEHOLD_QUEUE_SECONDS": "1000000"}
"""Everything may wait, for as long as it likes."""


def serve(folder: Path, port: int, *, control: bool) -> list[str]:
    """Return the command that serves `apps/freehold_tasks.py` from `folder`; `control` is shedding and fairness."""
    chosen = SERVED if control else SERVED | UNCONTROLLED
    words = [f"{name}={value}" for name, value in chosen.items()]
    return ["env", *words, cli(), "serve", str(APP), "--port", str(port), "--data", str(folder)]


def fill_store(folder: Path, tenants: int, tasks: int) -> StoreSide:
    """Fill a new embedded store in `folder` with the same as `store.Bare.fill` writes, and open it.

    That is `tasks` tasks spread evenly over `tenants` tenants, with the ids that `store.tenant_name` and `store.ids_of`
    give, so that both sides are asked for the same. A tenant has `store.PROJECTS` projects.
    """
    return part("own_store").filled(folder, tenants, tasks)


def tokens(store: StoreSide, tenants: int, asking: Sequence[int]) -> list[str]:
    """Make organisations of the tenants of a store that `fill_store` gave; return a token for each of those asking."""
    return list(part("own_store").tokens(store, tenants, asking))


def isolation(folder: Path) -> AbstractContextManager[dict[str, dict[str, Callable[[], object]]]]:
    """Give each call, four ways: as it is, without layer 2, without layer 4, without both."""
    return part("own_isolation").ways(folder)


def postgres_isolation(started: Any, tier: str) -> AbstractContextManager[dict[str, dict[str, Callable[[], object]]]]:
    """Give the same on a PostgreSQL server."""
    return part("own_isolation").postgres_ways(started.url, started.serving_url, tier)


def part(name: str) -> ModuleType:
    """Import a part of the bench that imports freehold."""
    cli()
    return importlib.import_module(f"bench.{name}")


def cold() -> dict[str, list[str]]:
    """Return what `bench coldstart` starts: each key begins with "freehold", each value is a command."""
    return {"freehold, examples/01_tasks.py": [sys.executable, str(FIRST_EXAMPLE)]}

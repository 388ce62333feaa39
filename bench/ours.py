"""freehold's side of every comparison: the one file to change when freehold's own commands or stores change.

What is not there yet raises `CannotRun`; the bench then prints the peers alone and says so.
"""

import importlib.util
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

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
    raise CannotRun(f"freehold cannot fill a store for {APP.name} yet ({folder.name})")


def serve(folder: Path, port: int, *, control: bool) -> list[str]:
    """Return the command that serves `apps/freehold_tasks.py` from `folder`; `control` is shedding and fairness."""
    if not control:
        raise CannotRun("freehold cannot be served without its overload control yet")
    return [cli(), "serve", str(APP), "--port", str(port), "--data", str(folder)]


def fill_store(folder: Path, tenants: int, tasks: int) -> StoreSide:
    """Fill a new embedded store in `folder` with the same as `store.Bare.fill` writes, and open it.

    That is `tasks` tasks spread evenly over `tenants` tenants, with the ids that `store.tenant_name` and `store.ids_of`
    give, so that both sides are asked for the same. A tenant has `store.PROJECTS` projects.
    """
    raise CannotRun(f"freehold's store cannot be filled by the bench yet ({folder.name}, {tenants}, {tasks})")


def isolation(folder: Path) -> dict[str, Callable[[], object]]:
    """Return one same call, three ways: as it is, without handles bound to a call, without tenant-bound statements."""
    raise CannotRun(f"freehold's layers cannot be bypassed by the bench yet ({folder.name})")


def cold() -> dict[str, list[str]]:
    """Return what `bench coldstart` starts: each key begins with "freehold", each value is a command."""
    return {"freehold, examples/01_tasks.py": [sys.executable, str(FIRST_EXAMPLE)]}

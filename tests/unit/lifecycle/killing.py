"""A verb about a whole tenant is killed on its way."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from freehold.settings import DESTINATION, OURS, Settings

ROOT = Path(__file__).parents[3]


def killed(verb: str, settings: Settings, point: int, *, file: Path | None = None, to: Settings | None = None) -> bool:
    """Somebody does it to acme: with the archive `file`, or to another store. Whether they were killed at this point.

    Else they came to the end.
    """
    environment = {**os.environ, **_named(OURS, settings), **(_named(DESTINATION, to) if to else {})}
    other = to.data if to else str(file)
    command = [sys.executable, "-m", "tests.unit.lifecycle.mortal", verb, settings.data, other, str(point)]
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    assert code in (0, -signal.SIGKILL)
    return code != 0


def _named(prefix: str, settings: Settings) -> dict[str, str]:
    names = ("store", "database_url", "tier", "table", "table_endpoint")
    return {f"{prefix}{name.upper()}": str(getattr(settings, name)) for name in names}

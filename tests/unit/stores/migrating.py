"""Run as a program: migrates a file, and kills itself after so many of SQLite's steps, if it is told how many.

python -m tests.unit.stores.migrating FILE VERSION [STEPS]
"""

import os
import signal
import sys

from freehold.stores.schema import schema_of
from freehold.stores.sqlite.migrations import SqliteMigrations
from tests.unit.stores import versions
from tests.unit.stores.stored import model_of


def kill() -> int:
    """End at once, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def main(file: str, version: str, steps: str = "0") -> None:
    """Migrate, when somebody has said to begin."""
    with SqliteMigrations(file, schema_of(model_of(*getattr(versions, version)()))) as migrations:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        if int(steps):
            migrations._raw.set_progress_handler(kill, int(steps))
        migrations.up(breaking=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Run as a program: adds tasks from many threads until it is killed, and says of each that it is kept.

python -m tests.faults.load FOLDER FIRST [loose]

The loose one does not wait for the disk: what must be found out.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from freehold.settings import Settings
from freehold.testing import Caller
from freehold.wiring import backend
from tests.faults.app import app, create
from tests.faults.program import entered

THREADS = 8
APART = 1_000_000


def add_for_ever(ada: Caller, first: int) -> None:
    """Add one task after the other."""
    for number in count(first):
        task = ada.call(create, number=number, key=f"create {number}")
        os.write(1, json.dumps(["task", task.id]).encode() + b"\n")


def main(folder: str, first: str, how: str = "") -> None:
    """Do so in every thread."""
    limits = {"tenant_limit": "10000000/minute", "principal_limit": "10000000/minute"}
    made = backend(app, Settings(data=folder, **limits))
    ada = entered(made, "acme")
    if how == "loose":
        raw = made.database._writer._connection.raw  # type: ignore[attr-defined]  # SQLite's
        raw.set_authorizer(None)
        raw.execute("PRAGMA synchronous = OFF")
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda thread: add_for_ever(ada, int(first) + thread * APART), range(THREADS)))


if __name__ == "__main__":
    main(*sys.argv[1:])

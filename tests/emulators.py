"""Servers that speak DynamoDB, for tests: each from an environment of its own, which `make emulators` has made.

What each is known to do otherwise than DynamoDB, and tests have to know:

* roto has no limit of 1 MB for a page, applies a transaction again that comes again with its ClientRequestToken, and
  does not show the item that a condition was about;
* ministack accepts requests that DynamoDB refuses, and forgets everything when it is killed;
* dynalite has no transactions, and no ClientRequestToken. About what is no valid request it is the strictest.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from freehold.servers.dynamodb import DynamoServer, Emulator, dynalite, ministack, roto

FOLDER = Path(__file__).resolve().parents[1] / ".emulators"

PROGRAMS: Mapping[str, tuple[str, Callable[[str], Emulator]]] = {
    "roto": ("roto/bin/roto-server", partial(roto, keeps=False)),
    "ministack": ("ministack/bin/ministack", ministack),
    "dynalite": ("dynalite/node_modules/dynalite/cli.js", dynalite),
}
TRANSACTIONAL = ("roto", "ministack")
"""Those that can do all that the store asks."""


@contextmanager
def emulated(name: str, folder: Path) -> Iterator[DynamoServer]:
    """A server on a folder, for a block. Where it is not installed the test is skipped, and in CI it fails."""
    path, made = PROGRAMS[name]
    if not (FOLDER / path).exists():
        message = f"{name} is not installed: `make emulators` does that"
        if "CI" in os.environ:
            pytest.fail(message)
        pytest.skip(message)
    with DynamoServer(made(str(FOLDER / path)), folder) as server:
        yield server

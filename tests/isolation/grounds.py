"""Stores to attack: the embedded one, and those that want a server, which is started unless the environment names it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from freehold.cli.standing import standing
from freehold.servers.dynamodb import DynamoServer, Emulator, found_roto
from freehold.settings import Settings, from_environment

STORES = (("sqlite", "schema"), ("postgres", "schema"), ("postgres", "pool"), ("dynamodb", "schema"))
"""Each store, in each of its tiers."""


@contextmanager
def settings_of(store: str, tier: str = "schema") -> Iterator[Settings]:
    """Settings of a store that stands for as long as the block."""
    with tempfile.TemporaryDirectory(prefix="freehold-") as folder:
        wanted = replace(from_environment(), store=store, tier=tier, data=folder, environment="local")
        if store == "dynamodb" and not wanted.table_endpoint:
            with DynamoServer(forgetful(), Path(folder)) as server:
                yield replace(wanted, table_endpoint=server.url)
        else:
            with standing(wanted) as settings:
                yield settings


def forgetful() -> Emulator:
    """The emulator that development starts, without a disk: what is attacked is gone afterwards anyway."""
    known = found_roto()
    return Emulator(known.name, [*(part for part in known.command if part != "--durable"), "--ephemeral"])


def title_of(store: str, tier: str) -> str:
    """What a store is called, with its tier if there are several."""
    return f"{store} {tier}" if store == "postgres" else store

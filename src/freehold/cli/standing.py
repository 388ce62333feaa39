"""The store of an app on this machine: one that wants a server which the settings do not name is given one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from freehold.cli.writing import writing
from freehold.model.finding import ModelError
from freehold.settings import Settings, from_environment
from freehold.stores.migrate import MIGRATE
from freehold.wiring import kit


def settings_for(data: str | None, store: str | None = None) -> Settings:
    """The environment's settings; `data` and `store`, from the command line, go first."""
    settings = from_environment()
    return replace(settings, data=data or settings.data, store=store or settings.store)


def settings_to_attack(store: str | None, tier: str | None) -> Settings:
    """The same for an app that is to be attacked: with its local adapters, which charge nobody."""
    settings = settings_for(None, store)
    return replace(settings, tier=tier or settings.tier, environment="local")


def migrate_up(settings: Settings) -> str:
    """The command that migrates this very store: what the environment does not say is written."""
    usual = from_environment()
    given = {"store": (settings.store, usual.store), "data": (settings.data, usual.data)}
    return " ".join([MIGRATE, *(f"--{name} {one}" for name, (one, other) in given.items() if one != other)])


@contextmanager
def named(settings: Settings) -> Iterator[None]:
    """A fix that is told in the block names this very store: what finds it behind knows nothing of options."""
    try:
        yield
    except ModelError as error:
        up = f"`{migrate_up(settings)}`"
        raise ModelError(replace(one, fix=one.fix.replace(f"`{MIGRATE}`", up)) for one in error.findings) from error


@contextmanager
def standing(settings: Settings) -> Iterator[Settings]:
    """The settings, with a store that stands for as long as the block.

    A server that is started here keeps its data in the folder of the settings, beside the keys. Raises `ModelError`
    (FH308) when there is none to start, (FH401) for a store that does not exist or lacks a part, and (FH409) where the
    folder cannot be made.
    """
    kit(settings)  # before anything is started: it may lack a part
    with named(settings), _served(settings) as stands:
        yield stands


@contextmanager
def standing_for_a_while(settings: Settings) -> Iterator[Settings]:
    """The same in a folder that is gone afterwards. Raises what `standing` raises."""
    with TemporaryDirectory(prefix="freehold-") as folder, standing(replace(settings, data=folder)) as stands:
        yield stands


@contextmanager
def _served(settings: Settings) -> Iterator[Settings]:
    """The settings, with a server if the store wants one that they do not name."""
    if settings.store == "postgres" and not settings.database_url:
        from freehold.servers.postgres import PostgresServer

        _make_folder(settings)
        with PostgresServer(Path(settings.data) / "postgres") as server:
            yield replace(settings, database_url=server.serving_url, owner_url=server.url)
    elif settings.store == "dynamodb" and not settings.table_endpoint and not settings.data_role:
        from freehold.servers.dynamodb import DynamoServer, found_roto

        _make_folder(settings)
        with DynamoServer(found_roto(), Path(settings.data) / "dynamodb") as server:
            yield replace(settings, table_endpoint=server.url)
    else:
        yield settings


def _make_folder(settings: Settings) -> None:
    with writing("take another folder: `--data FOLDER`, or FREEHOLD_DATA"):
        Path(settings.data).mkdir(mode=0o700, parents=True, exist_ok=True)

"""What the verbs about whole tenants share: a deployment, a destination, a question, and how far it has come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import typer
from pydantic import BaseModel

from freehold.accounts.records import Organisation
from freehold.cli import screen
from freehold.cli.operating import opened
from freehold.cli.registry import known_organisation, organisation
from freehold.cli.standing import standing
from freehold.edges.keys import KeyRing
from freehold.lifecycle.content import digest
from freehold.lifecycle.deployment import Deployment
from freehold.lifecycle.importing import Arrived
from freehold.model.app import App
from freehold.model.finding import Finding, ModelError, Place
from freehold.runtime.system import SystemClock, SystemRandom
from freehold.settings import DESTINATION, Settings, from_environment
from freehold.wiring import Backend, backend, keys, kit


@contextmanager
def deployed(target: str | None, data: str | None, store: str | None) -> Iterator[tuple[Backend, Deployment]]:
    """An app on its store, and whole grounds of it. Raises `ModelError` as `opened` does."""
    with opened(target, data, store) as made, _deployment(made) as deployment:
        yield made, deployment


@contextmanager
def destination(app: App, source: Settings, store: str | None, data: str | None) -> Iterator[Deployment]:
    """The same app where `FREEHOLD_TO_*` and two options say. Which store and which folder is else as it comes from.

    Raises `ModelError` (FH322) when that is where it comes from, too.
    """
    there = from_environment(prefix=DESTINATION, usual=Settings(store=source.store, data=source.data))
    wanted = replace(there, store=store or there.store, data=data or there.data)
    if _is_where_it_is(source, wanted):
        fix = "say where to: another --to-store, --to-data, or FREEHOLD_TO_..."
        raise ModelError([Finding("FH322", Place("--to-store", 0), "the tenant is there: it comes from there", fix)])
    with standing(wanted) as settings:
        made = backend(app, settings)
        try:
            with _deployment(made) as deployment:
                yield deployment
        finally:
            made.close()


def _is_where_it_is(source: Settings, wanted: Settings) -> bool:
    """Whether both mean one store. `source` says where a server of our own is, and `wanted` does not yet."""
    if wanted.store != source.store or (wanted.store == "dynamodb" and wanted.table != source.table):
        return False
    address = {"postgres": "database_url", "dynamodb": "table_endpoint"}.get(wanted.store)
    if address and getattr(wanted, address):
        return bool(getattr(wanted, address) == getattr(source, address))
    if wanted.store == "dynamodb" and not source.table_endpoint:
        return True  # at AWS, where folders tell no tables apart
    return Path(wanted.data).resolve() == Path(source.data).resolve()


@contextmanager
def _deployment(made: Backend) -> Iterator[Deployment]:
    estate = kit(made.settings).estate(made.model, made.settings)
    try:
        yield Deployment(made.model, made.database, estate, made.clock)
    finally:
        estate.close()


def found(made: Backend, slug: str) -> Organisation:
    """The tenant with this short name, or a wrong call that says which there are."""
    return known_organisation(made, slug)


def ring(settings: Settings) -> KeyRing:
    """The keys of a deployment as they are now."""
    return keys(settings, SystemClock(), SystemRandom()).ring()


def free(path: Path, option: str) -> Path:
    """A file that is not there yet, or a wrong call: nothing is written over."""
    if path.exists():
        raise typer.BadParameter(f"{path} is there already", param_hint=option)
    if not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}", param_hint=option)
    return path


class Begun(BaseModel, frozen=True, extra="forbid"):
    """What lies where a certificate goes, until it does: whoever was killed can do it again, to its end."""

    statement: str = "The erasure of a tenant was begun. It has not ended: do it again."
    organisation: Organisation

    @classmethod
    def found(cls, path: Path) -> Organisation | None:
        """The tenant that a file says this of."""
        try:
            return cls.model_validate_json(path.read_bytes()).organisation
        except (OSError, ValueError):
            return None


def to_be_erased(made: Backend, slug: str, path: Path) -> Organisation:
    """The tenant with this short name; or the one whose erasure was killed before its certificate was written.

    A wrong call where `path` is something else.
    """
    known, begun = organisation(made, slug), Begun.found(path)
    if begun is None or begun.slug != slug or (known is not None and known.id != begun.id):
        free(path, "--certificate")
        return found(made, slug)
    return known or begun


def put(path: Path, text: str) -> None:
    """Write a file, whole, in place of one that may be there. Raises `OSError`, and leaves that one."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


class Ticker:
    """How far something long has come, on one line of a terminal's standard error."""

    def __init__(self, *, hidden: bool) -> None:
        """Show nothing yet; with `hidden`, or where nobody looks, never."""
        self._hidden = hidden or not sys.stderr.isatty()
        self._shown = 0

    def __call__(self, what: str, count: int) -> None:
        """Show this instead of what was shown."""
        if not self._hidden:
            text = f"{what}: {count:,}" if count else what
            typer.echo(f"\r{text.ljust(self._shown)}", nl=False, err=True)
            self._shown = len(text)

    def done(self) -> None:
        """Leave the line empty."""
        if self._shown:
            typer.echo(f"\r{' ' * self._shown}\r", nl=False, err=True)


def agreed(slug: str, what: str, *, yes: bool) -> None:
    """Ask whoever has not said so for the short name. Ends the verb when it is not that."""
    if not yes and typer.prompt(f"{what} Type {slug} to go on", err=True) != slug:
        typer.echo("Nothing was done.", err=True)
        raise typer.Exit(1)


def tell_arrival(arrived: Arrived, what: str, *, as_json: bool) -> None:
    """Say what has arrived, and who came with it."""
    there, rows = arrived.organisation, sum(part.count for part in arrived.parts.values())
    if as_json:
        told = {"slug": there.slug, "id": there.id, "rows": rows, "content": digest(arrived.parts)}
        screen.print_json({**told, "people": dict(arrived.people)})
        return
    typer.echo(f"{there.slug} {what}: {rows:,} rows, compared with what was to be there.")
    if arrived.people["new"]:
        typer.echo(f"{arrived.people['new']} people are new here; see `freehold tenant password` for who has none.")

"""One version of an app on a developer's machine, from loading its source to the last answer."""

from __future__ import annotations

import gc
import logging
import sys
import threading

import typer

from freehold.cli.demo import OWNERS, PASSWORD, demo_people, populate
from freehold.cli.faults import tell
from freehold.cli.listening import Listener, address_of
from freehold.cli.operating import migrations
from freehold.cli.standing import migrate_up
from freehold.cli.supervisor import Report
from freehold.cli.target import Target, failed_files, load, loaded_files
from freehold.edges.logs import configure
from freehold.edges.server import serve
from freehold.model.app import App
from freehold.model.finding import Finding, ModelError
from freehold.model.model import Model
from freehold.runtime.routes import PREFIX
from freehold.settings import Settings
from freehold.stores.migrate import Step, suffices
from freehold.stores.schema import schema_of
from freehold.wiring import Backend, backend, complete, kit, site

DRAIN_SECONDS = 2.0
BEHIND = "FH303"
MISFIT = "the app needs another schema, and what is in the store would not survive the way there unharmed:"
SURPLUS = "the store has more than the app needs; `{up}` takes that away:"
BREAKING_FIX = "`{up}` if you mean it, then save a file; or take other data: `--data FOLDER`"

log = logging.getLogger("freehold.dev")


class Development:
    """What every version shares: where the app is, its settings, and the socket. `run` is one version's life."""

    def __init__(self, target: Target, settings: Settings, listener: Listener, *, demo: bool) -> None:
        """Nothing is loaded yet."""
        self._target, self._settings, self._listener, self._demo = target, settings, listener, demo

    def run(self, report: Report | None) -> int:
        """Load, check, migrate, serve. Returns the exit code: 1 when the app cannot be served."""
        configure(self._settings.log_level, pretty=True)
        sys.dont_write_bytecode = True  # two saves within a second leave a cache that looks fresh
        try:
            made = self._backend(load(self._target))
        except ModelError as error:
            if report is not None:
                report.files(loaded_files(self._target) | failed_files(error, self._target))
            tell(error)
            return 1
        try:
            serve(
                site(made), [self._listener], drain_seconds=DRAIN_SECONDS, started=lambda: self._started(made, report)
            )
        finally:
            made.close()
        return 0

    def _backend(self, app: App) -> Backend:
        """Put the app together. Migrations are looked into only where the store has not what the app needs."""
        if kit(self._settings).exists(self._settings):
            try:
                return backend(app, self._settings)
            except ModelError as error:
                if any(finding.code != BEHIND for finding in error.findings):
                    raise
        self._migrate(complete(app))
        return backend(app, self._settings)

    def _migrate(self, model: Model) -> None:
        """Make the steps that are safe, and name them. Where one is not, make none.

        Raises `ModelError` (FH301), with the plan, if the app needs one that is not.
        """
        with migrations(self._settings, model) as found:
            is_new, plan = not found.status(), found.plan()
            if any(step.is_breaking for step in plan):
                up = f"{migrate_up(self._settings)} --breaking"
                if any(suffices(found.present(), schema_of(model))):
                    raise ModelError([Finding("FH301", found.place, _listed(MISFIT, plan), BREAKING_FIX.format(up=up))])
                typer.echo(f"{typer.style('not migrated', fg='yellow')}  {_listed(SURPLUS.format(up=up), plan)}")
                return
            found.up()
        for step in () if is_new else plan:
            typer.echo(f"{typer.style('migrated', fg='cyan')}  {step}")

    def _started(self, made: Backend, report: Report | None) -> None:
        """Requests are answered from now on; what else is to be done is done beside."""
        gc.freeze()  # what is loaded stays
        gc.enable()
        if report is not None:
            report.files(loaded_files(self._target))
            self._listener.on_close = report.left
            report.serving()
        is_first = report is None or report.number == 1
        threading.Thread(target=self._settle, args=(made,), kwargs={"greet": is_first}, daemon=True).start()

    def _settle(self, made: Backend, *, greet: bool) -> None:
        made.start()
        try:
            self._migrate(made.model)  # what the store has too much: nobody waits for that to go
            if self._demo:
                populate(made)
        except Exception:
            log.exception("the demo tenants could not be made, or the store not be tidied")
        if greet:
            self._greet(made)

    def _greet(self, made: Backend) -> None:
        address = address_of(self._listener)
        typer.echo(f"\n  {typer.style(made.model.name, bold=True)} is served. Save a file to reload; Ctrl-C ends it.\n")
        typer.echo(f"  API       {_link(address + PREFIX)}")
        typer.echo(f"  docs      {_link(address + '/docs')}")
        if self._demo:
            typer.echo()
            for slug, people in demo_people(made).items():
                typer.echo(f"  {slug:8}  {', '.join(f'{email} ({role})' for email, role in people)}")
            typer.echo(f"  password  {typer.style(PASSWORD, fg='yellow')}\n\n  {_sign_in(address)}\n")


def _listed(matter: str, plan: list[Step]) -> str:
    return "\n  ".join([matter, *map(str, plan)])


def _link(address: str) -> str:
    return typer.style(address, fg="cyan", underline=True)


def _sign_in(address: str) -> str:
    """A command that signs the first owner in."""
    body = f'{{"email": "{next(iter(OWNERS.values()))}", "password": "{PASSWORD}"}}'
    return f"curl -s {address}{PREFIX}/auth/sign-in -H 'content-type: application/json' -d '{body}'"

"""Every verb of the command line, in the order somebody meets them."""

from __future__ import annotations

from typing import Annotated

import typer
from typer.core import TyperGroup

from freehold.cli.audit import audit
from freehold.cli.call import call
from freehold.cli.check import check
from freehold.cli.dev import dev
from freehold.cli.doctor import doctor
from freehold.cli.events import events
from freehold.cli.explain import explain
from freehold.cli.keys import keys
from freehold.cli.listing import Page, write
from freehold.cli.migrate import migrate
from freehold.cli.moving import move, password
from freehold.cli.new import new
from freehold.cli.openapi import openapi
from freehold.cli.routes import routes
from freehold.cli.seed import seed
from freehold.cli.serve import serve
from freehold.cli.tenant import tenant
from freehold.cli.test import test

SECTIONS = {
    "Begin": ("new", "dev", "check", "test"),
    "Look": ("explain", "routes", "openapi"),
    "Try": ("call", "seed"),
    "Run": ("serve", "migrate", "tenant", "events", "audit", "keys", "doctor"),
}
WIDTH = 100


class Verbs(TyperGroup):
    """The verbs under headings, in the order somebody meets them."""

    def format_commands(self, ctx: object, formatter: Page) -> None:  # noqa: ARG002  # as Typer calls it
        """Write them on a page of help."""
        for heading, names in SECTIONS.items():
            write(self, formatter, heading, names)


app = typer.Typer(
    name="freehold",
    cls=Verbs,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
)


def _version(wanted: bool) -> None:
    if wanted:
        from freehold import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def freehold(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Multi-tenant backends from one Python model. Every tenant on its own ground.

    Begin with `freehold new acme`, then `cd acme` and `freehold dev`.
    """


for verb in (new, dev, check, explain, routes, openapi, seed, serve, doctor):
    app.command()(verb)
for verb in (move, password):
    tenant.command()(verb)
for name, group in {
    "test": test, "call": call, "migrate": migrate, "tenant": tenant, "events": events, "audit": audit, "keys": keys,
}.items():  # fmt: skip
    app.add_typer(group, name=name)

"""Every verb of the command line, in the order somebody meets them."""

from __future__ import annotations

import typer

from freehold.cli.check import check
from freehold.cli.dev import dev
from freehold.cli.serve import serve

app = typer.Typer(
    name="freehold",
    help="Multi-tenant backends from one Python model. Every tenant on its own ground.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(dev)
app.command()(check)
app.command()(serve)

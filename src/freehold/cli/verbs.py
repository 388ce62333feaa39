"""Every verb of the command line, in the order somebody meets them."""

from __future__ import annotations

import typer

from freehold.cli.audit import audit
from freehold.cli.call import call
from freehold.cli.check import check
from freehold.cli.dev import dev
from freehold.cli.events import events
from freehold.cli.explain import explain
from freehold.cli.keys import keys
from freehold.cli.migrate import migrate
from freehold.cli.openapi import openapi
from freehold.cli.routes import routes
from freehold.cli.seed import seed
from freehold.cli.serve import serve
from freehold.cli.tenant import tenant

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
app.command()(explain)
app.command()(routes)
app.command()(openapi)
app.add_typer(call, name="call")
app.command()(seed)
app.command()(serve)
app.add_typer(migrate, name="migrate")
app.add_typer(tenant, name="tenant")
app.add_typer(events, name="events")
app.add_typer(audit, name="audit")
app.add_typer(keys, name="keys")

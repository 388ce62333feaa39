"""Every verb of the command line, in the order somebody meets them."""

from __future__ import annotations

import sys

import click
from click.shell_completion import get_completion_class

from freehold import __version__
from freehold.cli.audit import audit
from freehold.cli.call import call
from freehold.cli.check import check
from freehold.cli.dev import dev
from freehold.cli.doctor import doctor
from freehold.cli.events import events
from freehold.cli.explain import explain
from freehold.cli.keys import keys
from freehold.cli.migrate import migrate
from freehold.cli.moving import move, password
from freehold.cli.new import new
from freehold.cli.openapi import openapi
from freehold.cli.routes import routes
from freehold.cli.seed import seed
from freehold.cli.serve import serve
from freehold.cli.signature import Group
from freehold.cli.tenant import tenant
from freehold.cli.test import test

SECTIONS = {
    "Begin": ("new", "dev", "check", "test"),
    "Look": ("explain", "routes", "openapi"),
    "Try": ("call", "seed"),
    "Run": ("serve", "migrate", "tenant", "events", "audit", "keys", "doctor"),
}
WIDTH = 100
COMPLETION = "_FREEHOLD_COMPLETE"
"""The variable by which a shell asks what may come next."""


class Verbs(Group):
    """The verbs under headings. What went wrong, and a person can put right, is told; then it ends with 1."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write them on a page of help."""
        widest = max(map(len, self.commands))
        for heading, names in SECTIONS.items():
            with formatter.section(heading):
                rows = [(name.ljust(widest), self.sentence(ctx, name)) for name in names]
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> object:
        """Run one of them."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from freehold.cli.faults import tell

            if not tell(error, as_json="--json" in sys.argv):
                raise
            ctx.exit(1)


def _complete(ctx: click.Context, _: click.Parameter, shell: str | None) -> None:
    if shell is not None and (made := get_completion_class(shell)) is not None:
        click.echo(made(freehold, {}, "freehold", COMPLETION).source())
        ctx.exit()


freehold = Verbs(
    "freehold",
    help="""Multi-tenant backends from one Python model. Every tenant on its own ground.

    Begin with `freehold new acme`, then `cd acme` and `freehold dev`.
    """,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
    params=[
        click.Option(
            ["--completion"],
            type=click.Choice(["bash", "zsh", "fish"]),
            callback=_complete,
            is_eager=True,
            expose_value=False,
            help='Print what lets a shell complete: eval "$(freehold --completion bash)"',
        )
    ],
)
click.version_option(__version__, message="%(version)s", help="Say which version this is.")(freehold)

for function in (new, dev, check, explain, routes, openapi, seed, serve, doctor):
    freehold.verb()(function)
for function in (move, password):
    tenant.verb()(function)
for name, verbs in {
    "test": test, "call": call, "migrate": migrate, "tenant": tenant, "events": events, "audit": audit, "keys": keys,
}.items():  # fmt: skip
    freehold.add_command(verbs, name)

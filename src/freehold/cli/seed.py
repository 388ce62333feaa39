"""`freehold seed`: what the app's `@app.seed` functions put into a tenant."""

from __future__ import annotations

from typing import Annotated

import typer

from freehold.cli.arguments import DataOption, StoreOption, TargetArgument


def seed(
    target: TargetArgument = None,
    tenant: Annotated[
        str | None, typer.Option(metavar="SLUG", help="The tenant to fill. Default: the demo tenants, made if need be.")
    ] = None,
    email: Annotated[
        str | None, typer.Option("--as", metavar="EMAIL", help="The member who does it. Needed with --tenant.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also those that have been run there.")] = False,
    data: DataOption = None,
    store: StoreOption = None,
) -> None:
    """Run the app's seeds in a tenant, each of them once."""
    from freehold.cli.demo import populate
    from freehold.cli.operating import opened
    from freehold.cli.registry import known_member
    from freehold.cli.seeding import seed as sow

    if (tenant is None) != (email is None):
        raise typer.BadParameter("--tenant and --as go together")
    with opened(target, data, store) as made:
        if tenant is None or email is None:
            done = populate(made, again=again)
        else:
            there, who = known_member(made, tenant, email)
            done = [f"{tenant}: {name}" for name in sow(made, there.id, who.id, again=again)]
        has_seeds = bool(made.model.seeds)
    why = "Every seed has been run before: --again runs them once more." if has_seeds else "The app has no seeds."
    typer.echo("\n".join(done) or why)

"""`freehold audit`: whether the record of who did what still holds."""

from __future__ import annotations

from typing import Annotated

import typer

from freehold.cli.arguments import AppOption, AsJson, DataOption, StoreOption
from freehold.cli.listing import Listed

audit = typer.Typer(cls=Listed, help="Check the audit chains.", no_args_is_help=True)


@audit.command()
def verify(
    tenant: Annotated[str | None, typer.Option(metavar="SLUG", help="Of this tenant only.")] = None,
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Walk every tenant's chain of hashes, and report each entry that was changed, moved or cut out."""
    from freehold.cli import screen
    from freehold.cli.operating import opened
    from freehold.cli.registry import known_organisation, organisations
    from freehold.model.names import PLATFORM
    from freehold.runtime.audit import verify as walk
    from freehold.runtime.scope import Scope

    rows = []
    with opened(app, data, store) as made:
        grounds = [("platform", PLATFORM), *((one.slug, one.id) for one in organisations(made))]
        if tenant is not None:
            grounds = [(tenant, known_organisation(made, tenant).id)]
        for slug, ground in grounds:
            with Scope(ground) as scope:
                rows += [
                    {"tenant": slug, "entry": one.number, "message": one.message} for one in walk(made.database, scope)
                ]
    if as_json:
        screen.print_json(rows)
    else:
        whole = f"{len(grounds)} chains hold." if len(grounds) > 1 else "The chain holds."
        screen.print_table(("tenant", "entry", "what is wrong"), [tuple(map(str, r.values())) for r in rows], whole)
    raise typer.Exit(1 if rows else 0)

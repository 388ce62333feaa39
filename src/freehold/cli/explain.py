"""`freehold explain`: all that follows from the model, on a page or two."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from freehold.cli.arguments import AsJson, TargetArgument


class Store(StrEnum):
    """The stores whose access can be explained."""

    SQLITE = "sqlite"


def explain(
    target: TargetArgument = None,
    store: Annotated[Store, typer.Option(help="Whose indexes to show.")] = Store.SQLITE,
    everything: Annotated[bool, typer.Option("--all", help="The built-in accounts, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what follows from the model.

    Who may do what, with which inputs and capabilities; what follows from events; everything that crosses tenants; and
    which index serves each lookup: the store itself plans it, on an empty database.
    """
    from freehold.cli.explanation import for_machines, for_people
    from freehold.cli.target import load, locate
    from freehold.wiring import complete

    model = complete(load(locate(target)))
    if as_json:
        from freehold.cli.screen import print_json

        print_json({"store": store.value, **for_machines(model, built_in=everything)})
    else:
        for_people(model, built_in=everything)

"""`freehold explain`: all that follows from the model, on a page or two."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from freehold.cli.arguments import AsJson, TargetArgument


class Store(StrEnum):
    """The stores whose access can be explained."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"
    DYNAMODB = "dynamodb"


def explain(
    target: TargetArgument = None,
    store: Annotated[Store, typer.Option(help="Whose indexes to show.")] = Store.SQLITE,
    everything: Annotated[bool, typer.Option("--all", help="The built-in accounts, too.")] = False,
    items: Annotated[int, typer.Option(help="How many a list finds, to say what it costs (dynamodb).", min=0)] = 50,
    size: Annotated[int, typer.Option("--bytes", help="How large each of them is (dynamodb).", min=1)] = 500,
    as_json: AsJson = False,
) -> None:
    """Show what follows from the model.

    Who may do what, with which inputs and capabilities; what follows from events; everything that crosses tenants; and
    which index serves each lookup: the store itself plans it, on an empty database. Of DynamoDB: the keys in the single
    table, what is as of now and what is a moment behind, and what it costs.
    """
    from freehold.cli.accesses import Accesses
    from freehold.cli.explanation import Explained, for_machines, for_people, planned_by
    from freehold.cli.target import load, locate
    from freehold.wiring import complete

    model = complete(load(locate(target)))
    if store is Store.DYNAMODB:
        explained: Explained = Accesses(model, items, size, everything)
    else:
        explained = planned_by(store.value, model, built_in=everything)
    if as_json:
        from freehold.cli.screen import print_json

        print_json({"store": store.value, **for_machines(model, explained, built_in=everything)})
    else:
        for_people(model, explained, built_in=everything)

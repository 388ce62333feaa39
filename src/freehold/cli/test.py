"""`freehold test`: attacks that are made from the app's own model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from freehold.cli.arguments import AsJson, TargetArgument
from freehold.cli.listing import Listed

test = typer.Typer(cls=Listed, help="Attack the app, and see that nobody gets through.", no_args_is_help=True)


@test.command()
def isolation(
    target: TargetArgument = None,
    seed: Annotated[int, typer.Option(help="The same seed tries the same cases.")] = 0,
    effort: Annotated[float, typer.Option(help="How many cases: 2 for twice as many.")] = 1.0,
    only: Annotated[list[str] | None, typer.Option(metavar="ATTACK", help="Only these, such as T01.")] = None,
    store: Annotated[
        str | None, typer.Option(metavar="NAME", help="The store to attack. Default: the one of the settings.")
    ] = None,
    tier: Annotated[str | None, typer.Option(metavar="NAME", help="Of the store postgres: schema, or pool.")] = None,
    unproven: Annotated[
        list[str] | None, typer.Option(metavar="OPERATION", help="A route that need not succeed for anybody.")
    ] = None,
    first: Annotated[bool, typer.Option("--first", help="Stop at the first leak.")] = False,
    as_json: AsJson = False,
) -> None:
    """Two tenants, every route, as everybody: nothing of one may be seen, changed or guessed by the other.

    It runs on a database of its own, which is gone afterwards, and with the app's local adapters. A store that wants a
    server has one started, unless the settings name it. Ends with 1 when something leaked or was left out, or when an
    operation never succeeded for its own tenant either.
    """
    import sys
    from contextlib import redirect_stdout

    from freehold.cli import screen
    from freehold.cli.standing import settings_to_attack, standing_for_a_while
    from freehold.cli.target import load, locate
    from freehold.testing.isolation.matrix import operations
    from freehold.testing.isolation.suite import names, run
    from freehold.wiring import STORES, complete

    settings = settings_to_attack(store, tier)
    if settings.store not in STORES:
        raise typer.BadParameter(f"there is no store {settings.store}; there are: {', '.join(STORES)}")
    _must_exist(only, names(settings.store), "attack", "--only")
    app = load(locate(target))
    _must_exist(unproven, (operation.name for operation in operations(complete(app))), "route", "--unproven")
    with redirect_stdout(sys.stderr), standing_for_a_while(settings) as stands:  # the app's adapters may print
        report = run(
            app, seed=seed, effort=effort, settings=stands, unproven=unproven or (), only=only or (), first_only=first
        )
    if as_json:
        screen.print_json(report.as_json())
    else:
        typer.echo("\n".join(report.lines()))
    raise typer.Exit(0 if report.ok else 1)


def _must_exist(wanted: list[str] | None, known: Iterable[str], what: str, option: str) -> None:
    if strange := set(wanted or ()) - set(known):
        raise typer.BadParameter(f"there is no {what} {', '.join(sorted(strange))}", param_hint=option)

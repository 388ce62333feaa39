"""`freehold test`: attacks that are made from the app's own model."""

from __future__ import annotations

from typing import Annotated

import click
from click.exceptions import Exit

from freehold.cli.arguments import AsJson, TargetArgument
from freehold.cli.signature import Option, group

test = group("Attack the app, and see that nobody gets through.")


@test.verb()
def isolation(
    target: TargetArgument = None,
    seed: Annotated[int, Option("The same seed tries the same cases.")] = 0,
    effort: Annotated[float, Option("How many cases: 2 for twice as many.")] = 1.0,
    only: Annotated[tuple[str, ...], Option("Only these, such as T01.", metavar="ATTACK")] = (),
    store: Annotated[
        str | None, Option("The store to attack. Default: the one of the settings.", metavar="NAME")
    ] = None,
    tier: Annotated[str | None, Option("Of the store postgres: schema, or pool.", metavar="NAME")] = None,
    first: Annotated[bool, Option("Stop at the first leak.", "--first")] = False,
    as_json: AsJson = False,
) -> None:
    """Two tenants, every route, as everybody: nothing of one may be seen, changed or guessed by the other.

    It runs on a database of its own, which is gone afterwards, and with the app's local adapters. A store that wants a
    server has one started, unless the settings name it. Ends with 1 when something leaked or was left out.
    """
    import tempfile
    from dataclasses import replace

    from freehold.cli import screen
    from freehold.cli.standing import standing
    from freehold.cli.target import load, locate
    from freehold.settings import from_environment
    from freehold.testing import isolation as suite
    from freehold.wiring import STORES

    settings = from_environment()
    chosen = {"store": store or settings.store, "tier": tier or settings.tier}
    settings = replace(settings, **chosen, environment="local")  # whose adapters charge nobody
    if settings.store not in STORES:
        raise click.BadParameter(f"there is no store {settings.store}; there are: {', '.join(STORES)}")
    app = load(locate(target))
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,
        standing(replace(settings, data=folder)) as stands,
    ):
        report = suite.run(app, seed=seed, effort=effort, settings=stands, only=only, first_only=first)
    if as_json:
        screen.print_json(report.as_json())
    else:
        click.echo("\n".join(report.lines()))
    raise Exit(0 if report.ok else 1)

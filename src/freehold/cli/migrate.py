"""`freehold migrate`: the store's schema, in steps that are labelled safe or breaking before anything runs."""

from __future__ import annotations

from typing import Annotated

import typer

from freehold.cli.arguments import AsJson, DataOption, StoreOption, TargetArgument
from freehold.cli.listing import Listed

migrate = typer.Typer(cls=Listed, help="Bring the store to the app's model, and back.", no_args_is_help=True)

BreakingOption = Annotated[bool, typer.Option("--breaking", help="Make steps that lose or refuse data, too.")]

NumberOption = Annotated[
    int | None,
    typer.Option("--number", min=1, help="Which, as `migrate status` has it: undone once, however often it is said."),
]


@migrate.command()
def plan(
    target: TargetArgument = None, data: DataOption = None, store: StoreOption = None, as_json: AsJson = False
) -> None:
    """Show the steps from the store as it is to the model. Changes nothing."""
    from freehold.cli.operating import pending
    from freehold.cli.standing import settings_for, standing
    from freehold.cli.steps import show
    from freehold.cli.target import load, locate
    from freehold.wiring import complete

    with standing(settings_for(data, store)) as settings:
        show(pending(settings, complete(load(locate(target)))), "Nothing to be done.", as_json=as_json)


@migrate.command()
def up(
    target: TargetArgument = None,
    data: DataOption = None,
    store: StoreOption = None,
    breaking: BreakingOption = False,
    as_json: AsJson = False,
) -> None:
    """Make the pending steps, each ground in one go. Refuses when one of them is breaking, unless --breaking."""
    from freehold.cli.operating import migrating
    from freehold.cli.steps import show

    with migrating(target, data, store, hidden=as_json) as (found, progress):
        steps = found.up(breaking=breaking, progress=progress)
    show(steps, "Nothing to be done.", as_json=as_json)


@migrate.command()
def down(
    target: TargetArgument = None,
    data: DataOption = None,
    store: StoreOption = None,
    number: NumberOption = None,
    breaking: BreakingOption = False,
    as_json: AsJson = False,
) -> None:
    """Undo the last migration, each ground in one go. Refuses when that loses data, unless --breaking."""
    from freehold.cli.operating import migrating
    from freehold.cli.steps import show

    with migrating(target, data, store, hidden=as_json) as (found, progress):
        steps = found.down(number=number, breaking=breaking, progress=progress)
    show(steps, "There is nothing to undo.", as_json=as_json)


@migrate.command()
def status(
    target: TargetArgument = None, data: DataOption = None, store: StoreOption = None, as_json: AsJson = False
) -> None:
    """List the migrations that were made, and count what is pending."""
    from dataclasses import asdict

    from freehold.cli import screen
    from freehold.cli.operating import migrations, pending
    from freehold.cli.standing import settings_for, standing
    from freehold.cli.steps import pending_text
    from freehold.cli.target import load, locate
    from freehold.wiring import complete, kit

    with standing(settings_for(data, store)) as settings:
        model, made = complete(load(locate(target))), []
        waiting = len(pending(settings, model))
        if kit(settings).exists(settings):
            with migrations(settings, model) as found:
                made = found.status()
    if as_json:
        applied = [asdict(one) for one in made]
        screen.print_json({"applied": applied, "pending": waiting})
        return
    rows = [(str(one.number), one.at[:19].replace("T", " "), one.label, str(one.grounds)) for one in made]
    screen.print_table(("number", "made at (UTC)", "label", "newest of grounds"), rows, "No migration was made yet.")
    typer.echo(f"{pending_text(waiting)}: see `freehold migrate plan`." if waiting else "The store is up to date.")

"""`freehold migrate`: the store's schema, in steps that are labelled safe or breaking before anything runs."""

from __future__ import annotations

from typing import Annotated

import typer

from freehold.cli.arguments import AsJson, DataOption, TargetArgument

migrate = typer.Typer(help="Bring the store to the app's model, and back.", no_args_is_help=True)

BreakingOption = Annotated[bool, typer.Option("--breaking", help="Make steps that lose or refuse data, too.")]


@migrate.command()
def plan(target: TargetArgument = None, data: DataOption = None, as_json: AsJson = False) -> None:
    """Show the steps from the store as it is to the model. Changes nothing."""
    from freehold.cli.operating import pending, settings_for
    from freehold.cli.steps import show
    from freehold.cli.target import load, locate
    from freehold.wiring import complete

    show(pending(settings_for(data), complete(load(locate(target)))), "Nothing to be done.", as_json=as_json)


@migrate.command()
def up(
    target: TargetArgument = None, data: DataOption = None, breaking: BreakingOption = False, as_json: AsJson = False
) -> None:
    """Make the pending steps, in one transaction. Refuses when one of them is breaking, unless --breaking."""
    from freehold.cli.operating import migrations, settings_for
    from freehold.cli.steps import show
    from freehold.cli.target import load, locate
    from freehold.wiring import complete

    with migrations(settings_for(data), complete(load(locate(target)))) as found:
        show(found.up(breaking=breaking), "Nothing to be done.", as_json=as_json)


@migrate.command()
def down(
    target: TargetArgument = None, data: DataOption = None, breaking: BreakingOption = False, as_json: AsJson = False
) -> None:
    """Undo the last migration, in one transaction. Refuses when that loses data, unless --breaking."""
    from freehold.cli.operating import migrations, settings_for
    from freehold.cli.steps import show
    from freehold.cli.target import load, locate
    from freehold.wiring import complete

    with migrations(settings_for(data), complete(load(locate(target)))) as found:
        show(found.down(breaking=breaking), "There is nothing to undo.", as_json=as_json)


@migrate.command()
def status(target: TargetArgument = None, data: DataOption = None, as_json: AsJson = False) -> None:
    """List the migrations that were made, and count what is pending."""
    from pathlib import Path

    from freehold.cli import screen
    from freehold.cli.operating import migrations, pending, settings_for
    from freehold.cli.target import load, locate
    from freehold.wiring import complete

    settings, model = settings_for(data), complete(load(locate(target)))
    waiting = len(pending(settings, model))
    made = []
    if Path(settings.database_file).exists():
        with migrations(settings, model) as found:
            made = found.status()
    if as_json:
        applied = [{"number": one.number, "at": one.at, "label": one.label} for one in made]
        screen.print_json({"applied": applied, "pending": waiting})
        return
    rows = [(str(one.number), one.at[:19].replace("T", " "), one.label) for one in made]
    screen.print_table(("number", "made at (UTC)", "label"), rows, "No migration was made yet.")
    typer.echo(f"{waiting} steps are pending: see `freehold migrate plan`." if waiting else "The store is up to date.")

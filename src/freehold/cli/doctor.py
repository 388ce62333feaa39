"""`freehold doctor`: whether the store still guards its tenants, and what somebody may have added that does not."""

from __future__ import annotations

from importlib import import_module

import typer

from freehold.cli.arguments import AsJson, DataOption, StoreOption, TargetArgument
from freehold.model.finding import Finding, Place

EXAMINED = {"postgres": "freehold.stores.postgres.examination"}
"""What knows how to look at a store. The others have nothing that somebody could change from outside."""


def doctor(
    target: TargetArgument = None, data: DataOption = None, store: StoreOption = None, as_json: AsJson = False
) -> None:
    """Look for what would let one tenant see another's: in roles, grants, tables, views, and the server itself.

    Ends with 1 when something is wrong. Hints are told, and change nothing about that.
    """
    from freehold.cli.operating import pending
    from freehold.cli.standing import migrate_up, settings_for, standing
    from freehold.cli.steps import pending_text
    from freehold.cli.target import load, locate
    from freehold.wiring import complete

    wrong: list[Finding] = []
    hints: list[Finding] = []
    with standing(settings_for(data, store)) as settings:
        waiting = len(pending(settings, complete(load(locate(target)))))
        if waiting:
            message = f"the database is behind the model: {pending_text(waiting)}"
            wrong.append(Finding("FH303", Place(settings.store, 0), message, f"run `{migrate_up(settings)}`"))
        if settings.store in EXAMINED:
            found = import_module(EXAMINED[settings.store]).examined(settings)
            wrong += [one for one in found.wrong if one.code != "FH303" or not waiting]
            hints += found.hints
    _tell(wrong, hints, looked=settings.store in EXAMINED, as_json=as_json)
    if wrong:
        raise typer.Exit(1)


def _tell(wrong: list[Finding], hints: list[Finding], *, looked: bool, as_json: bool) -> None:
    from freehold.cli.faults import shown
    from freehold.cli.reading import counted
    from freehold.cli.screen import print_json

    if as_json:
        rows = [("wrong", one) for one in wrong] + [("hint", one) for one in hints]
        print_json(
            [
                {"level": level, "code": one.code, "place": one.place.file, "message": one.message, "fix": one.fix}
                for level, one in rows
            ]
        )
        return
    if wrong:
        typer.echo(shown(wrong))
    if hints:
        typer.echo(f"{typer.style('Hints', bold=True)}\n{shown(hints)}")
    if not looked:
        typer.echo("This store keeps nothing that could be changed from outside: its file is all there is.")
    if not wrong:
        hinted = f", {counted(len(hints), 'hint')}" if hints else ""
        typer.echo(f"{typer.style('ok', fg='green', bold=True)}  nothing is wrong{hinted}")

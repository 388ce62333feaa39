"""`freehold check`: whether the model holds together."""

from __future__ import annotations

import typer

from freehold.cli.arguments import AsJson, TargetArgument


def check(
    target: TargetArgument = None,
    as_json: AsJson = False,
) -> None:
    """Say all that is wrong with the app, and how to put it right.

    Each finding has a code, a place in the source, what is wrong and the fix. Ends with 1 when there is one.
    """
    from freehold.cli.faults import to_json
    from freehold.cli.reading import counted
    from freehold.cli.target import load, locate
    from freehold.wiring import complete

    app = load(locate(target))
    complete(app)
    model = app.model()
    if as_json:
        typer.echo(to_json([]))
        return
    nouns = {
        "use case": model.use_cases, "entity": model.entities, "lookup": model.lookups, "event": model.events,
        "role": model.roles,
    }  # fmt: skip
    told = ", ".join(counted(len(things), noun) for noun, things in nouns.items())
    typer.echo(f"{typer.style('ok', fg='green', bold=True)}  {app.name}: {told}")

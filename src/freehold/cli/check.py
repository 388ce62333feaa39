"""`freehold check`: whether the model holds together."""

from __future__ import annotations

import typer

from freehold.cli.arguments import AsJson, TargetArgument


def check(
    target: TargetArgument = None,
    as_json: AsJson = False,
) -> None:
    """Read the app and say all that is wrong with it: code, place, matter and fix."""
    from freehold.cli.faults import to_json
    from freehold.cli.target import load, locate
    from freehold.wiring import complete

    app = load(locate(target))
    complete(app)
    model = app.model()
    if as_json:
        typer.echo(to_json([]))
        return
    counts = (
        (len(model.use_cases), "use case"), (len(model.entities), "entity"), (len(model.lookups), "lookup"),
        (len(model.events), "event"), (len(model.roles), "role"),
    )  # fmt: skip
    told = ", ".join(f"{count} {_plural(noun, count)}" for count, noun in counts)
    typer.echo(f"{typer.style('ok', fg='green', bold=True)}  {app.name}: {told}")


def _plural(noun: str, count: int) -> str:
    if count == 1:
        return noun
    return noun[:-1] + "ies" if noun.endswith("y") else noun + "s"

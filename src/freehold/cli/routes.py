"""`freehold routes`: every address, who may use it, and where it is written."""

from __future__ import annotations

from typing import Annotated

import typer

from freehold.cli.arguments import AsJson, TargetArgument


def routes(
    target: TargetArgument = None,
    everything: Annotated[bool, typer.Option("--all", help="The built-in accounts, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the routes, who may take them, and where they are written."""
    from freehold.cli import reading, screen
    from freehold.cli.target import load, locate
    from freehold.wiring import complete

    cases = reading.routes_of(complete(load(locate(target))), built_in=everything)
    if as_json:
        screen.print_json([reading.row(case) for case in cases])
        return
    rows = [
        (case.method, case.path, case.name, reading.who(case), "" if case.built_in else str(case.place))
        for case in cases
    ]
    screen.print_table(("method", "path", "use case", "who", "place"), rows, "There are no routes.", whole=True)

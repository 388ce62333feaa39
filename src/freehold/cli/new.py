"""`freehold new`: an app that runs, with its tests, to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def new(
    folder: Annotated[Path, typer.Argument(metavar="NAME", help="The folder to make. Its name is the app's.")],
) -> None:
    """Make a new app, which runs as it is.

    It has a model, tests, a CI file and rules for coding agents. Nothing is asked, and nothing overwritten.
    """
    from freehold.cli.scaffold import make
    from freehold.cli.writing import writing

    with writing("take a folder in which you may write"):
        made = make(folder)
    near = "" if made == Path.cwd() else f"cd {folder} && "
    typer.echo(f"{typer.style(made.name, bold=True)} is there: app.py, tests, README.md, AGENTS.md and a CI file.")
    typer.echo(f"Go on with {typer.style(f'{near}freehold dev', fg='cyan')}")

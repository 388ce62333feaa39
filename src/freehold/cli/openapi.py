"""`freehold openapi`: the OpenAPI document, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from freehold.cli.arguments import TargetArgument


def openapi(
    target: TargetArgument = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there instead of printing it.")
    ] = None,
) -> None:
    """Print the OpenAPI 3.1 document of the app."""
    import json

    from freehold.cli.target import load, locate
    from freehold.cli.writing import writing
    from freehold.edges.openapi import document
    from freehold.wiring import complete

    text = json.dumps(json.loads(document(complete(load(locate(target))))), indent=2, ensure_ascii=False)
    if output is not None and not output.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {output.parent}", param_hint="--output")
    if output is None:
        typer.echo(text)
    else:
        with writing("write it elsewhere, or print it"):
            output.write_text(text + "\n", encoding="utf-8")

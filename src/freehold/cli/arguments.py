"""Arguments and options that several verbs take, each said once."""

from __future__ import annotations

from typing import Annotated

import typer

TargetArgument = Annotated[
    str | None,
    typer.Argument(metavar="APP", help="A file, a folder or module:attribute. Default: the app of this folder."),
]
AppOption = Annotated[
    str | None,
    typer.Option("--app", metavar="APP", help="A file, a folder or module:attribute. Default: the app of this folder."),
]
DataOption = Annotated[
    str | None, typer.Option("--data", metavar="FOLDER", help="Where database and keys are. Default: .freehold")
]
StoreOption = Annotated[
    str | None,
    typer.Option("--store", metavar="NAME", help="sqlite, postgres or dynamodb. Default: FREEHOLD_STORE, or sqlite"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]

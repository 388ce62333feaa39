"""Arguments and options that several verbs take, each said once."""

from __future__ import annotations

from typing import Annotated

from freehold.cli.signature import Argument, Option

TargetArgument = Annotated[
    str | None,
    Argument("APP", "A file, a folder or module:attribute. Default: the app of this folder."),
]
AppOption = Annotated[
    str | None,
    Option("A file, a folder or module:attribute. Default: the app of this folder.", "--app", metavar="APP"),
]
DataOption = Annotated[
    str | None, Option("Where database and keys are. Default: .freehold", "--data", metavar="FOLDER")
]
StoreOption = Annotated[
    str | None,
    Option("sqlite, postgres or dynamodb. Default: FREEHOLD_STORE, or sqlite", "--store", metavar="NAME"),
]
AsJson = Annotated[bool, Option("Answer in JSON, for machines.", "--json")]

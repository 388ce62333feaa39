"""`freehold call`: a use case, run as a command. Its options are its inputs."""

from __future__ import annotations

from typing import Protocol

import typer
from typer.core import TyperCommand, TyperGroup

from freehold.cli.arguments import AppOption
from freehold.cli.listing import Page


class Parsed(Protocol):
    """What has been read of the command line so far: Typer's context, seen from here."""

    params: dict[str, object]


class UseCases(TyperGroup):
    """The use cases of whichever app is meant, read when they are asked for."""

    def list_commands(self, ctx: Parsed) -> list[str]:
        """Every use case that somebody or an operator may call: the app's own before the built-in ones."""
        from freehold.cli.calling import callable_cases

        return list(callable_cases(_app(ctx)))

    def get_command(self, ctx: Parsed, cmd_name: str) -> TyperCommand:
        """A use case as a command."""
        from difflib import get_close_matches

        from freehold.cli.calling import callable_cases, command_of

        app, name = _app(ctx), cmd_name.replace("-", "_")
        cases = callable_cases(app)
        if name not in cases:
            near = ", ".join(get_close_matches(name, cases)) or "see `freehold call --help`"
            raise typer.BadParameter(f"there is no use case {name}; what comes near: {near}")
        return command_of(cases[name], app)

    def format_commands(self, ctx: Parsed, formatter: Page) -> None:
        """Write them on a page of help, each with the whole first line of its docstring."""
        from freehold.cli.calling import callable_cases

        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, case.doc.partition("\n")[0]) for name, case in callable_cases(_app(ctx)).items()]
            )


def _app(ctx: Parsed) -> str | None:
    app = ctx.params.get("app")
    return app if isinstance(app, str) else None


call = typer.Typer(cls=UseCases, no_args_is_help=True)


@call.callback()
def of(
    app: AppOption = None,
) -> None:
    """Run a use case as a member, through every step of a request.

    What it emits is delivered by the server that runs on the same data. `freehold call NAME --help` lists the inputs.
    """

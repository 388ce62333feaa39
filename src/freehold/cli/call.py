"""`freehold call`: a use case, run as a command. Its options are its inputs."""

from __future__ import annotations

import click

from freehold.cli.arguments import AppOption
from freehold.cli.signature import Group, parameters


class UseCases(Group):
    """The use cases of whichever app is meant, read when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every use case that somebody or an operator may call: the app's own before the built-in ones."""
        from freehold.cli.calling import callable_cases

        return list(callable_cases(ctx.params.get("app")))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A use case as a command, or None when there is no such."""
        from freehold.cli.calling import callable_cases, command_of

        app = ctx.params.get("app")
        case = callable_cases(app).get(cmd_name.replace("-", "_"))
        return None if case is None else command_of(case, app)


def of(app: AppOption = None) -> None:
    """Run a use case as a member, through every step of a request.

    What it emits is delivered by the server that runs on the same data. `freehold call NAME --help` lists the inputs.
    """


call = UseCases(callback=of, params=parameters(of), help=of.__doc__, no_args_is_help=True)

"""Makes commands of functions: what the type of a parameter says of it is what the command line offers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeVar, get_args, get_origin, get_type_hints

import click

from freehold.model.lookup import plain

F = TypeVar("F", bound=Callable[..., None])

WHOLE = 1000
"""More letters than a sentence has: none is cut."""


class Argument:
    """In the type of a parameter: it is told by its place. It is required if it has no default; a tuple takes many."""

    def __init__(self, metavar: str, told: str, *, exists: bool = False) -> None:
        """What it is called, and what is told of it in the help. With `exists` it is a file that must be there."""
        self.metavar = metavar
        self.told = told
        self.exists = exists

    def read(self, parameter: inspect.Parameter, kind: object) -> click.Parameter:
        """The argument for a parameter of this type."""
        several = get_origin(kind) is tuple
        path = click.Path(exists=self.exists, dir_okay=not self.exists, path_type=Path)
        required = parameter.default is parameter.empty
        return click.Argument(
            [parameter.name], type=path if kind is Path else str, nargs=-1 if several else 1, required=required,
            metavar=f"[{self.metavar}]{'...' if several else ''}" if not required else self.metavar, help=self.told,
        )  # fmt: skip


class Option:
    """In the type of a parameter: it is told by its name. A `bool` is a flag, and a tuple may be told many times."""

    def __init__(self, told: str, *names: str, metavar: str | None = None, least: int | None = None) -> None:
        """What is told of it in the help, and what it is called: without `names`, as the parameter is.

        `metavar` stands for its value in the help. A number is at least `least`.
        """
        self.told = told
        self.names = names
        self.metavar = metavar
        self.least = least

    def read(self, parameter: inspect.Parameter, kind: object) -> click.Parameter:
        """The option for a parameter of this type."""
        dashed = parameter.name.replace("_", "-")
        own = f"--{dashed}/--no-{dashed}" if kind is bool else f"--{dashed}"
        required = parameter.default is parameter.empty
        default = None if required else parameter.default or None
        return click.Option(
            [parameter.name, *(self.names or (own,))], type=self._type(kind), multiple=get_origin(kind) is tuple,
            is_flag=kind is bool, required=required, default=parameter.default if kind is bool else default,
            show_default=default is not None, metavar=self.metavar, help=self.told,
        )  # fmt: skip

    def _type(self, kind: object) -> click.ParamType[object] | type:
        if get_origin(kind) is Literal:
            return click.Choice(get_args(kind))
        if kind is Path:
            return click.Path(path_type=Path)
        if self.least is not None:
            return click.IntRange(self.least)
        return kind if isinstance(kind, type) else str


class Group(click.Group):
    """Commands under one name, in the order in which they were made. Without any it says which there are."""

    def verb(self, name: str | None = None) -> Callable[[F], F]:
        """Decorates a function: it is one of the commands, under its own name or another. Its docstring is the help."""

        def add(function: F) -> F:
            self.add_command(command(function, name))
            return function

        return add

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write them on a page of help, each with its whole first sentence."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.sentence(ctx, name)) for name in self.list_commands(ctx)])

    def sentence(self, ctx: click.Context, name: str) -> str:
        """What a command does."""
        found = self.get_command(ctx, name)
        return found.get_short_help_str(WHOLE) if found else ""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # as Click calls it
        """Their names, not by the alphabet."""
        return list(self.commands)


def group(told: str) -> Group:
    """A group without commands yet, with what is told of it in the help."""
    return Group(help=told, no_args_is_help=True)


def command(function: Callable[..., None], name: str | None = None) -> click.Command:
    """A function as a command."""
    return click.Command(
        name or function.__name__, callback=function, params=parameters(function), help=function.__doc__
    )


def parameters(function: Callable[..., None]) -> list[click.Parameter]:
    """What a function takes, as the command line offers it."""
    hints: Mapping[str, object] = get_type_hints(function, include_extras=True)
    said = {name: get_args(hint) for name, hint in hints.items()}
    return [
        said[one.name][1].read(one, plain(hints[one.name])) for one in inspect.signature(function).parameters.values()
    ]

"""Help that lists commands: each with its whole first sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from typer.core import TyperGroup

WHOLE = 1_000
"""More letters than a sentence has, so that none is cut."""


class Page(Protocol):
    """What help is written on, as far as we write on it: Typer's formatter."""

    def section(self, name: str) -> AbstractContextManager[None]:
        """A heading, and what is written under it."""
        ...

    def write_dl(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names and what they are."""
        ...


class Listed(TyperGroup):
    """Commands under a heading, in the order in which they were made."""

    def format_commands(self, ctx: object, formatter: Page) -> None:  # noqa: ARG002  # as Typer calls it
        """Write them on a page of help."""
        write(self, formatter, "Commands", self.commands)


def write(group: TyperGroup, page: Page, heading: str, names: Iterable[str]) -> None:
    """Write some commands of a group under a heading, with their names as wide as the widest of all."""
    widest = max(map(len, group.commands))
    with page.section(heading):
        page.write_dl([(name.ljust(widest), group.commands[name].get_short_help_str(WHOLE)) for name in names])

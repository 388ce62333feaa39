"""How verbs write to a terminal: tables and sections by Rich, JSON for machines."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Self

import typer
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from freehold.stores.migrate import Stage

NARROWEST, WIDEST = 60, 120
UNSEEN = 100
"""The width of what goes into a file or a pipe."""


def console() -> Console:
    """Standard output, as wide as a terminal can show and an eye can follow."""
    columns = shutil.get_terminal_size((UNSEEN, 24)).columns if sys.stdout.isatty() else UNSEEN
    return Console(width=min(max(columns, NARROWEST), WIDEST), highlight=False, emoji=False, markup=False)


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[RenderableType]], empty: str, *, whole: bool = False
) -> None:
    """Print rows under their headings, or a sentence when there are none. With `whole` no cell is broken."""
    made = table(*headings)
    for row in rows:
        made.add_row(*row)
    screen = console()
    if whole:
        screen.width = max(screen.width, Measurement.get(screen, screen.options.update(max_width=1_000), made).maximum)
    if made.row_count:
        screen.print(made)
    else:
        typer.echo(empty)


def table(*headings: str) -> Table:
    """A table without lines: what is in it has the width."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=any(headings))
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made


def indented(what: RenderableType, by: int = 2) -> Padding:
    """The same, further to the right."""
    return Padding(what, (0, 0, 0, by), expand=False)


def print_json(value: object) -> None:
    """Print a value for machines."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


class Bar:
    """How far a migration of many grounds has come, on standard error: how many, how fast, what is left."""

    def __init__(self, *, hidden: bool) -> None:
        """Show nothing yet; with `hidden`, never."""
        rate = TextColumn("{task.fields[rate]} failed {task.fields[failed]}")
        columns = (TextColumn("grounds"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), disable=hidden or not sys.stderr.isatty())
        self._task = self._bar.add_task("", total=None, rate="", failed=0, visible=False)

    def __enter__(self) -> Self:
        """Use it for a block."""
        self._bar.start()
        return self

    def __exit__(self, *raised: object) -> None:
        """Leave the line as it is."""
        self._bar.stop()

    def show(self, stage: Stage) -> None:
        """Move the bar."""
        done = stage.done + stage.failed
        rate = f"{done / stage.seconds:,.0f}/s" if stage.seconds else ""
        fields = {"rate": rate, "failed": stage.failed, "visible": stage.total > 1}
        self._bar.update(self._task, completed=done, total=stage.total, **fields)

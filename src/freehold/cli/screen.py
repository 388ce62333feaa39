"""How verbs write to a terminal: lines, paragraphs and tables for people, JSON for machines."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import zip_longest
from typing import Self

import click

from freehold.stores.migrate import Stage

NARROWEST, WIDEST = 60, 120
UNSEEN = 100
"""The width of what goes into a file or a pipe."""
GAP = 2
"""What is free between two columns."""

Cell = str | tuple[str, str]
"""A text, or a text and its style: `bold`, `dim`, `underline`, and a colour of Click's."""


def width() -> int:
    """How wide standard output is: as a terminal can show and an eye can follow."""
    columns = shutil.get_terminal_size((UNSEEN, 24)).columns if sys.stdout.isatty() else UNSEEN
    return min(max(columns, NARROWEST), WIDEST)


def line(*parts: Cell, by: int = 0) -> None:
    """Print a line that is never broken, `by` so many columns to the right."""
    click.echo(" " * by + "".join(map(_styled, parts)))


def section(title: str, says: str) -> None:
    """A heading of a page, and what there is to say of it."""
    line()
    line((title, "bold underline"), "  ", (says, "dim"))
    line()


def paragraph(what: Cell, by: int = 2) -> None:
    """Print a text that is broken between words."""
    for part in _broken(what, width() - by):
        line(part, by=by)


def table(headings: Sequence[str], rows: Iterable[Sequence[Cell]], by: int = 2) -> None:
    """Print rows, under headings if there are any. Cells are broken between words: a path or an id stays whole."""
    cells = list(rows)
    if any(headings):
        cells.insert(0, [(heading, "dim") for heading in headings])
    widths = _widths([[_text(cell) for cell in column] for column in zip(*cells, strict=True)], width() - by)
    for row in cells:
        broken = [_broken(cell, wide) for cell, wide in zip(row, widths, strict=True)]
        for parts in zip_longest(*broken, fillvalue=""):
            told = [
                _styled(part) + " " * (wide - len(_text(part)) + GAP) for part, wide in zip(parts, widths, strict=True)
            ]
            click.echo((" " * by + "".join(told)).rstrip())


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Cell]], empty: str) -> None:
    """Print rows under their headings, or a sentence when there are none."""
    if rows:
        table(headings, rows, by=0)
    else:
        click.echo(empty)


def print_json(value: object) -> None:
    """Print a value for machines."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


class Ticker:
    """How far something long has come, on one line of a terminal's standard error."""

    def __init__(self, *, hidden: bool) -> None:
        """Show nothing yet; with `hidden`, or where nobody looks, never."""
        self._hidden = hidden or not sys.stderr.isatty()
        self._shown = 0

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Leave the line empty."""
        if self._shown:
            click.echo(f"\r{' ' * self._shown}\r", nl=False, err=True)

    def __call__(self, what: str, count: int) -> None:
        """Show this instead of what was shown."""
        self._show(f"{what}: {count:,}" if count else what)

    def grounds(self, stage: Stage) -> None:
        """Show how far a migration of many grounds has come: how many, how fast, and what is left."""
        done = stage.done + stage.failed
        if stage.total > 1 and done and stage.seconds:
            rate = done / stage.seconds
            left = timedelta(seconds=round((stage.total - done) / rate))
            self._show(f"grounds: {done:,} of {stage.total:,}, {rate:,.0f}/s, {stage.failed} failed, {left} left")

    def _show(self, text: str) -> None:
        if not self._hidden:
            click.echo(f"\r{text.ljust(self._shown)}", nl=False, err=True)
            self._shown = max(self._shown, len(text))


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[0]


def _styled(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    words = cell[1].split()
    colour = next((word for word in words if word not in {"bold", "dim", "underline"}), None)
    return click.style(
        cell[0], fg=colour, bold="bold" in words or None, dim="dim" in words or None,
        underline="underline" in words or None,
    )  # fmt: skip


def _broken(cell: Cell, wide: int) -> list[Cell]:
    parts = textwrap.wrap(_text(cell), max(wide, 1), break_long_words=False, break_on_hyphens=False)
    return [part if isinstance(cell, str) else (part, cell[1]) for part in parts]


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """As wide as they want to be; where there is no room for that, the widest are narrowed to their longest word."""
    widths = [max(map(len, column)) for column in columns]
    least = [max(len(word) for text in column for word in text.split() or [""]) for column in columns]
    while sum(widths) + GAP * (len(widths) - 1) > room:
        wide = [at for at in range(len(widths)) if widths[at] > least[at]]
        if not wide:
            break
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths

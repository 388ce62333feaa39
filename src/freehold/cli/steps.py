"""The steps of a migration, as a person or a machine reads them."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from freehold.cli.reading import counted
from freehold.cli.screen import print_json
from freehold.stores.migrate import Step


def show(steps: Sequence[Step], empty: str, *, as_json: bool) -> None:
    """Print steps, or a sentence when there are none."""
    if as_json:
        print_json([_row(step) for step in steps])
        return
    for step in steps:
        typer.echo(typer.style(str(step), fg="red" if step.is_breaking else None))
    if not steps:
        typer.echo(empty)


def pending_text(count: int) -> str:
    """`1 step is pending`, `2 steps are pending`."""
    return f"{counted(count, 'step')} {'is' if count == 1 else 'are'} pending"


def _row(step: Step) -> dict[str, object]:
    part = step.column or step.index
    return {
        "change": step.change.value, "table": step.table.name, "part": part.name if part else None,
        "label": "breaking" if step.is_breaking else "safe", "why": step.why,
    }  # fmt: skip

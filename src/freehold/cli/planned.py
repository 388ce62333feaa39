"""How a database's own indexes serve the lookups of an app, told to people and to machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from freehold.cli.indexes import Served
from freehold.cli.screen import indented


@dataclass(frozen=True)
class Planned:
    """Which index serves each lookup, as the database itself says."""

    title: str
    served: tuple[Served, ...]

    @property
    def count(self) -> int:
        """How many lookups there are."""
        return len(self.served)

    def for_machines(self) -> dict[str, object]:
        """As values that JSON can say."""
        return {"lookups": [
            {
                "store": one.lookup.store, "name": one.lookup.name, "entity": one.lookup.entity.__name__,
                "keys": one.lookup.keys, "order": one.lookup.order, "descending": one.lookup.descending,
                "unique": one.lookup.unique, "index": one.index, "searched_by": one.by, "well_served": one.is_well,
                "plan": one.plan, "place": str(one.lookup.place),
            }
            for one in self.served
        ]}  # fmt: skip

    def for_people(self, screen: Console) -> None:
        """A line for what is asked, and one below it for what finds it."""
        _lookups(screen, list(self.served))


def _lookups(screen: Console, patterns: list[Served]) -> None:
    """A line for what is asked, and one below it for what finds it."""
    asked = [_signature(one) for one in patterns]
    widest = max(map(len, asked), default=0)
    if not patterns:
        screen.print(indented(Text("None: everything is found by its id.", "dim")))
    for one, signature in zip(patterns, asked, strict=True):
        mark = ("✓ ", "green") if one.is_well else ("✗ ", "bold red")
        screen.print(indented(Text.assemble(mark, (f"{signature:{widest}}", "bold"), f"  {_order(one)}")))
        if one.index:
            screen.print(indented(Text(f"index {one.index} on {', '.join(_by(one))}", "dim"), 4))
        else:
            screen.print(indented(Text("; ".join(one.plan), "red"), 4))


def _signature(one: Served) -> str:
    pattern = one.lookup
    return (
        f"{pattern.store}.{pattern.name}({', '.join((*pattern.keys, *([f'{pattern.span}…'] if pattern.span else [])))})"
    )


def _order(one: Served) -> str:
    pattern = one.lookup
    if pattern.unique:
        return "one or none"
    if pattern.order == "id":
        return "newest first" if pattern.descending else "oldest first"
    return f"by {pattern.order}{', descending' if pattern.descending else ''}"


def _by(one: Served) -> Iterator[str]:
    """The columns, each once: a range has two bounds. Where nulls come first, the store sorts by an expression."""
    terms = (term.rstrip("?=<>") for term in one.by)
    yield from dict.fromkeys(one.lookup.order if term.startswith("<expr") else term for term in terms)

"""How a single table serves an app, told to people and to machines: keys, consistency, units, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from freehold.cli.screen import indented, table
from freehold.model.layout import Layout, Served, layout_of
from freehold.model.lookup import Lookup
from freehold.model.model import Model
from freehold.model.names import is_ours
from freehold.model.usecase import Kind, Need, UseCase, events_in
from freehold.stores.dynamodb import capacity

AS_LISTED = "list prices of us-east-1, on demand"
TIP = (
    "one tenant's commits are in order: each moves the tip of its ground, in a partition that takes "
    f"{capacity.PARTITION_WRITES:,} units a second"
)


@dataclass(frozen=True)
class Accesses:
    """What is asked of a table, for lookups that find so many items of so many bytes."""

    model: Model
    items: int
    size: int
    built_in: bool
    title: str = "where the single table has them; there is no other way to read"

    @property
    def count(self) -> int:
        """How many lookups there are."""
        return sum(1 for _ in self.reads())

    @property
    def layout(self) -> Layout:
        """Where everything lies."""
        return layout_of(self.model)

    def reads(self) -> Iterator[capacity.Read]:
        """What each lookup reads."""
        for read in capacity.reads(self.layout, self.items, self.size):
            if self.built_in or not is_ours(read.way.lookup.entity):
                yield read

    def writes(self) -> Iterator[capacity.Written]:
        """What an entity of each kind costs."""
        for written in capacity.writes(self.model, self.layout, self.size):
            if self.built_in or not is_ours(written.kind):
                yield written

    def commands(self) -> Iterator[tuple[UseCase, int, float]]:
        """Actions and units of each command, as far as its signature tells: one of each kind that it may write."""
        of = {written.kind: written for written in capacity.writes(self.model, self.layout, self.size)}
        for case in self.model.use_cases.values():
            if case.kind is not Kind.COMMAND or case.each or not (self.built_in or not case.built_in):
                continue
            kinds = [one.entity for one in case.needs(Need.STORE) if one.entity and not one.read_only]
            events = sum(self._followers(event) for one in case.needs(Need.EMIT) for event in events_in(one.target))
            listed = (of[kind] for kind in dict.fromkeys(kinds) if kind in of)
            yield case, *capacity.of_call(listed, receipt=case.idempotent, events=events)

    def _followers(self, event: type) -> int:
        return sum(case.event is event for case in self.model.use_cases.values())

    def for_machines(self) -> dict[str, object]:
        """Everything, as values that JSON can say."""
        return {
            "prices": {
                "read_million": capacity.READ_MILLION, "write_million": capacity.WRITE_MILLION, "what": AS_LISTED,
            },
            "items": self.items, "bytes": self.size,
            "by_id": {"units": capacity.by_id(self.size), "consistency": "strong"},
            "lookups": [
                {
                    "store": read.way.lookup.store, "name": read.way.lookup.name, "served": read.way.served.value,
                    "index": read.way.index, "pk": read.way.partition, "sk": read.way.sort,
                    "consistency": consistency(read), "units": read.units, "million_calls": round(read.dollars, 4),
                    "hot": read.hot,
                }
                for read in self.reads()
            ],
            "entities": [
                {
                    "entity": one.kind.__name__, "actions": one.actions, "guards": one.guards,
                    "parents": one.parents, "indexes": one.indexes, "units": one.units,
                }
                for one in self.writes()
            ],
            "commands": [
                {
                    "name": case.name, "actions": actions, "units": units,
                    "million_calls": round(units * capacity.WRITE_MILLION, 4),
                }
                for case, actions, units in self.commands()
            ],
        }  # fmt: skip

    def for_people(self, screen: Console) -> None:
        """A few lines for each lookup, and a line for each kind and command."""
        head = f"{self.items} items of {self.size} bytes; {AS_LISTED}"
        screen.print(indented(Text(head, "dim")))
        for read in self.reads():
            _print_read(screen, read)
        _title(screen, "Writes", "one entity: its item, unique values and its parent's count; then each index")
        made = table("entity", "actions", "indexes", "units", "a million")
        for one in self.writes():
            cells = str(one.actions), str(one.indexes), f"{one.units:g}", _dollars(one.units)
            made.add_row(Text(one.kind.__name__, "bold"), *cells)
        screen.print(indented(made))
        _title(screen, "Commands", "one of each kind that it may write, with tip, audit, receipt and deliveries")
        made = table("command", "actions", "units", "a million")
        for case, actions, units in self.commands():
            made.add_row(Text(case.name, "bold"), f"{actions} of 100", f"{units:g}", _dollars(units))
        screen.print(indented(made))
        screen.print(indented(Text(TIP, "dim")))


def consistency(read: capacity.Read) -> str:
    """Whether it sees every write that was acknowledged before."""
    return "strong" if read.way.is_strong else "eventual"


def _print_read(screen: Console, read: capacity.Read) -> None:
    way, pattern = read.way, read.way.lookup
    served = way.index or way.served.value
    screen.print(indented(Text.assemble((_signature(pattern), "bold"), f"  {served}, {consistency(read)}")))
    screen.print(indented(Text(f"PK {way.partition}  SK {way.sort}", "dim"), 4))
    count = "1 item" if way.served is Served.GUARD else "all"
    told = f"{read.units:g} units for {count}, {_price(read.dollars)} a million calls"
    screen.print(indented(Text(told, "dim"), 4))
    if read.hot:
        screen.print(indented(Text(f"! {read.hot}", "yellow"), 4))


def _signature(pattern: Lookup) -> str:
    span = [f"{pattern.span}…"] if pattern.span else []
    return f"{pattern.store}.{pattern.name}({', '.join((*pattern.keys, *span))})"


def _title(screen: Console, title: str, says: str) -> None:
    screen.print()
    screen.print(Text.assemble((title, "bold underline"), "  ", (says, "dim")))
    screen.print()


def _dollars(units: float) -> str:
    return _price(units * capacity.WRITE_MILLION)


def _price(dollars: float) -> str:
    return f"${dollars:,.2f}"

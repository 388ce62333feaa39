"""What follows from a model, told to people and to machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from itertools import groupby
from typing import Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from freehold.cli import reading
from freehold.cli.indexes import served
from freehold.cli.planned import Planned
from freehold.cli.screen import console, indented, table
from freehold.model.model import Model
from freehold.model.names import is_ours
from freehold.model.usecase import Kind, Need, UseCase, events_in
from freehold.settings import from_environment
from freehold.wiring import kit

METHODS = {"GET": "cyan", "POST": "green", "PUT": "yellow", "PATCH": "yellow", "DELETE": "bright_red"}


def planned_by(store: str, model: Model, *, built_in: bool) -> Planned:
    """How a database plans an app's lookups. Raises `ModelError` (FH308, FH401) where there is none to ask."""
    names = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
    if store == "postgres":
        kit(replace(from_environment(), store=store))  # says what is missing, where something is
        found = import_module("freehold.cli.plans").planned(model)
    else:
        found = served(model)
    shown = tuple(one for one in found if built_in or not is_ours(one.lookup.entity))
    return Planned(f"as {names[store]} plans them; there is no other way to read", shown)


class Explained(Protocol):
    """How a store serves an app's lookups."""

    @property
    def title(self) -> str:
        """What is said of it, in a few words."""
        ...

    @property
    def count(self) -> int:
        """How many lookups there are to be told of."""
        ...

    def for_machines(self) -> dict[str, object]:
        """As values that JSON can say, `lookups` among them."""
        ...

    def for_people(self, screen: Console) -> None:
        """As lines."""
        ...


def for_machines(model: Model, explained: Explained, *, built_in: bool) -> dict[str, object]:
    """Everything, as values that JSON can say."""
    cases = [case for case in model.use_cases.values() if built_in or not case.built_in]
    return {
        "app": model.name,
        "roles": [role.name for role in model.roles],
        "use_cases": [reading.row(case) for case in cases],
        "crosses_tenants": [case.name for case in model.use_cases.values() if case.scope == "everyone"],
        "events": [
            {"event": name, "from": _emitters(model, name), "to": _handlers(model, name)}
            for name, event in model.events.items()
            if built_in or not is_ours(event)
        ],
        **explained.for_machines(),
    }  # fmt: skip


def for_people(model: Model, explained: Explained, *, built_in: bool) -> None:
    """Everything, in the order somebody asks: who may do what, what follows, what crosses, how it is found."""
    screen = console()
    cases = [case for case in model.use_cases.values() if built_in or not case.built_in]
    _head(screen, model, cases, explained.count)
    _section(screen, "Routes", "who may, what is sent, what is supplied")
    _routes(screen, reading.routes_of(model, built_in=built_in))
    if follows := [case for case in cases if case.kind is Kind.HANDLER]:
        _section(screen, "What follows", "each in a transaction of its own, at least once, on the tenant's ground")
        screen.print(indented(_events(model, follows)))
    if by_clock := [case for case in cases if case.kind is Kind.JOB]:
        _section(screen, "Jobs", "by the clock")
        screen.print(indented(_jobs(by_clock)))
    if operations := [case for case in cases if case.kind is Kind.COMMAND and not case.path]:
        _section(screen, "Operations", "no route leads to them: `freehold call`")
        screen.print(indented(_named(operations)))
    _section(screen, "Crosses tenants", "all else is bound to one tenant before it runs")
    _crossing(screen, model)
    if model.adapters and (ports := _ports(model, cases)).row_count:
        _section(screen, "Ports", "what fills them, by environment")
        screen.print(indented(ports))
    _section(screen, "Lookups", explained.title)
    explained.for_people(screen)
    screen.print()


def _head(screen: Console, model: Model, cases: list[UseCase], lookups: int) -> None:
    roles = Text(" < ".join(role.name for role in model.roles))
    entities = {case.entity for one in cases for case in one.capabilities if case.entity}
    nouns = {"use case": len(cases), "entity": len(entities), "lookup": lookups}
    counts = ", ".join(reading.counted(number, noun) for noun, number in nouns.items())
    screen.print()
    screen.print(Text.assemble((model.name, "bold"), "  ", (counts, "dim")))
    screen.print(Text.assemble(("roles  ", "dim"), roles))


def _section(screen: Console, title: str, says: str) -> None:
    screen.print()
    screen.print(Text.assemble((title, "bold underline"), "  ", (says, "dim")))
    screen.print()


def _routes(screen: Console, cases: list[UseCase]) -> None:
    """A line for the address, its use case and who may; below it what is sent and what is supplied."""
    widths = [max((len(part) for part in column), default=0) for column in zip(*map(_columns, cases), strict=True)]
    groups = groupby(cases, key=lambda case: (case.built_in, case.path.split("/")[1]))
    for number, (_, group) in enumerate(groups):
        if number:
            screen.print()
        for case in group:
            screen.print(indented(_line(case, widths)))
            for label, told in (("takes", _takes(case)), ("given", reading.given_text(case))):
                if told:
                    screen.print(_below(label, told))


def _takes(case: UseCase) -> str:
    told = reading.inputs_text(case.inputs)
    return f"items, each: {told}" if case.each else told


def _columns(case: UseCase) -> tuple[str, str, str]:
    return case.method, case.path, case.name


def _line(case: UseCase, widths: list[int]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for width in widths:
        grid.add_column(width=width, no_wrap=True)
    method, path, name = _columns(case)
    who = Text.assemble((reading.who(case), "bright_magenta"), (_limits(case), "dim"))
    grid.add_row(Text(method, METHODS[method]), Text(path, "bold"), name, who)
    return grid


def _below(label: str, told: str) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=9)
    grid.add_column(width=5, style="dim")
    grid.add_column()
    grid.add_row("", label, told)
    return grid


def _limits(case: UseCase) -> str:
    told = [
        case.limit or "",
        "Idempotency-Key" if case.idempotent else "",
        f"at most {case.at_most}" if case.each else "",
    ]
    return "".join(f"  {one}" for one in told if one)


def _events(model: Model, follows: list[UseCase]) -> Table:
    made = table("event", "emitted by", "handled by", "which is given")
    for name in model.events:
        for place, case in enumerate(case for case in follows if case.event and case.event.__name__ == name):
            emitters = ", ".join(_emitters(model, name)) or "nobody"
            made.add_row(
                Text(name, "bold") if not place else "", emitters if not place else "", case.name, _given(case)
            )
    return made


def _jobs(cases: Iterable[UseCase]) -> Table:
    made = table("every", "job", "runs", "given")
    for case in cases:
        runs = "once for all tenants" if case.scope == "everyone" else "once for each tenant"
        made.add_row(Text(case.period or "", "bold"), case.name, runs, _given(case))
    return made


def _named(cases: Iterable[UseCase]) -> Table:
    made = table("operation", "takes", "given")
    for case in cases:
        made.add_row(Text(case.name, "bold"), reading.inputs_text(case.inputs), _given(case))
    return made


def _crossing(screen: Console, model: Model) -> None:
    crossing = [case for case in model.use_cases.values() if case.scope == "everyone"]
    own = [case for case in crossing if not case.built_in]
    if own:
        made = table("use case", "by", "given", "place")
        for case in own:
            made.add_row(Text(case.name, "bold red"), case.route.strip() or "operators", _given(case), str(case.place))
        screen.print(indented(made))
    else:
        screen.print(indented(Text("Nothing of this app's own.", "green")))
    built_in = ", ".join(case.name for case in crossing if case.built_in)
    screen.print(indented(Text(f"Of what is built in, the way in and what operators do: {built_in}.", "dim")))


def _ports(model: Model, cases: list[UseCase]) -> Table:
    made = table("port", "filled by", "asked for by")
    for port, adapters in model.adapters.items():
        users = [c.name for c in cases for given in c.needs(Need.PORT) if given.target is port]
        filled = ", ".join(f"{where}={getattr(what, '__name__', what)}" for where, what in adapters.items())
        if users:
            made.add_row(Text(port.__name__, "bold"), filled, ", ".join(users))
    return made


def _given(case: UseCase) -> Text:
    return Text(reading.given_text(case), "dim")


def _emitters(model: Model, event: str) -> list[str]:
    cases = (*model.use_cases.values(), *model.seeds)
    return [
        case.name
        for case in cases
        if any(one.__name__ == event for given in case.needs(Need.EMIT) for one in events_in(given.target))
    ]


def _handlers(model: Model, event: str) -> list[str]:
    return [case.name for case in model.use_cases.values() if case.event and case.event.__name__ == event]

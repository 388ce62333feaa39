"""What follows from a model, told to people and to machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import groupby
from typing import Protocol

from freehold.cli import reading
from freehold.cli.indexes import served
from freehold.cli.planned import Planned
from freehold.cli.screen import Cell, line, paragraph, section, table
from freehold.model.model import Model
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
    shown = tuple(one for one in found if built_in or not _is_ours(one.lookup.entity))
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

    def for_people(self) -> None:
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
            if built_in or not _is_ours(event)
        ],
        **explained.for_machines(),
    }  # fmt: skip


def for_people(model: Model, explained: Explained, *, built_in: bool) -> None:
    """Everything, in the order somebody asks: who may do what, what follows, what crosses, how it is found."""
    cases = [case for case in model.use_cases.values() if built_in or not case.built_in]
    _head(model, cases, explained.count)
    section("Routes", "who may, what is sent, what is supplied")
    _routes(reading.routes_of(model, built_in=built_in))
    if follows := [case for case in cases if case.kind is Kind.HANDLER]:
        section("What follows", "each in a transaction of its own, at least once, on the tenant's ground")
        table(("event", "emitted by", "handled by", "which is given"), _events(model, follows))
    if by_clock := [case for case in cases if case.kind is Kind.JOB]:
        section("Jobs", "by the clock")
        table(("every", "job", "runs", "given"), map(_job, by_clock))
    if operations := [case for case in cases if case.kind is Kind.COMMAND and not case.path]:
        section("Operations", "no route leads to them: `freehold call`")
        table(("operation", "takes", "given"), map(_named, operations))
    section("Crosses tenants", "all else is bound to one tenant before it runs")
    _crossing(model)
    if model.adapters and (ports := list(_ports(model, cases))):
        section("Ports", "what fills them, by environment")
        table(("port", "filled by", "asked for by"), ports)
    section("Lookups", explained.title)
    explained.for_people()
    line()


def _head(model: Model, cases: list[UseCase], lookups: int) -> None:
    roles = " < ".join(role.name for role in model.roles)
    entities = {case.entity for one in cases for case in one.capabilities if case.entity}
    nouns = {"use case": len(cases), "entity": len(entities), "lookup": lookups}
    counts = ", ".join(reading.counted(number, noun) for noun, number in nouns.items())
    line()
    line((model.name, "bold"), "  ", (counts, "dim"))
    line(("roles  ", "dim"), roles)


def _routes(cases: list[UseCase]) -> None:
    """A line for the address, its use case and who may; below it what is sent and what is supplied."""
    widths = [max((len(part) for part in column), default=0) for column in zip(*map(_columns, cases), strict=True)]
    groups = groupby(cases, key=lambda case: (case.built_in, case.path.split("/")[1]))
    for number, (_, group) in enumerate(groups):
        if number:
            line()
        for case in group:
            _route(case, widths)
            for label, told in (("takes", _takes(case)), ("given", reading.given_text(case))):
                if told:
                    table(("", ""), [((label, "dim"), told)], by=10)


def _takes(case: UseCase) -> str:
    told = reading.inputs_text(case.inputs)
    return f"items, each: {told}" if case.each else told


def _columns(case: UseCase) -> tuple[str, str, str]:
    return case.method, case.path, case.name


def _route(case: UseCase, widths: list[int]) -> None:
    method, path, name = (f"{part:{wide}}  " for part, wide in zip(_columns(case), widths, strict=True))
    line(
        (method, METHODS[case.method]), (path, "bold"), name, (reading.who(case), "bright_magenta"),
        (_limits(case), "dim"), by=2,
    )  # fmt: skip


def _limits(case: UseCase) -> str:
    told = [
        case.limit or "",
        "Idempotency-Key" if case.idempotent else "",
        f"at most {case.at_most}" if case.each else "",
    ]
    return "".join(f"  {one}" for one in told if one)


def _events(model: Model, follows: list[UseCase]) -> Iterator[Sequence[Cell]]:
    for name in model.events:
        handlers = [case for case in follows if case.event and case.event.__name__ == name]
        for place, case in enumerate(handlers):
            emitters = ", ".join(_emitters(model, name)) or "nobody"
            yield "" if place else (name, "bold"), "" if place else emitters, case.name, _given(case)


def _job(case: UseCase) -> Sequence[Cell]:
    runs = "once for all tenants" if case.scope == "everyone" else "once for each tenant"
    return (case.period or "", "bold"), case.name, runs, _given(case)


def _named(case: UseCase) -> Sequence[Cell]:
    return (case.name, "bold"), reading.inputs_text(case.inputs), _given(case)


def _crossing(model: Model) -> None:
    crossing = [case for case in model.use_cases.values() if case.scope == "everyone"]
    own = [case for case in crossing if not case.built_in]
    if own:
        table(
            ("use case", "by", "given", "place"),
            [((c.name, "bold red"), c.route.strip() or "operators", _given(c), str(c.place)) for c in own],
        )
    else:
        paragraph(("Nothing of this app's own.", "green"))
    built_in = ", ".join(case.name for case in crossing if case.built_in)
    paragraph((f"Of what is built in, the way in and what operators do: {built_in}.", "dim"))


def _ports(model: Model, cases: list[UseCase]) -> Iterator[Sequence[Cell]]:
    for port, adapters in model.adapters.items():
        users = [c.name for c in cases for given in c.needs(Need.PORT) if given.target is port]
        filled = ", ".join(f"{where}={getattr(what, '__name__', what)}" for where, what in adapters.items())
        if users:
            yield (port.__name__, "bold"), filled, ", ".join(users)


def _given(case: UseCase) -> Cell:
    return reading.given_text(case), "dim"


def _emitters(model: Model, event: str) -> list[str]:
    cases = (*model.use_cases.values(), *model.seeds)
    return [
        case.name
        for case in cases
        if any(one.__name__ == event for given in case.needs(Need.EMIT) for one in events_in(given.target))
    ]


def _handlers(model: Model, event: str) -> list[str]:
    return [case.name for case in model.use_cases.values() if case.event and case.event.__name__ == event]


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith("freehold.")

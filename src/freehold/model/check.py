"""Is the model coherent? What single declarations cannot show: how they fit together."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from types import CodeType
from typing import Any

from freehold.model import fields, grants, inputs
from freehold.model.adapters import misfits
from freehold.model.clash import clashes
from freehold.model.data import Entity, Event
from freehold.model.finding import Finding
from freehold.model.lookup import shown
from freehold.model.model import Declarations, table_of
from freehold.model.names import is_ours
from freehold.model.rate import Rate
from freehold.model.schedule import seconds
from freehold.model.usecase import Kind, Need, UseCase

MOST_CAPABILITIES = 5
WRITING = {"add", "save", "remove"}


@dataclass(frozen=True, slots=True)
class Parts:
    """An app, read, before it is known whether it holds together."""

    declared: Declarations
    cases: Sequence[UseCase]
    seeds: Sequence[UseCase]
    entities: Sequence[type[Entity]]
    events: Sequence[type[Event]]
    stores: Sequence[type]


def check(parts: Parts) -> Iterator[Finding]:
    """Everything that does not fit."""
    declared, kept = parts.declared, {table_of(entity): entity for entity in parts.entities}
    everything = [case for case in (*parts.cases, *parts.seeds) if case.each is None]
    return chain(
        grants.names(declared.name, declared.roles, declared.place),
        clashes((*parts.cases, *parts.seeds), parts.entities, parts.events, parts.stores),
        *(fields.entity_fields(entity, kept) for entity in parts.entities),
        *(fields.event_fields(event) for event in parts.events),
        grants.rules(everything),
        *(check_one(case) for case in everything for check_one in CHECKS),
        *(grants.access(case, declared.roles) for case in everything),
        *(_unsent(case, "a seed") for case in parts.seeds),
        _ports(everything, declared),
    )


def _size(case: UseCase) -> Iterator[Finding]:
    if len(case.capabilities) > MOST_CAPABILITIES:
        names = ", ".join(given.parameter for given in case.capabilities)
        count = f"{len(case.capabilities)} capabilities ({names}); {MOST_CAPABILITIES} is the limit"
        fix = "let an event carry part of the work to a handler"
        yield Finding("FH122", case.place, f"{case.name} asks for {count}", fix)


def _writes(case: UseCase) -> Iterator[Finding]:
    """Writing where nothing may be written. Only to point it out early: what runs refuses by itself."""
    if case.kind is Kind.QUERY and case.needs(Need.EMIT):
        yield Finding("FH123", case.place, f"{case.name} is a query and emits", "declare it with `@app.command`")
    stores = (*case.needs(Need.STORE), *case.needs(Need.ACROSS))
    shut = {given.parameter: given.read_only for given in stores if given.read_only or case.kind is Kind.QUERY}
    if not shut or not WRITING & _names_in(case.function.__code__):
        return
    for name, method, line in _calls(case):
        if name in shut and method in WRITING:
            why = "has it as ReadOnly" if shut[name] else "is a query"
            fix = "take it without ReadOnly" if shut[name] else "declare it with `@app.command`"
            yield Finding("FH124", case.place.down(line - 1), f"{case.name} {why} and calls {name}.{method}", fix)


def _names_in(code: CodeType) -> set[str]:
    """All names in a function, which is far quicker to see than its source."""
    inner = (_names_in(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*inner)


def _calls(case: UseCase) -> Iterator[tuple[str, str, int]]:
    """`name.method(...)` and `name(tenant).method(...)` in a body, with the line, from 1."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(case.function)))
    except (OSError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            store = node.func.value
            store = store.func if isinstance(store, ast.Call) else store
            if isinstance(store, ast.Name):
                yield store.id, node.func.attr, node.lineno


def _period(case: UseCase) -> Iterator[Finding]:
    if case.period is None:
        return
    try:
        seconds(case.period)
    except ValueError as error:
        yield Finding("FH127", case.place, f"{case.name}: {error}", 'write "day", "hour" or "15 minutes"')
    yield from _unsent(case, "a job")


def _unsent(case: UseCase, what: str) -> Iterator[Finding]:
    if case.inputs:
        names = ", ".join(i.name for i in case.inputs)
        fix = "take capabilities only"
        yield Finding("FH128", case.place, f"{case.name}: nobody sends {what} its input: {names}", fix)


def _handler(case: UseCase) -> Iterator[Finding]:
    if case.event is None:
        return
    if len(case.inputs) != 1:
        others = [f"`{i.name}: {shown(i.hint)}`" for i in case.inputs if i.hint is not case.event]
        what = f"takes {', '.join(others)}, which nobody supplies" if others else "does not take the event"
        fix = f"take one `event: {case.event.__name__}`, and stores, ports and other capabilities"
        yield Finding("FH129", case.place, f"{case.name} {what}", fix)
        return
    hint = case.inputs[0].hint
    if hint is not Any and not (isinstance(hint, type) and issubclass(case.event, hint)):
        message = f"{case.name} is called on {case.event.__name__}, and takes {shown(hint)}"
        yield Finding("FH155", case.place, message, f"write `{case.inputs[0].name}: {case.event.__name__}`")


def _limit(case: UseCase) -> Iterator[Finding]:
    if case.limit is None:
        return
    try:
        Rate.parse(case.limit)
    except (TypeError, ValueError):
        yield Finding("FH130", case.place, f'{case.name}: "{case.limit}" is not a limit', 'write "60/minute"')


CHECKS: tuple[Callable[[UseCase], Iterator[Finding]], ...] = (
    _size, _writes, _period, _handler, _limit,
    inputs.capabilities, inputs.inputs, inputs.answer, grants.ground, grants.roles_of_everyone,
)  # fmt: skip


def _ports(cases: Sequence[UseCase], declared: Declarations) -> Iterator[Finding]:
    """Every port that is asked for has adapters, and they have what it describes."""
    for port, adapters in declared.adapters.items():
        yield from misfits(port, adapters, declared.provided[port])
    asked = ((case, given) for case in cases for given in case.needs(Need.PORT))
    for case, given in asked:
        if given.target not in declared.adapters and not is_ours(case.function):
            name = shown(given.target)
            message = f"{case.name} asks for {name}, and nothing fills it"
            yield Finding("FH147", case.place, message, f"write `app.provide({name}, local=...)`")

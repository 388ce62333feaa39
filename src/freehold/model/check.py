"""Is the model coherent? What single declarations cannot show: how they fit together."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import chain

from freehold.model.finding import Finding, Place
from freehold.model.lookup import reference_of, shown
from freehold.model.model import Model
from freehold.model.schedule import seconds
from freehold.model.usecase import HOLE, Capability, Kind, Need, Source, UseCase, events_in, subjects

MOST_CAPABILITIES = 5
WRITING = {"add", "save", "remove"}


def check(model: Model) -> Iterator[Finding]:
    """Everything that does not fit."""
    cases = model.use_cases.values()
    return chain(
        _routes(model),
        _entities(model),
        _events(model),
        *(rule(case) for case in cases for rule in (_size, _query, _scope, _caller, _period, _limit)),
        *(_rules(case) for case in cases if case.allow is not None),
    )


def _routes(model: Model) -> Iterator[Finding]:
    seen: dict[tuple[str, str], UseCase] = {}
    for case in model.use_cases.values():
        if not case.path:
            continue
        shape = (case.method, HOLE.sub("{}", case.path))
        if shape in seen:
            fix = f"change one of the two: {seen[shape].name} is at {seen[shape].place}"
            yield Finding("FH117", case.place, f"{case.name} and {seen[shape].name} answer the same route {case.route}", fix)
        seen.setdefault(shape, case)


def _entities(model: Model) -> Iterator[Finding]:
    for entity in model.entities.values():
        place = Place.of(entity)
        parent = entity.facts.within
        if parent is not None and parent_field(entity, parent) is None:
            fix = f"add one field `{parent.__name__.lower()}: Id[{parent.__name__}]`"
            yield Finding("FH118", place, f"{entity.__name__} is within {parent.__name__}, but no field says which", fix)
        for name in entity.model_fields:
            if name in ("tenant", "tenant_id", "rowid"):
                fix = "remove it: freehold keeps every entity on its tenant's ground"
                yield Finding("FH119", place, f"{entity.__name__} has a field `{name}`", fix)


def parent_field(entity: type, parent: type) -> str | None:
    """The one field by which a child names its parent."""
    fields = entity.model_fields  # type: ignore[attr-defined]  # called with entities only
    names = [name for name, info in fields.items() if name != "id" and reference_of(info.annotation) is parent]
    return names[0] if len(names) == 1 else None


def _events(model: Model) -> Iterator[Finding]:
    for event in model.events.values():
        for name, info in event.model_fields.items():
            if info.annotation is object or shown(info.annotation) == "Any":
                fix = "give it a type that says what is in it"
                yield Finding("FH120", Place.of(event), f"the event {event.__name__} has no type for `{name}`", fix)
    for case in model.use_cases.values():
        for given in case.needs(Need.EMIT):
            if not events_in(given.target):
                fix = "write `Emit[YourEvent]`"
                yield Finding("FH121", case.place, f"{case.name} emits {shown(given.target)}, which is no event", fix)


def _size(case: UseCase) -> Iterator[Finding]:
    if len(case.capabilities) > MOST_CAPABILITIES:
        names = ", ".join(given.parameter for given in case.capabilities)
        message = f"{case.name} asks for {len(case.capabilities)} capabilities ({names}); {MOST_CAPABILITIES} is the limit"
        yield Finding("FH122", case.place, message, "let an event carry part of the work to a handler")


def _query(case: UseCase) -> Iterator[Finding]:
    if case.kind is not Kind.QUERY:
        return
    if case.needs(Need.EMIT):
        yield Finding("FH123", case.place, f"{case.name} is a query and emits", "declare it with `@app.command`")
    stores = {given.parameter for given in case.needs(Need.STORE)}
    for name, method in _calls(case):
        if name in stores and method in WRITING:
            fix = "declare it with `@app.command`"
            yield Finding("FH124", case.place, f"{case.name} is a query and calls {name}.{method}", fix)


def _calls(case: UseCase) -> Iterator[tuple[str, str]]:
    """`name.method(...)` calls in a body. Only to point out a mistake early: what runs refuses by itself."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(case.function)))
    except (OSError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            yield node.func.value.id, node.func.attr


def _scope(case: UseCase) -> Iterator[Finding]:
    for given in case.capabilities:
        if given.need in (Need.STORE, Need.ACROSS) and given.entity is None:
            yield Finding("FH107", case.place, f"{case.name}: `{given.parameter}` is a store of nothing", "write `Store[YourEntity]`")
        if case.scope == "everyone":
            continue
        if given.need is Need.ACROSS:
            fix = 'declare the use case with scope="everyone"'
            yield Finding("FH125", case.place, f"{case.name} reaches across tenants with `{given.parameter}`", fix)
        elif _on_platform(given):
            fix = 'declare the use case with scope="everyone"'
            yield Finding("FH126", case.place, f"{case.name}: `{given.parameter}` is kept once, not for each tenant", fix)


def _caller(case: UseCase) -> Iterator[Finding]:
    for given in case.needs(Need.CALLER):
        if not case.function.__module__.startswith("freehold."):
            message = f"{case.name}: `{given.parameter}` would show the app which tenant it runs for"
            yield Finding("FH132", case.place, message, "remove it: every store is bound to the right tenant already")


def _on_platform(given: Capability) -> bool:
    return given.need is Need.STORE and given.entity is not None and given.entity.facts.platform


def _period(case: UseCase) -> Iterator[Finding]:
    if case.period is not None:
        try:
            seconds(case.period)
        except ValueError as error:
            yield Finding("FH127", case.place, f"{case.name}: {error}", 'write "day", "hour" or "15 minutes"')
    if case.kind is Kind.JOB and case.inputs:
        names = ", ".join(i.name for i in case.inputs)
        yield Finding("FH128", case.place, f"nobody sends a job its input: {names}", "ask for a capability, or remove it")
    if case.kind is Kind.HANDLER and len([i for i in case.inputs if i.source is Source.EVENT]) != 1:
        yield Finding("FH129", case.place, f"{case.name} must take the event and capabilities only", "remove the other inputs")


def _limit(case: UseCase) -> Iterator[Finding]:
    if case.limit is None:
        return
    count, _, period = case.limit.partition("/")
    if not count.isdigit() or count == "0" or period not in ("second", "minute", "hour", "day"):
        yield Finding("FH130", case.place, f'{case.name}: "{case.limit}" is not a limit', 'write "60/minute"')


def _rules(case: UseCase) -> Iterator[Finding]:
    for rule in case.allow.rules() if case.allow else ():
        for name, entity in subjects(rule):
            if not any(reference_of(i.hint) is entity for i in case.inputs):
                fix = f"take `{name}: Id[{entity.__name__}]` as an input"
                message = f"{case.name}: the rule {rule} is about a {entity.__name__}, and the call names none"
                yield Finding("FH131", case.place, message, fix)

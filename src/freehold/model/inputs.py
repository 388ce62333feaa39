"""What a use case takes and gives: whether somebody can supply it, send it, and read the answer."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from typing import get_args, get_origin

from pydantic import BaseModel

from freehold.model.data import Entity, Event, Page, Paging, Range
from freehold.model.finding import Finding
from freehold.model.lookup import is_optional, is_read_only, plain, shown
from freehold.model.ports import Across, Store
from freehold.model.usecase import Capability, Input, Kind, Need, Source, UseCase, events_in
from freehold.model.wire import is_list, is_scalar, nameless, parts_of, trouble

PAGED = {"limit", "cursor"}


def capabilities(case: UseCase) -> Iterator[Finding]:
    """What it is to be supplied with, and cannot be."""
    for given in case.capabilities:
        title = f"{case.name}: `{given.parameter}`"
        if given.need is Need.EMIT and not _are_events(given):
            message = f"{title} emits {shown(given.target) if given.target else 'nothing'}, which is no event"
            yield Finding("FH121", case.place, message, "write `Emit[YourEvent]`")
        elif given.need is Need.STORE and given.entity is None and not _is_own(given.target):
            yield Finding("FH107", case.place, f"{title} is a store of nothing", "write `Store[YourEntity]`")
        elif given.need is Need.ACROSS and given.entity is None:
            yield Finding("FH107", case.place, f"{title} is a store of nothing", "write `Across[YourStore]`")
        elif given.need is Need.PORT and not getattr(given.target, "_is_protocol", False):
            name = getattr(given.target, "__name__", "")
            message = f"{title} is a {name}, a port that is not a Protocol"
            yield Finding("FH160", case.place, message, f"write `class {name}(Port, Protocol):`")


def _is_own(store: object) -> bool:
    """Whether it is a class of the app's own. What is wrong with that is said once, where it is written."""
    return isinstance(store, type) and store is not Store


def _are_events(given: Capability) -> bool:
    parts = get_args(given.target) or (given.target,)
    return len(events_in(given.target)) == len(parts)


def inputs(case: UseCase) -> Iterator[Finding]:
    """What it asks callers for, and nobody can send."""
    for given in case.inputs:
        if given.hint is Paging or given.source is Source.EVENT:
            continue
        hint = get_args(given.hint)[0] if get_origin(given.hint) is Range else given.hint
        found = _unsendable(case, given, hint) or _misplaced(case, given, hint)
        if found is not None:
            yield found
    yield from _same_names(case)


def _unsendable(case: UseCase, given: Input, hint: object) -> Finding | None:
    """An input of a type that no caller can write down."""
    title, name = f"{case.name}: `{given.name}`", shown(hint)
    nouns = [part for part in parts_of(hint) if isinstance(part, type) and issubclass(part, (Entity, Event))]
    if nouns:
        return _whole(case, title, nouns[0])
    if id := nameless(hint):
        return Finding("FH135", case.place, f"{title}: `{id}` does not say of what", "write `Id[YourEntity]`")
    if is_read_only(hint):
        return Finding("FH135", case.place, f"{title} is {name}, and {shown(plain(hint))} is no store", "take a store")
    if given.name.startswith("_"):
        return Finding("FH141", case.place, f"{title} cannot be sent: its name begins with _", "call it something else")
    if what := trouble(hint):
        message = f"{title} is neither a capability nor input: {what}"
        return Finding("FH135", case.place, message, _remedy(hint))
    return None


def _whole(case: UseCase, title: str, noun: type) -> Finding:
    if issubclass(noun, Event):
        fix = f"to tell of it, take `emit: Emit[{noun.__name__}]`; to hear of it, write `@app.on({noun.__name__})`"
        return Finding("FH140", case.place, f"{title} is an event, and nobody sends events", fix)
    fix = f"take the fields that may be sent, or `Id[{noun.__name__}]` for one that is here"
    return Finding("FH140", case.place, f"{title} is a whole {noun.__name__}, with its id, version and times", fix)


def _remedy(hint: object) -> str:
    kind = plain(hint)
    name = shown(kind)
    if isinstance(kind, type) and getattr(kind, "_is_protocol", False):
        return f"for something outside, write `class {name}(Port, Protocol):`, and `app.provide({name}, ...)`"
    if kind is Store or kind is Across:
        return "write `Store[YourEntity]`"
    if isinstance(kind, type):
        return f"make {name} a Pydantic model, to be sent, or a `Port` and `Protocol`, to be supplied"
    return "take text, numbers, dates, lists and dicts of these, or a Pydantic model"


def _misplaced(case: UseCase, given: Input, hint: object) -> Finding | None:
    """An input that does not fit where it comes from."""
    title, name = f"{case.name}: `{given.name}`", shown(hint)
    if given.source is Source.PATH and (not is_scalar(hint) or is_optional(hint)):
        return Finding("FH138", case.place, f"{title} is {name}, and comes in the path", "take one value: text, an id")
    if given.source is Source.QUERY and not (is_scalar(hint) or is_list(hint)):
        message = f"{title} is {name}, and {case.method} has a query string only"
        return Finding("FH138", case.place, message, "take single values, or lists of them, or make it a POST")
    return None


def _same_names(case: UseCase) -> Iterator[Finding]:
    """Inputs that would be sent under one name."""
    sent: list[str] = []
    for given in case.inputs:
        if given.hint is Paging:
            sent += sorted(PAGED)
        elif get_origin(given.hint) is Range:
            sent += [f"{given.name}_start", f"{given.name}_stop"]
        else:
            sent.append(given.name)
    for name in dict.fromkeys(name for name in sent if sent.count(name) > 1):
        message = f"{case.name}: two inputs are sent as `{name}`"
        yield Finding("FH141", case.place, message, "rename one: a page takes `limit` and `cursor`, a range two bounds")


def answer(case: UseCase) -> Iterator[Finding]:
    """What it answers with, and nobody can read."""
    if case.event is not None or case.kind is Kind.JOB:
        return
    if inspect.signature(case.function).return_annotation is inspect.Signature.empty:
        message = f"{case.name} does not say what it returns"
        yield Finding("FH137", case.place, message, "write `-> None`, or what it answers with")
        return
    hint = get_args(case.returns)[0] if get_origin(case.returns) is Page else case.returns
    if what := trouble(hint):
        fix = "return entities, pages of them, or Pydantic models"
        yield Finding("FH136", case.place, f"{case.name} cannot answer: {what}", fix)
    yield from _paging(case, hint)


def _paging(case: UseCase, hint: object) -> Iterator[Finding]:
    """A list without an end, or one that nobody can turn the pages of."""
    is_paged = any(given.hint is Paging for given in case.inputs)
    if get_origin(case.returns) is Page:
        if not is_paged:
            message = f"{case.name} returns a page, and nobody can ask for the next"
            yield Finding("FH139", case.place, message, "take `page: Paging`, and hand it to the lookup")
        return
    kinds = [part for part in parts_of(hint) if isinstance(part, type) and issubclass(part, BaseModel)]
    listed = [kind for kind in kinds if issubclass(kind, Entity)]
    if case.kind is Kind.QUERY and listed and _holds_many(hint):
        name = listed[0].__name__
        message = f"{case.name} returns {shown(hint)}: every list is paged"
        yield Finding("FH139", case.place, message, f"take `page: Paging` and return `Page[{name}]`")


def _holds_many(hint: object) -> bool:
    """Whether there is a list in it, of whatever length. A tuple of so many is none."""
    kinds = ((get_origin(part), get_args(part)) for part in parts_of(hint))
    return any(
        isinstance(origin, type) and issubclass(origin, Collection) and (origin is not tuple or ... in arguments)
        for origin, arguments in kinds
    )

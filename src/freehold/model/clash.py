"""What there may be only one of: routes, names of use cases, tables, events, stores of one name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import TypeVar

from freehold.model.data import Entity, Event
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.lookup import entity_of
from freehold.model.model import Model, table_of
from freehold.model.usecase import UseCase

T = TypeVar("T")


def check_joined(own: Model, built_in: Model) -> None:
    """See that an app takes nothing that is built in: neither a route, nor a name. Raises `ModelError` (FH156)."""
    found = list(_taken(own, built_in))
    if found:
        raise ModelError(found)


def _taken(own: Model, built_in: Model) -> Iterator[Finding]:
    for case in (*own.use_cases.values(), *own.seeds):
        if case.name in built_in.use_cases:
            message = f"{case.name} is built in: the accounts have a use case of this name"
            yield Finding("FH156", case.place, message, "call the function something else")
        other = next((other for other in built_in.use_cases.values() if _meet(case, other)), None)
        if other is not None:
            message = f"{case.name}: {case.route} would answer for {other.route}, which is built in"
            yield Finding("FH156", case.place, message, "change the path")
    for table in own.entities.keys() & built_in.entities.keys():
        kind = own.entities[table]
        message = f"the table of {kind.__name__}, {table}, is built in"
        yield Finding("FH156", Place.of(kind), message, "call the entity something else")
    for name in own.events.keys() & built_in.events.keys():
        message = f"the event {name} is built in"
        yield Finding("FH156", Place.of(own.events[name]), message, "call the event something else")


def clashes(
    cases: Iterable[UseCase], entities: Iterable[type[Entity]], events: Iterable[type[Event]], stores: Iterable[type]
) -> Iterator[Finding]:
    """Everything in one app that there is twice."""
    cases = tuple(cases)
    yield from _routes(cases)
    for case, other in _twice(cases, lambda case: case.name):
        yield Finding("FH115", case.place, f"there are two use cases {case.name}", f"rename this or {other.place}")
    for entity, twin in _twice(entities, table_of):
        message = f"{entity.__name__} and {twin.__name__} would share the table {table_of(entity)}"
        yield Finding("FH148", Place.of(entity), message, f"rename this or {Place.of(twin)}")
    for event, same in _twice(events, lambda event: event.__name__):
        message = f"there are two events {event.__name__}, and a queue knows them by name"
        yield Finding("FH149", Place.of(event), message, f"rename this or {Place.of(same)}")
    for store, like in _twice(stores, lambda store: (store.__name__, entity_of(store))):
        message = f"there are two stores {store.__name__} of the same entity"
        yield Finding("FH162", Place.of(store), message, f"rename this or {Place.of(like)}, or make one of the two")


def _twice(things: Iterable[T], key: Callable[[T], object]) -> Iterator[tuple[T, T]]:
    """Each thing with the one before it that has the same key."""
    seen: dict[object, T] = {}
    for thing in things:
        if key(thing) in seen:
            yield thing, seen[key(thing)]
        seen.setdefault(key(thing), thing)


def _routes(cases: Iterable[UseCase]) -> Iterator[Finding]:
    """Routes that answer the same address, of which neither says more than the other."""
    alike: dict[tuple[str, int], list[UseCase]] = {}
    for case in cases:
        if case.path:
            alike.setdefault((case.method, case.path.count("/")), []).append(case)
    for group in alike.values():
        for first, second in combinations(group, 2):
            if _meet(first, second) and _says_more(first, second) == _says_more(second, first):
                fix = f"change one of the two: {first.name} is at {first.place}"
                message = f"{second.name} and {first.name} both answer {second.method} {_shared(first, second)}"
                yield Finding("FH117", second.place, message, fix)


def _segments(case: UseCase) -> list[str]:
    return ["" if segment.startswith("{") else segment for segment in case.path.split("/")[1:]]


def _meet(first: UseCase, second: UseCase) -> bool:
    """Whether there is an address that both routes match."""
    here, there = _segments(first), _segments(second)
    if not first.path or first.method != second.method or len(here) != len(there):
        return False
    return all(one == other or not one or not other for one, other in zip(here, there, strict=True))


def _shared(first: UseCase, second: UseCase) -> str:
    """An address that both routes match."""
    pairs = zip(first.path.split("/"), second.path.split("/"), strict=True)
    return "/".join(other if one.startswith("{") else one for one, other in pairs)


def _says_more(first: UseCase, second: UseCase) -> bool:
    """Whether the first has words where the second has a hole."""
    return any(one and not other for one, other in zip(_segments(first), _segments(second), strict=True))

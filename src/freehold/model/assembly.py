"""Adds up what an app declared into a `Model`, and gathers everything that is wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from freehold.model.check import Parts, check
from freehold.model.data import Entity, Event
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.lookup import read_lookups
from freehold.model.model import Declarations, Function, Model, table_of
from freehold.model.ports import Store
from freehold.model.usecase import HOLE, ROUTE, Kind, Need, Options, Source, UseCase, events_in, read

HAS_BODY = ("POST", "PUT", "PATCH")


def assemble(declared: Declarations) -> Model:
    """Read every declaration. Raises `ModelError` with all that is wrong, not just the first."""
    found: list[Finding] = []
    cases = [case for each in declared.cases if (case := read(*each, found)) is not None]
    cases += [case for each in declared.bulks if (case := _bulk(*each, cases, found)) is not None]
    seeding = Options(allow=declared.roles[-1] if declared.roles else None)
    seeds = [case for each in declared.seeds if (case := read(each, Kind.COMMAND, seeding, found)) is not None]
    everything = (*cases, *seeds)
    entities, events = tuple(_entities(everything)), tuple(_events(everything))
    stores = tuple(_stores(everything))
    lookups = tuple(pattern for store in stores for pattern in read_lookups(store, found))
    found += check(Parts(declared, cases, seeds, entities, events, stores))
    if found:
        raise ModelError(found)
    return Model(
        declared.name, declared.roles, declared.manager, {case.name: case for case in cases},
        {table_of(entity): entity for entity in sorted(entities, key=table_of)}, lookups,
        {event.__name__: event for event in events}, declared.adapters, tuple(seeds),
    )  # fmt: skip


def _bulk(
    route: str, function: Function, at_most: int, place: Place, cases: list[UseCase], found: list[Finding]
) -> UseCase | None:
    each = next((case for case in cases if case.function is function), None)
    if each is None or each.kind is not Kind.COMMAND:
        fix = "give `app.bulk` a function that `@app.command` has declared above"
        found.append(Finding("FH116", place, f'"{route}": only a command can be done in bulk', fix))
        return None
    match = ROUTE.fullmatch(route)
    if match is None or match[1] not in HAS_BODY or HOLE.search(route) or at_most < 1:
        fix = 'write POST, PUT or PATCH and a path without holes: "POST /tasks/bulk", and `at_most` from 1'
        found.append(Finding("FH116", place, f'"{route}", at most {at_most}, is no way to send many items', fix))
        return None
    inputs = tuple(replace(i, source=Source.BODY) for i in each.inputs)
    return replace(
        each, name=f"{each.name}_in_bulk", method=match[1], path=match[2], inputs=inputs, each=each, at_most=at_most,
        place=place,
    )  # fmt: skip


def _entities(cases: tuple[UseCase, ...]) -> Iterator[type[Entity]]:
    """Every entity a store is asked for, with what it lives in, each once."""
    seen: set[type[Entity]] = set()
    for case in cases:
        for given in case.capabilities:
            entity = given.entity
            while isinstance(entity, type) and issubclass(entity, Entity) and entity not in seen:
                seen.add(entity)
                yield entity
                entity = entity.facts.within


def _stores(cases: tuple[UseCase, ...]) -> Iterator[type]:
    """Every store that is a class of the app's own, each once."""
    asked = (c.target for case in cases for c in case.capabilities if c.need in (Need.STORE, Need.ACROSS))
    yield from dict.fromkeys(store for store in asked if isinstance(store, type) and store is not Store)


def _events(cases: tuple[UseCase, ...]) -> Iterator[type[Event]]:
    """Every event that is emitted or heard, each once."""
    emitted = (event for case in cases for c in case.needs(Need.EMIT) for event in events_in(c.target))
    heard = (case.event for case in cases if case.event is not None)
    yield from dict.fromkeys((*emitted, *heard))

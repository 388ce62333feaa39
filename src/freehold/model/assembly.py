"""Adds up what an app declared into a `Model`, and gathers everything that is wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from freehold.model.check import check
from freehold.model.data import Entity, Event
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.lookup import Lookup, lookups_of
from freehold.model.model import Declarations, Model, table_of
from freehold.model.usecase import Kind, Need, Source, UseCase, events_in, read


def assemble(declared: Declarations) -> Model:
    """Read every declaration. Raises `ModelError` with all that is wrong, not just the first."""
    return _Assembly(declared).model()


class _Assembly:
    """Adds up what an app declared, and gathers what is wrong."""

    def __init__(self, declared: Declarations) -> None:
        self.declared = declared
        self.found: list[Finding] = []
        self.cases: dict[str, UseCase] = {}

    def model(self) -> Model:
        for function, kind, options in self.declared.cases:
            self._case(function, kind, options)
        for route, function, at_most in self.declared.bulks:
            self._bulk(route, function, at_most)
        seeding: dict[str, object] = {"allow": self.declared.roles[-1] if self.declared.roles else None}
        seeds = tuple(case for case in (self._read(f, Kind.COMMAND, seeding) for f in self.declared.seeds) if case)
        everything = (*self.cases.values(), *seeds)
        model = Model(
            self.declared.name, self.declared.roles, self.declared.manager, self.cases, self._entities(everything),
            self._lookups(everything), self._events(everything), self.declared.adapters, seeds,
        )  # fmt: skip
        self.found += check(model)
        if self.found:
            raise ModelError(self.found)
        return model

    def _read(self, function: Callable[..., object], kind: Kind, options: Mapping[str, object]) -> UseCase | None:
        try:
            return read(function, kind, options)
        except ModelError as error:
            self.found += error.findings
            return None

    def _case(self, function: Callable[..., object], kind: Kind, options: Mapping[str, object]) -> None:
        case = self._read(function, kind, options)
        if case is None:
            return
        if case.name in self.cases:
            other = self.cases[case.name].place
            self.found.append(Finding("FH115", case.place, f"there are two use cases {case.name}", f"rename this or {other}"))
        self.cases[case.name] = case

    def _bulk(self, route: str, function: Callable[..., object], at_most: int) -> None:
        each = next((case for case in self.cases.values() if case.function is function), None)
        place = Place.of(function)
        if each is None or each.kind is not Kind.COMMAND:
            fix = "give `app.bulk` a function that `@app.command` has declared above"
            self.found.append(Finding("FH116", place, f"{route}: only a command can be done in bulk", fix))
            return
        method, _, path = route.partition(" ")
        name = f"{each.name}_in_bulk"
        inputs = tuple(replace(i, source=Source.BODY) for i in each.inputs)
        self.cases[name] = replace(each, name=name, method=method, path=path, inputs=inputs, each=each, at_most=at_most)

    def _entities(self, cases: tuple[UseCase, ...]) -> dict[str, type[Entity]]:
        found: dict[str, type[Entity]] = {}
        for case in cases:
            for given in case.capabilities:
                entity = given.entity
                while entity is not None:
                    found.setdefault(table_of(entity), entity)
                    entity = entity.facts.within
        return dict(sorted(found.items()))

    def _lookups(self, cases: tuple[UseCase, ...]) -> tuple[Lookup, ...]:
        stores = {c.target: None for case in cases for c in case.capabilities if c.need in (Need.STORE, Need.ACROSS)}
        patterns: list[Lookup] = []
        for store in stores:
            if isinstance(store, type):
                try:
                    patterns += lookups_of(store)
                except ModelError as error:
                    self.found += error.findings
        return tuple(patterns)

    def _events(self, cases: tuple[UseCase, ...]) -> dict[str, type[Event]]:
        emitted = [event for case in cases for c in case.needs(Need.EMIT) for event in events_in(c.target)]
        heard = [case.event for case in cases if case.event is not None]
        return {event.__name__: event for event in (*emitted, *heard)}

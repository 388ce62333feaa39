"""How a signature becomes a use case: what is supplied, what is input, and from where.

This is the idea everything else composes from. Nothing is declared twice and no body is looked into.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import UnionType
from typing import Annotated, Union, get_args, get_origin, get_type_hints

from freehold.model.data import Entity, Event, Paging, Range
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.lookup import IMPORT_FIX, entity_of, is_read_only, is_store, plain, reference_of, shown
from freehold.model.ports import NOW, Across, Caller, Emit, Port, User
from freehold.model.rules import Access, Rule

ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/[A-Za-z0-9_\-./{}]*)")
HOLE = re.compile(r"{([a-z_]+)}")


class Kind(StrEnum):
    """What sets a use case off."""

    COMMAND = "command"
    QUERY = "query"
    HANDLER = "on"
    JOB = "every"


class Need(StrEnum):
    """What a capability is."""

    STORE = "store"
    EMIT = "emit"
    USER = "user"
    NOW = "now"
    PORT = "port"
    ACROSS = "across"
    CALLER = "caller"


class Source(StrEnum):
    """Where an input comes from."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Capability:
    """A parameter that is supplied. `target` is the store, the port, or the tuple of events."""

    parameter: str
    need: Need
    target: object = None
    entity: type[Entity] | None = None
    read_only: bool = False

    def __str__(self) -> str:
        """As `freehold explain` shows it."""
        match self.need:
            case Need.STORE | Need.ACROSS:
                name = getattr(self.target, "__name__", "") if isinstance(self.target, type) else shown(self.target)
                return f"{'across ' * (self.need is Need.ACROSS)}{name} {'r' if self.read_only else 'rw'}"
            case Need.EMIT:
                return "emits " + ", ".join(event.__name__ for event in events_in(self.target))
            case Need.PORT:
                return f"port {getattr(self.target, '__name__', self.target)}"
            case _:
                return self.need.value


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter that the caller sends."""

    name: str
    hint: object
    source: Source
    default: object = inspect.Parameter.empty

    @property
    def is_required(self) -> bool:
        """Whether there is no default."""
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True)
class UseCase:
    """A function of the app, and all that its signature and decorator say."""

    name: str
    kind: Kind
    function: Callable[..., object]
    place: Place
    inputs: tuple[Input, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    returns: object = None
    method: str = ""
    path: str = ""
    allow: Access | None = None
    limit: str | None = None
    idempotent: bool = False
    scope: str = "tenant"
    event: type[Event] | None = None
    period: str | None = None
    each: UseCase | None = None
    """For a bulk: the use case that is done for each item."""
    at_most: int = 100
    built_in: bool = False

    @property
    def route(self) -> str:
        """Method and path, or what else sets it off."""
        if self.event is not None:
            return f"on {self.event.__name__}"
        return f"every {self.period}" if self.period else f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        """Whether it may change anything."""
        return self.kind is not Kind.QUERY

    @property
    def doc(self) -> str:
        """Its docstring."""
        return inspect.getdoc(self.function) or ""

    @cached_property
    def subject(self) -> tuple[str, type[Entity]] | None:
        """The input that names the entity a call is about (the last id in the path), and that entity's type."""
        ids = [(i.name, reference_of(i.hint)) for i in self.inputs if i.source is Source.PATH]
        return next(((name, kind) for name, kind in reversed(ids) if kind and issubclass(kind, Entity)), None)

    @cached_property
    def creates(self) -> bool:
        """Whether success is 201 Created: a POST that gives an entity it was not given the id of."""
        kind = self.returns
        if self.method != "POST" or not (isinstance(kind, type) and issubclass(kind, Entity)):
            return False
        return all(reference_of(i.hint) is not kind for i in self.inputs)

    def needs(self, need: Need) -> tuple[Capability, ...]:
        """Its capabilities of one sort."""
        return tuple(c for c in self.capabilities if c.need is need)


def events_in(target: object) -> tuple[type[Event], ...]:
    """The events of `Emit[A | B]`."""
    parts = get_args(target) if get_origin(target) in (Union, UnionType) else (target,)
    return tuple(p for p in parts if isinstance(p, type) and issubclass(p, Event))


def capability(parameter: str, hint: object) -> Capability | None:
    """What a parameter of this type is supplied with, or None if it is input."""
    inner, origin = plain(hint), get_origin(plain(hint))
    if is_store(inner) or is_store(origin):
        return Capability(parameter, Need.STORE, inner, entity_of(inner), read_only=is_read_only(hint))
    if origin is Across:
        store = get_args(inner)[0]
        return Capability(parameter, Need.ACROSS, plain(store), entity_of(plain(store)), read_only=is_read_only(store))
    if origin is Emit:
        return Capability(parameter, Need.EMIT, get_args(inner)[0])
    if isinstance(inner, type) and Port in inner.__mro__:
        return Capability(parameter, Need.PORT, inner)
    circumstances = {Need.USER: inner is User, Need.NOW: is_now(hint), Need.CALLER: inner is Caller}
    return next((Capability(parameter, need) for need, asked in circumstances.items() if asked), None)


def is_now(hint: object) -> bool:
    """Whether it is `Now`."""
    return get_origin(hint) is Annotated and NOW in get_args(hint)


def read(function: Callable[..., object], kind: Kind, options: Mapping[str, object]) -> UseCase:
    """Read a signature. Raises `ModelError` with whatever is wrong with it."""
    place = Place.of(function)
    name = function.__name__
    method, path = _route(name, place, str(options["route"])) if "route" in options else ("", "")
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        message = f"{name} names {error.name}, which does not exist at run time"
        raise ModelError([Finding("FH104", place, message, IMPORT_FIX)]) from None
    returns = hints.pop("return", None)
    holes = HOLE.findall(path)
    given, inputs, found = [], [], []
    for parameter in inspect.signature(function).parameters.values():
        hint = hints.get(parameter.name)
        if hint is None:
            found.append(Finding("FH101", place, f"{name}: `{parameter.name}` has no type", "give it one"))
        elif (supplied := capability(parameter.name, hint)) is not None:
            given.append(supplied)
        else:
            source = _source(parameter.name, hint, kind, method, holes)
            inputs.append(Input(parameter.name, hint, source, parameter.default))
    names = {i.name for i in inputs}
    found += [
        Finding("FH105", place, f"{name}: the path has `{{{hole}}}`, the signature has not", f"add `{hole}: Id[...]`")
        for hole in holes
        if hole not in names
    ]
    if found:
        raise ModelError(found)
    rest = {key: value for key, value in options.items() if key != "route"}
    return UseCase(
        name, kind, function, place, tuple(inputs), tuple(given), returns, method=method, path=path,
        **rest,  # type: ignore[arg-type]  # the options are UseCase's own fields, passed on by App
    )  # fmt: skip


def _route(name: str, place: Place, route: str) -> tuple[str, str]:
    match = ROUTE.fullmatch(route)
    if match is None:
        fix = 'write a method and a path: "POST /tasks/{id}/done"'
        raise ModelError([Finding("FH114", place, f"{name}: `{route}` is not a route", fix)])
    return match[1], match[2]


def _source(name: str, hint: object, kind: Kind, method: str, holes: list[str]) -> Source:
    if kind is Kind.HANDLER:
        return Source.EVENT
    if name in holes:
        return Source.PATH
    by_query = method in ("GET", "DELETE") or hint is Paging or get_origin(hint) is Range
    return Source.QUERY if by_query else Source.BODY


def subjects(rule: Rule[...]) -> tuple[tuple[str, type[Entity]], ...]:
    """What a rule is about: its parameters that are entities. The others are `User` and `Now`."""
    hints = get_type_hints(rule.function)
    hints.pop("return", None)
    return tuple((name, hint) for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Entity))

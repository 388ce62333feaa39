"""How a signature becomes a use case: what is supplied, what is input, and from where.

This is the idea everything else composes from. Nothing is declared twice and no body is looked into.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, get_args, get_origin

from freehold.model.data import Entity, Event, Paging, Range
from freehold.model.finding import Finding, Place
from freehold.model.hints import hints_of
from freehold.model.lookup import UNIONS, entity_of, is_read_only, is_store, plain, reference_of, shown
from freehold.model.ports import NOW, Across, Caller, Emit, Port, User
from freehold.model.rules import Access, Anyone, Rule

ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/|(?:/(?:(?!\.\.?(?:/|$))[A-Za-z0-9_.~-]+|{[a-z_][a-z0-9_]*}))+)")
HOLE = re.compile(r"{([a-z_][a-z0-9_]*)}")


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
    """A parameter that is supplied. `target` is the store, the port, or the event: of several, their union."""

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


@dataclass(frozen=True, slots=True)
class Options:
    """What a decorator was told."""

    route: str | None = None
    allow: Access | None = None
    limit: str | None = None
    idempotent: bool = False
    scope: str = "tenant"
    event: type[Event] | None = None
    period: str | None = None


@dataclass(frozen=True, eq=False)
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
    def is_open(self) -> bool:
        """Whether it is for everybody: no token is asked for, and none is looked at."""
        return isinstance(self.allow, Anyone)

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
    parts = get_args(target) if get_origin(target) in UNIONS else (target,)
    return tuple(p for p in parts if isinstance(p, type) and issubclass(p, Event))


def capability(parameter: str, hint: object) -> Capability | None:
    """What a parameter of this type is supplied with, or None if it is input."""
    inner, origin = plain(hint), get_origin(plain(hint))
    if is_store(inner) or is_store(origin):
        return Capability(parameter, Need.STORE, inner, entity_of(inner), read_only=is_read_only(hint))
    if Across in (inner, origin):
        store = next(iter(get_args(inner)), None)
        return Capability(parameter, Need.ACROSS, plain(store), entity_of(plain(store)), read_only=is_read_only(store))
    if Emit in (inner, origin):
        return Capability(parameter, Need.EMIT, next(iter(get_args(inner)), None))
    if isinstance(inner, type) and Port in inner.__mro__:
        return Capability(parameter, Need.PORT, inner)
    circumstances = {Need.USER: inner is User, Need.NOW: is_now(hint), Need.CALLER: inner is Caller}
    return next((Capability(parameter, need) for need, asked in circumstances.items() if asked), None)


def is_now(hint: object) -> bool:
    """Whether it is `Now`, or `Now | None`."""
    parts = get_args(hint) if get_origin(hint) in UNIONS else (hint,)
    return any(get_origin(part) is Annotated and NOW in get_args(part) for part in parts)


def read(function: Callable[..., object], kind: Kind, options: Options, found: list[Finding]) -> UseCase | None:
    """Read a signature, and into `found` what is wrong with it. None for what is no function."""
    if not inspect.isfunction(function):
        thing = getattr(function, "func", function)
        name = getattr(thing, "__name__", type(thing).__name__)
        place = Place.of(thing if isinstance(thing, type) or inspect.isfunction(thing) else type(thing))
        found.append(Finding("FH144", place, f"{name} is not a function", "declare a function, written with `def`"))
        return None
    place, name = Place.of(function), function.__name__
    method, path = _route(name, place, options.route, found) if options.route is not None else ("", "")
    hints = hints_of(function, name, found)
    given, inputs = [], []
    for parameter in inspect.signature(function).parameters.values():
        hint = _hint(name, place, parameter, hints, found)
        if (supplied := capability(parameter.name, hint)) is not None:
            given.append(supplied)
        else:
            source = _source(parameter.name, hint, kind, method, path)
            inputs.append(Input(parameter.name, hint, source, parameter.default))
    taken = {i.name for i in inputs}
    for hole in dict.fromkeys(HOLE.findall(path)):
        if hole not in taken:
            what = f"{name}: the path has `{{{hole}}}`, the signature has not"
            found.append(Finding("FH105", place, what, f"add `{hole}: Id[...]`"))
    return UseCase(
        name, kind, function, place, tuple(inputs), tuple(given), hints.get("return"), method=method, path=path,
        allow=options.allow, limit=options.limit, idempotent=options.idempotent, scope=options.scope,
        event=options.event, period=options.period,
    )  # fmt: skip


def _hint(
    name: str, place: Place, parameter: inspect.Parameter, hints: dict[str, object], found: list[Finding]
) -> object:
    """The type of a parameter. One that has none, or none that can be read, may be anything."""
    if parameter.annotation is parameter.empty:
        found.append(Finding("FH101", place, f"{name}: `{parameter.name}` has no type", "give it one"))
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        what = f"{name}: `{parameter.name}` cannot be given by name"
        found.append(Finding("FH141", place, what, "write plain parameters: no `*args`, no `/`"))
    return hints.get(parameter.name, Any)


def _route(name: str, place: Place, route: str, found: list[Finding]) -> tuple[str, str]:
    match = ROUTE.fullmatch(route)
    holes = HOLE.findall(route)
    if match is None or len(set(holes)) < len(holes):
        fix = 'write a method and a path, each `{hole}` a segment of its own: "POST /tasks/{id}/done"'
        found.append(Finding("FH114", place, f'{name}: "{route}" is not a route', fix))
    return (match[1], match[2]) if match else ("", "")


def _source(name: str, hint: object, kind: Kind, method: str, path: str) -> Source:
    if kind is Kind.HANDLER:
        return Source.EVENT
    if name in HOLE.findall(path):
        return Source.PATH
    by_query = method in ("GET", "DELETE") or hint is Paging or get_origin(hint) is Range
    return Source.QUERY if by_query else Source.BODY


def subjects(rule: Rule[...]) -> tuple[tuple[str, type[Entity]], ...]:
    """What a rule is about: its parameters that are entities. The others are `User` and `Now`."""
    hints = hints_of(rule.function, str(rule), [])
    hints.pop("return", None)
    return tuple((name, hint) for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Entity))

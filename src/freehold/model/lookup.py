"""Access patterns: which fields find an entity, in which order, and what a store needs to serve that."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Annotated, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

from freehold.model.data import Entity, Id, Page, Paging, Range
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.hints import hints_of, spelled_out
from freehold.model.ports import READ_ONLY, Store, User

F = TypeVar("F", bound=Callable[..., object])

SORTABLE = (str, int, float, date, datetime, bool)
KEYS = (str, int, float, bool, date, datetime, time, UUID)
UNIONS = (Union, UnionType)
MARK = "__lookup__"


@dataclass(frozen=True, slots=True)
class Declared:
    """What `@lookup(...)` was told."""

    order: str | None
    newest_first: bool
    descending: bool
    unique: bool

    @property
    def orders(self) -> int:
        """How many of the ways to say an order were used."""
        return bool(self.order or self.descending) + self.newest_first


def lookup(
    *, order: str | None = None, newest_first: bool = False, descending: bool = False, unique: bool = False
) -> Callable[[F], F]:
    """Declare a way to find entities. The method has no body: its parameters are the fields that must be equal.

    A parameter of type `Range[...]` bounds the field named by `order`; one of type `Paging` pages the list. Without
    `order` a list is in order of creation. Nulls come first. `unique=True` promises at most one: the store enforces it.
    """

    def declare(method: F) -> F:
        vars(method)[MARK] = Declared(order, newest_first, descending, unique)
        return method

    return declare


@dataclass(frozen=True, slots=True)
class Lookup:
    """One access pattern, read off a method of a store."""

    entity: type[Entity]
    store: str
    name: str
    keys: tuple[str, ...]
    order: str
    descending: bool
    unique: bool
    span: str | None
    """The parameter that bounds the order field, if there is one."""
    page: str | None
    """The parameter that says which page, if there is one."""
    parameters: tuple[str, ...]
    """All parameters, in the order they are written."""
    defaults: tuple[tuple[str, object], ...]
    place: Place

    @property
    def index(self) -> str:
        """What the index that serves this lookup is called. Lookups that can share one have the same name."""
        order = "" if self.unique or self.order == "id" else f"_by_{self.order}"
        return f"{'one' if self.unique else 'of'}_{'_'.join(self.keys) or 'all'}{order}"


def is_store(hint: object) -> bool:
    """Whether a type hint asks for a store."""
    return hint is Store or (isinstance(hint, type) and Store in hint.__mro__)


def entity_of(store: object) -> type[Entity] | None:
    """The `T` of a `Store[T]`, or of a subclass of one."""
    for base in (store, *getattr(store, "__orig_bases__", ())):
        if get_origin(base) is Store:
            (argument,) = get_args(base)
            return argument if isinstance(argument, type) and issubclass(argument, Entity) else None
    return next(filter(None, map(entity_of, getattr(store, "__bases__", ()))), None)


def lookups_of(store: type) -> Iterator[Lookup]:
    """Every lookup a store declares. Raises `ModelError` with all that is wrong with them."""
    found: list[Finding] = []
    yield from read_lookups(store, found)
    if found:
        raise ModelError(found)


def lookup_of(store: type, name: str) -> Lookup:
    """The lookup that a method of a store declares. Raises `LookupError` when it has none of this name."""
    for pattern in lookups_of(store):
        if pattern.name == name:
            return pattern
    raise LookupError(f"{store.__name__} has no lookup {name}")


def read_lookups(store: type, found: list[Finding]) -> Iterator[Lookup]:
    """Every lookup a store declares, and into `found` what is wrong with those that cannot be read."""
    entity = entity_of(store)
    if entity is None:
        fix = f"write `class {store.__name__}(Store[YourEntity], Protocol):`"
        found.append(Finding("FH107", Place.of(store), f"the store {store.__name__} does not say of what", fix))
        return
    if not getattr(store, "_is_protocol", False):
        fix = f"write `class {store.__name__}(Store[{entity.__name__}], Protocol):`"
        found.append(Finding("FH106", Place.of(store), f"the store {store.__name__} is not a Protocol", fix))
        return
    for name, method in inspect.getmembers(store, inspect.isfunction):
        if name.startswith("_") or method is Store.__dict__.get(name):
            continue
        reader = _Reader(store, entity, name, method)
        read = reader.read()
        found += reader.found
        if read is not None and not reader.found:
            yield read


class _Reader:
    """Reads one method, and gathers what is wrong with it."""

    def __init__(self, store: type, entity: type[Entity], name: str, method: Callable[..., object]) -> None:
        self.store, self.entity, self.name, self.method = store, entity, name, method
        self.title = f"{store.__name__}.{name}"
        self.place = Place.of(method)
        self.have, self.lacks = ", ".join(entity.model_fields), f"{entity.__name__} does not have"
        self.found: list[Finding] = []

    def complain(self, code: str, message: str, fix: str) -> None:
        self.found.append(Finding(code, self.place, f"{self.title} {message}", fix))

    def read(self) -> Lookup | None:
        declared = vars(self.method).get(MARK)
        if self.name in Store.__dict__:
            self.complain("FH154", "has the name of a method that every store has", "call it something else")
        elif not isinstance(declared, Declared):
            self.complain("FH108", "is not a lookup", "put `@lookup()` above it")
        else:
            return self._read(declared)
        return None

    def _read(self, declared: Declared) -> Lookup:
        hints = hints_of(self.method, self.title, self.found)
        written = inspect.signature(self.method).parameters
        if next(iter(written), "") != "self":
            self.complain("FH108", "does not begin with `self`", f"write `def {self.name}(self, ...)`")
        given = {name: parameter for name, parameter in written.items() if name != "self"}
        order, returns = declared.order or "id", hints.pop("return", None)
        pages = [name for name in given if hints.get(name) is Paging]
        spans = [name for name in given if get_origin(hints.get(name)) is Range]
        keys = [name for name in given if name not in (*pages, *spans)]
        self._check_parameters(given)
        for key in keys:
            self._check_key(key, hints.get(key))
        for span in spans if declared.order else ():
            self._check_span(span, order, get_args(hints[span])[0])
        self._check_shape(declared, returns, pages, spans)
        self._check_order(declared, order, spans)
        defaults = tuple((p.name, p.default) for p in given.values() if p.default is not p.empty)
        descending = declared.descending or declared.newest_first
        return Lookup(
            self.entity, self.store.__name__, self.name, tuple(keys), order, descending, declared.unique,
            next(iter(spans), None), next(iter(pages), None), tuple(given), defaults, self.place,
        )  # fmt: skip

    def _check_parameters(self, given: dict[str, inspect.Parameter]) -> None:
        for name, parameter in given.items():
            if parameter.annotation is parameter.empty:
                self.complain("FH101", f"has no type for `{name}`", "give it the type of the field of that name")
            if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                self.complain(
                    "FH141", f"cannot be given `{name}` by name", "write plain parameters: no `*args`, no `/`"
                )
            if not is_hashable(parameter.default):
                self.complain("FH152", f"has a default for `{name}` that can change", "leave it out, or write a tuple")
        if inspect.iscoroutinefunction(self.method):
            self.complain("FH108", "is `async`, and stores are not", "write `def`")

    def _check_key(self, field: str, hint: object) -> None:
        info = self.entity.model_fields.get(field)
        if info is None:
            self.complain("FH102", f"looks up by `{field}`, which {self.lacks}", f"use one of: {self.have}")
        elif hint is None:
            return
        elif plain(hint) != plain(info.annotation):
            want = shown(info.annotation)
            message = f"looks up by `{field}`, which is {want}, not {shown(hint)}"
            self.complain("FH103", message, f"write `{field}: {want}`")
        elif not is_key(hint):
            fix = "look up by text, a number, a date, an id or an enum of texts"
            self.complain("FH153", f"looks up by `{field}`, and {shown(hint)} has no one way to be written", fix)

    def _check_span(self, span: str, order: str, hint: object) -> None:
        info = self.entity.model_fields.get(order)
        if info is not None and plain(hint) != plain(info.annotation):
            want = shown(plain(info.annotation))
            message = f"bounds `{order}` by `{span}`, which is {want}, not {shown(hint)}"
            self.complain("FH103", message, f"write `{span}: Range[{want}]`")

    def _check_shape(self, declared: Declared, returns: object, pages: list[str], spans: list[str]) -> None:
        name = self.entity.__name__
        if declared.unique:
            if plain(returns) is not self.entity or not is_optional(returns) or pages or spans or declared.orders:
                fix = f"take only what must be equal, and return `{name} | None`"
                self.complain("FH109", "is unique: it finds one or none, in no order", fix)
        elif get_origin(returns) is not Page or get_args(returns) != (self.entity,) or len(pages) != 1:
            fix = f"take one `page: Paging` and return `Page[{name}]`"
            self.complain("FH110", "finds many: every list is paged", fix)

    def _check_order(self, declared: Declared, order: str, spans: list[str]) -> None:
        info = self.entity.model_fields.get(order)
        if declared.orders > 1:
            self.complain("FH111", "has two orders", "keep one of order=, descending= and newest_first=")
        if spans and (not declared.order or len(spans) > 1):
            fix = "take one `Range[...]`, and name its field with `order=`"
            self.complain("FH112", "has a range that bounds no order", fix)
        if info is None:
            self.complain("FH102", f"orders by `{order}`, which {self.lacks}", f"use one of: {self.have}")
        elif not is_sortable(info.annotation):
            self.complain("FH113", f"orders by `{order}`, which has no order", "use text, a number, a date or a time")


def plain(hint: object) -> object:
    """A type without its None, its constraints and its read-only mark, and not under another name."""
    hint = spelled_out(hint)
    if get_origin(hint) is Annotated:
        return plain(get_args(hint)[0])
    some = [part for part in get_args(hint) if part is not type(None)]
    if type(None) in get_args(hint) and len(some) == 1:
        return plain(some[0])
    return hint


def is_optional(hint: object) -> bool:
    """Whether None is among what a type allows."""
    return type(None) in get_args(hint) and get_origin(hint) is not Annotated


def is_read_only(hint: object) -> bool:
    """Whether it is `ReadOnly[...]`."""
    return get_origin(hint) is Annotated and READ_ONLY in get_args(hint)[1:]


def is_sortable(hint: object) -> bool:
    """Whether values of this type have an order that every store keeps."""
    kind = plain(hint)
    if get_origin(kind) is Id:
        return True
    if not isinstance(kind, type) or (issubclass(kind, Enum) and not issubclass(kind, str)):
        return False
    return issubclass(kind, SORTABLE) and not issubclass(kind, Decimal)


def is_key(hint: object) -> bool:
    """Whether equal values of this type are written in the same way in every store."""
    kind = plain(hint)
    if get_origin(kind) is Literal:
        return all(isinstance(value, str) for value in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return all(isinstance(member.value, str) for member in kind)
    return get_origin(kind) is Id or kind in KEYS


def is_hashable(value: object) -> bool:
    """Whether a value can be compared once and for all, because it never changes."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def reference_of(hint: object) -> type | None:
    """The `T` of an `Id[T]` or `Id[T] | None`: an entity, or `User`."""
    kind = plain(hint)
    target = get_args(kind)[0] if get_origin(kind) is Id else None
    return target if isinstance(target, type) and issubclass(target, (Entity, User)) else None


def shown(hint: object) -> str:
    """A type as somebody would write it, without its constraints."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        inner = shown(arguments[0])
        return f"ReadOnly[{inner}]" if is_read_only(hint) else inner
    if isinstance(hint, list):  # the parameters of a Callable
        return f"[{', '.join(map(shown, hint))}]"
    if origin in UNIONS:
        return " | ".join(map(shown, arguments))
    if isinstance(origin, type) and arguments:
        return f"{origin.__name__}[{', '.join(map(shown, arguments))}]"
    name = hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
    return {"NoneType": "None", "Ellipsis": "..."}.get(name, name)

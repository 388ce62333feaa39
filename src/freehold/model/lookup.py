"""Access patterns: which fields find an entity, in which order, and what a store needs to serve that."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, TypeVar, get_args, get_origin, get_type_hints

from freehold.model.data import Entity, Id, Page, Paging, Range
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.ports import READ_ONLY, Store, User

F = TypeVar("F", bound=Callable[..., object])

SORTABLE = (str, int, float, date, datetime, bool)


@dataclass(frozen=True, slots=True)
class Declared:
    """What `@lookup(...)` was told."""

    order: str | None
    newest_first: bool
    descending: bool
    unique: bool


def lookup(
    *, order: str | None = None, newest_first: bool = False, descending: bool = False, unique: bool = False
) -> Callable[[F], F]:
    """Declare a way to find entities. The method has no body: its parameters are the fields that must be equal.

    A parameter of type `Range[...]` bounds the field named by `order`; one of type `Paging` pages the list. Without
    `order` a list is in order of creation. Nulls come first. `unique=True` promises at most one: the store enforces it.
    """

    def declare(method: F) -> F:
        method.__lookup__ = Declared(order, newest_first, descending, unique)  # type: ignore[attr-defined]  # our mark
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
    entity = entity_of(store)
    place = Place.of(store)
    if entity is None:
        fix = f"write `class {store.__name__}(Store[YourEntity], Protocol):`"
        raise ModelError([Finding("FH107", place, f"the store {store.__name__} does not say of what", fix)])
    if not getattr(store, "_is_protocol", False):
        fix = f"write `class {store.__name__}(Store[{entity.__name__}], Protocol):`"
        raise ModelError([Finding("FH106", place, f"the store {store.__name__} is not a Protocol", fix)])
    found: list[Finding] = []
    for name, method in inspect.getmembers(store, inspect.isfunction):
        if name.startswith("_") or name in Store.__dict__:
            continue
        reader = _Reader(store, entity, name, method)
        if not hasattr(method, "__lookup__"):
            reader.complain("FH108", f"{store.__name__}.{name} is not a lookup", "put `@lookup()` above it")
        elif (read := reader.read(method.__lookup__)) is not None:
            yield read
        found += reader.found
    if found:
        raise ModelError(found)


class _Reader:
    """Reads one method, and gathers what is wrong with it."""

    def __init__(self, store: type, entity: type[Entity], name: str, method: Callable[..., object]) -> None:
        self.store, self.entity, self.name, self.method = store, entity, name, method
        self.place = Place.of(method)
        self.found: list[Finding] = []

    def complain(self, code: str, message: str, fix: str) -> None:
        self.found.append(Finding(code, self.place, message, fix))

    def read(self, declared: Declared) -> Lookup | None:
        try:
            hints = get_type_hints(self.method, include_extras=True)
        except NameError as error:
            self.complain("FH104", f"{self._title} names {error.name}, which does not exist at run time", IMPORT_FIX)
            return None
        returns = hints.pop("return", None)
        order = declared.order or "id"
        keys, span, page = self._parameters(hints, order)
        self._check_shape(declared, returns, page, span)
        self._check_order(order)
        if self.found:
            return None
        given = inspect.signature(self.method).parameters.values()
        defaults = tuple((p.name, p.default) for p in given if p.default is not p.empty)
        descending = declared.descending or declared.newest_first
        return Lookup(
            self.entity, self.store.__name__, self.name, keys, order, descending, declared.unique, span, page,
            tuple(hints), defaults, self.place,
        )  # fmt: skip

    @property
    def _title(self) -> str:
        return f"{self.store.__name__}.{self.name}"

    def _parameters(self, hints: dict[str, object], order: str) -> tuple[tuple[str, ...], str | None, str | None]:
        keys: list[str] = []
        span = page = None
        for name, hint in hints.items():
            if hint is Paging:
                page = name
            elif get_origin(hint) is Range:
                span = name
                self._check_type(order, get_args(hint)[0])
            else:
                keys.append(name)
                self._check_type(name, hint)
        return tuple(keys), span, page

    def _check_type(self, field: str, hint: object) -> None:
        info = self.entity.model_fields.get(field)
        if info is None:
            have = ", ".join(self.entity.model_fields)
            self.complain(
                "FH102", f"{self._title} looks up by `{field}`, which {self.entity.__name__} does not have", f"use one of: {have}"
            )  # fmt: skip
        elif plain(hint) != plain(info.annotation):
            want = shown(info.annotation)
            self.complain("FH103", f"{self._title}: `{field}` is {want}, not {shown(hint)}", f"write `{field}: {want}`")

    def _check_shape(self, declared: Declared, returns: object, page: str | None, span: str | None) -> None:
        name = self.entity.__name__
        if declared.unique:
            if plain(returns) is not self.entity or page or span or declared.order:
                self.complain("FH109", f"{self._title} is unique: it finds one or none", f"let it return `{name} | None`")
        elif get_origin(returns) is not Page or get_args(returns) != (self.entity,) or not page:
            self.complain(
                "FH110", f"{self._title} finds many: every list is paged", f"take `page: Paging` and return `Page[{name}]`"
            )  # fmt: skip
        if declared.newest_first and (declared.order or declared.descending):
            self.complain("FH111", f"{self._title} has two orders", "keep one of order=, descending= and newest_first=")
        if span and not declared.order:
            self.complain("FH112", f"{self._title} has a range but no order", "name the field with `order=`")

    def _check_order(self, order: str) -> None:
        info = self.entity.model_fields.get(order)
        if info is None:
            have = ", ".join(self.entity.model_fields)
            self.complain("FH102", f"{self._title} orders by `{order}`, which does not exist", f"use one of: {have}")
        elif not is_sortable(info.annotation):
            self.complain("FH113", f"{self._title} orders by `{order}`, which has no order", "use text, a number, a date or a time")


IMPORT_FIX = "import it outside `if TYPE_CHECKING:`"


def plain(hint: object) -> object:
    """A type without its None, its constraints and its read-only mark."""
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
    return isinstance(kind, type) and issubclass(kind, SORTABLE) and not issubclass(kind, Decimal)


def reference_of(hint: object) -> type | None:
    """The `T` of an `Id[T]` or `Id[T] | None`: an entity, or `User`."""
    kind = plain(hint)
    target = get_args(kind)[0] if get_origin(kind) is Id else None
    return target if isinstance(target, type) and issubclass(target, (Entity, User)) else None


def shown(hint: object) -> str:
    """A type as somebody would write it."""
    if hint is type(None):
        return "None"
    if isinstance(hint, type) and not get_args(hint):
        return hint.__name__
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is not None and isinstance(origin, type) and arguments and origin.__name__ not in ("UnionType", "Literal"):
        return f"{origin.__name__}[{', '.join(map(shown, arguments))}]"
    return " | ".join(map(shown, arguments)) if is_optional(hint) else str(hint).replace("typing.", "")



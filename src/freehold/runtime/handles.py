"""What a use case is handed: stores and emitters bound to one unit of work, and so to one tenant for one call."""

from __future__ import annotations

from collections.abc import Callable

from freehold.model.data import ALL, FIRST, Entity, Event, Paging, Range
from freehold.model.lookup import Lookup
from freehold.runtime.unit import Unit


class ReadOnlyStore(RuntimeError):
    """FH201  A query, or a use case that asked for `ReadOnly[...]`, tried to write."""


class Handle:
    """A store, bound to one tenant for one call. Each store type gets a subclass with its lookups."""

    __slots__ = ("_kind", "_read_only", "_unit")

    def __init__(self, unit: Unit, kind: type[Entity], *, read_only: bool) -> None:
        """Bind to a unit of work."""
        self._unit, self._kind, self._read_only = unit, kind, read_only

    def get(self, id: str) -> Entity:
        """See `Store.get`."""
        return self._unit.get(self._kind, id)

    def find(self, id: str) -> Entity | None:
        """See `Store.find`."""
        return self._unit.find(self._kind, id)

    def add(self, entity: Entity) -> Entity:
        """See `Store.add`."""
        return self._writing(entity).add(entity)

    def save(self, entity: Entity) -> Entity:
        """See `Store.save`."""
        return self._writing(entity).save(entity)

    def remove(self, id: str) -> None:
        """See `Store.remove`."""
        self._writing(None).remove(self._kind, id)

    def _writing(self, entity: Entity | None) -> Unit:
        if self._read_only:
            message = f"FH201 this call may read {self._kind.__name__} and not write it"
            raise ReadOnlyStore(message)
        if entity is not None and type(entity) is not self._kind:
            message = f"FH202 a store of {self._kind.__name__} cannot keep a {type(entity).__name__}"
            raise TypeError(message)
        return self._unit


def handle_type(name: str, lookups: tuple[Lookup, ...]) -> type[Handle]:
    """The subclass of `Handle` that has these lookups as methods."""
    methods: dict[str, object] = {pattern.name: _method(pattern) for pattern in lookups}
    return type(name, (Handle,), {**methods, "__slots__": ()})


def _method(pattern: Lookup) -> Callable[..., object]:
    names = pattern.parameters
    defaults = dict(pattern.defaults)

    def ask(self: Handle, *args: object, **kwargs: object) -> object:
        given = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
        if given.keys() != set(names) or len(args) > len(names):
            message = f"{pattern.store}.{pattern.name} takes {', '.join(names)}"
            raise TypeError(message)
        values = [given[key] for key in pattern.keys]
        if pattern.unique:
            return self._unit.one(pattern, values)
        bounds = given[pattern.span] if pattern.span else ALL
        paging = given[pattern.page] if pattern.page else FIRST
        if not isinstance(bounds, Range) or not isinstance(paging, Paging):
            message = f"{pattern.store}.{pattern.name} takes a Range and a Paging"
            raise TypeError(message)
        return self._unit.page(pattern, values, bounds, paging)

    ask.__name__ = pattern.name
    return ask


class Emitter:
    """Puts the events a signature names into the outbox of one unit of work."""

    __slots__ = ("_events", "_unit")

    def __init__(self, unit: Unit, events: tuple[type[Event], ...]) -> None:
        """Bind to a unit of work, for these events only."""
        self._unit, self._events = unit, events

    def __call__(self, event: Event) -> None:
        """See `Emit`."""
        if not isinstance(event, self._events):
            allowed = ", ".join(event.__name__ for event in self._events)
            message = f"FH203 this use case may emit {allowed}, not {type(event).__name__}"
            raise TypeError(message)
        self._unit.emit(event)


class Reach:
    """Opens stores on the grounds of chosen tenants, for use cases declared with `scope="everyone"`."""

    __slots__ = ("_bind", "_enter", "_unit")

    def __init__(self, unit: Unit, enter: Callable[[str], Unit], bind: Callable[[Unit], Handle]) -> None:
        """`enter` begins a unit of work on a tenant's ground; `bind` makes the store of it."""
        self._unit, self._enter, self._bind = unit, enter, bind

    def __call__(self, tenant: str) -> Handle:
        """See `Across`."""
        self._unit.scope.tenant  # noqa: B018  # refuses when the call is over
        return self._bind(self._enter(tenant))

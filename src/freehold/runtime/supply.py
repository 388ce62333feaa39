"""Supplies what a signature asks for, bound to one tenant for one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from freehold.model.lookup import Lookup
from freehold.model.model import Model
from freehold.model.ports import Caller, User
from freehold.model.usecase import Capability, Need, UseCase, events_in
from freehold.runtime.handles import Emitter, Handle, Reach, handle_type
from freehold.runtime.unit import Unit


@dataclass(slots=True)
class Given:
    """What a call has to give from."""

    unit: Unit
    me: User
    address: str
    enter: Callable[[str], Unit]
    """Begins a unit of work on a chosen tenant's ground; for `Across` only."""


Supplier = Callable[[Given], object]


class Supplies:
    """Works out once, for each use case, how each of its capabilities is supplied."""

    def __init__(self, model: Model, ports: Mapping[object, object]) -> None:
        """Take the adapters chosen for the app's own ports."""
        self._ports = ports
        self._lookups = model.lookups
        self._roles = tuple(role.name for role in model.roles)

    def of(self, case: UseCase) -> tuple[tuple[str, Supplier], ...]:
        """The supplier of each capability, by parameter."""
        return tuple((given.parameter, self._supplier(case, given)) for given in case.capabilities)

    def _supplier(self, case: UseCase, given: Capability) -> Supplier:
        match given.need:
            case Need.STORE:
                bind = self._binder(case, given)
                return lambda have: bind(have.unit)
            case Need.ACROSS:
                bind = self._binder(case, given)
                return lambda have: Reach(have.unit, have.enter, bind)
            case Need.EMIT:
                events = events_in(given.target)
                return lambda have: Emitter(have.unit, events)
            case Need.PORT:
                adapter = self._ports[given.target]
                return lambda _: adapter
            case _:
                return self._circumstance(given.need)

    def _circumstance(self, need: Need) -> Supplier:
        """What a call is made in: by whom, when, from where."""
        if need is Need.USER:
            return lambda have: have.me
        if need is Need.NOW:
            return lambda have: have.unit.now
        return lambda have: Caller(have.unit.scope.tenant, have.address, self._roles)

    def _binder(self, case: UseCase, given: Capability) -> Callable[[Unit], Handle]:
        kind, read_only = given.entity, given.read_only or not case.writes
        if kind is None:
            message = f"{case.name}: `{given.parameter}` is a store of nothing"
            raise TypeError(message)
        name = getattr(given.target, "__name__", "Store")
        mine: tuple[Lookup, ...] = tuple(p for p in self._lookups if p.store == name and p.entity is kind)
        bound = handle_type(name, mine)
        return lambda unit: bound(unit, kind, read_only=read_only)

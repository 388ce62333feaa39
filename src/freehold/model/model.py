"""`Model`: an app, read. What every other part of freehold works from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from freehold.model.data import Entity, Event
from freehold.model.finding import Place
from freehold.model.lookup import Lookup, reference_of
from freehold.model.names import is_ours, snake
from freehold.model.ports import User
from freehold.model.rules import Role
from freehold.model.usecase import Kind, Options, UseCase

Function = Callable[..., object]


@dataclass
class Declarations:
    """What an app has declared so far, unread."""

    name: str
    place: Place
    roles: tuple[Role, ...] = ()
    manager: Role | None = None
    cases: list[tuple[Function, Kind, Options]] = field(default_factory=list)
    bulks: list[tuple[str, Function, int, Place]] = field(default_factory=list)
    adapters: dict[type, Mapping[str, object]] = field(default_factory=dict)
    provided: dict[type, Place] = field(default_factory=dict)
    """Where each port's adapters were given."""
    seeds: list[Function] = field(default_factory=list)


@dataclass(frozen=True)
class Model:
    """An app, read: what every other part of freehold works from."""

    name: str
    roles: tuple[Role, ...]
    manager: Role | None
    use_cases: Mapping[str, UseCase]
    entities: Mapping[str, type[Entity]]
    lookups: tuple[Lookup, ...]
    events: Mapping[str, type[Event]]
    adapters: Mapping[type, Mapping[str, object]] = field(default_factory=dict)
    seeds: tuple[UseCase, ...] = ()
    people: type[Entity] | None = None
    """What keeps the members of a tenant: the entity that an `Id[User]` names."""

    def references(self, entity: type[Entity]) -> tuple[tuple[str, type[Entity]], ...]:
        """The fields by which an entity names others, and what they name."""
        named = ((name, reference_of(info.annotation)) for name, info in entity.model_fields.items() if name != "id")
        targets = ((name, self.people if target is User else target) for name, target in named)
        return tuple((name, target) for name, target in targets if target is not None and issubclass(target, Entity))

    def handlers(self, event: type[Event]) -> tuple[UseCase, ...]:
        """What follows from an event."""
        return tuple(case for case in self.use_cases.values() if case.event is event)

    def children(self, entity: type[Entity]) -> tuple[type[Entity], ...]:
        """What lives and dies with an entity."""
        return tuple(child for child in self.entities.values() if child.facts.within is entity)

    def lookups_of(self, entity: type[Entity]) -> tuple[Lookup, ...]:
        """The access patterns of an entity."""
        return tuple(pattern for pattern in self.lookups if pattern.entity is entity)

    def case(self, function: Callable[..., object]) -> UseCase:
        """The use case a function became."""
        return next(case for case in (*self.use_cases.values(), *self.seeds) if case.function is function)

    def keeping(self, own: Mapping[str, type[Entity]], lookups: tuple[Lookup, ...]) -> Model:
        """This model with entities that the runtime keeps for itself."""
        return replace(self, entities={**self.entities, **own}, lookups=(*self.lookups, *lookups))

    def joined(self, other: Model, people: type[Entity]) -> Model:
        """This model with another one's declarations, marked as built in. `people` is what an `Id[User]` names."""
        theirs = {name: replace(case, built_in=True) for name, case in other.use_cases.items()}
        return replace(
            self,
            use_cases={**theirs, **self.use_cases},
            entities={**other.entities, **self.entities},
            lookups=tuple(dict.fromkeys((*other.lookups, *self.lookups))),
            events={**other.events, **self.events},
            adapters={**other.adapters, **self.adapters},
            people=people,
        )


def table_of(entity: type[Entity]) -> str:
    """What an entity's table is called. Entities that freehold brings along carry its name, so that none collides."""
    return ("freehold_" if is_ours(entity) else "") + snake(entity.__name__)

"""Two tenants of equal shape, made from the model: people, keys, and entities of every kind.

Some lie on one ground only. Others are twins: two entities with the same id, and the same unique values, one on each
ground. Every text on B's ground is a canary, and no id of B's own is anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from pydantic_core import to_json

from freehold.accounts.records import ApiKey, Invitation, Member
from freehold.model.data import Entity, Id
from freehold.model.model import table_of
from freehold.runtime.failures import Failure
from freehold.runtime.ports import Dangling, Taken
from freehold.runtime.scope import Scope
from freehold.runtime.unit import Unit
from freehold.testing.clock import HandClock
from freehold.testing.isolation.actors import Actor, Crowd
from freehold.testing.isolation.inputs import Fill, Samples, Schema, Unfit, schema_of
from freehold.wiring import Backend

OWN_FIELDS = frozenset({"id", "version", "created_at", "updated_at"})
"""The framework's part of an entity."""

EACH, TWINS, TRIES = 3, 2, 6
B_NUMBERS = 730_000_000
"""Free numbers on B's ground begin here, so that one is known when it turns up."""


@dataclass
class Side:
    """One of the two tenants."""

    name: str
    tenant: str
    slug: str
    fill: Fill
    actors: dict[str, Actor] = field(default_factory=dict)
    kept: dict[type[Entity], list[Entity]] = field(default_factory=dict)
    """What lies on this ground only."""

    def ids(self, kind: type[Entity]) -> list[str]:
        """The ids of what lies on this ground only."""
        return [entity.id for entity in self.kept.get(kind, [])]


class World:
    """The two tenants, a third that is empty, and whoever acts in them."""

    def __init__(self, backend: Backend, clock: HandClock, *, seed: int = 0, samples: Samples | None = None) -> None:
        """Make everybody and everything."""
        self.backend, self.clock, self.model = backend, clock, backend.model
        self.crowd = Crowd(backend)
        self.roles = [role.name for role in self.model.roles]
        self.random = Random(seed)  # noqa: S311  # a test repeats itself
        mark = f"{self.random.getrandbits(20):05x}"
        self.a = self._side("A", Fill(f"qa{mark}", samples=samples, seed=seed))
        self.b = self._side("B", Fill(f"qb{mark}", base=B_NUMBERS, samples=samples, seed=seed))
        self.empty = self.crowd.organisation("nobody", "Nobody")
        self.neutral = Fill(f"qn{mark}", base=500_000_000, samples=samples, seed=seed)
        """Makes what is no canary: values that both tenants may have, or that an attacker may send."""
        self.twins: dict[type[Entity], list[str]] = {}
        self.shared: set[str] = set()
        """Every id that was ever on both grounds."""
        self.unplanted: dict[str, str] = {}
        self._schemas: dict[type[Entity], Schema] = {}
        self._populate()

    @property
    def kinds(self) -> list[type[Entity]]:
        """Every kind of entity that tenants have, what is named before what names it; not the runtime's own."""
        waiting = [
            kind for name, kind in self.model.entities.items()
            if not kind.facts.platform and not kind.__module__.startswith("freehold.runtime.") and name
        ]  # fmt: skip
        ordered: list[type[Entity]] = []
        while waiting:
            free = [kind for kind in waiting if not self._named(kind) & set(waiting) - {kind}] or waiting[:1]
            ordered += free
            waiting = [kind for kind in waiting if kind not in free]
        return ordered

    def actors(self) -> list[Actor]:
        """Everybody who acts against B."""
        return [*self.a.actors.values(), *self._outsiders]

    @contextmanager
    def at(self, side: Side) -> Iterator[Unit]:
        """A unit of work on one ground, for as long as the block."""
        with Scope(side.tenant) as scope:
            unit = self.backend.runtime.begin(scope)
            try:
                yield unit
            finally:
                unit.close()

    def absent(self) -> str:
        """An id of nothing."""
        return self.neutral.id()

    def fresh(self, side: Side, kind: type[Entity], owner: str = "", variant: int = 0, id: str = "") -> Entity:
        """Something new on one ground, that belongs to `owner`. Raises `Unfit` when no valid one could be made."""
        if kind is Member:
            return self._member(side)
        problem: Exception = Unfit(kind.__name__)
        for again in range(TRIES):
            above = {} if again < TRIES // 2 else {target: self.fresh(side, target).id for target in self._above(kind)}
            entity = self._made(side, kind, owner, variant + again, {"id": id}, above=above)
            try:
                self.crowd.keep(side.tenant, entity)
            except (Failure, Taken, Dangling) as failed:
                problem = failed
                self.restock(side)
                continue
            return entity
        raise Unfit(f"{kind.__name__} cannot be planted: {problem}")

    def restock(self, side: Side) -> None:
        """Replace what lies no longer on a ground: some attacks use up what they are tried on."""
        with self.at(side) as unit:
            gone = [
                (there, place, kind)
                for kind, there in side.kept.items()
                for place, entity in enumerate(there)
                if unit.find(kind, entity.id) is None
            ]
        people = [actor.subject for actor in side.actors.values() if actor.is_person]
        for there, place, kind in gone:
            there[place] = self.fresh(side, kind, people[place % len(people)])

    def pair(self, kind: type[Entity]) -> str:
        """New twins: something with the same id on both grounds. Returns the id."""
        if kind is Member:
            return self._twin_member()
        try:
            id = self._twins(kind, {})
        except (Failure, Taken, Dangling):  # there is one for each parent already, or what it names is gone
            id = self._twins(kind, {target: self.pair(target) for target in self._above(kind)})
        self.twins.setdefault(kind, []).append(id)
        self.shared.add(id)
        return id

    def _twins(self, kind: type[Entity], above: Mapping[type[Entity], str]) -> str:
        id, number = self.absent(), len(self.twins.get(kind, []))
        same: dict[str, object] = {"id": id}
        for side in (self.a, self.b):
            made = self._made(side, kind, "", 0, same, twin=number, above=above)
            same = {"id": id, **{name: getattr(made, name) for name in self.unique(kind)}}
            self.crowd.keep(side.tenant, made)
        return id

    def holding(self, side: Side, kind: type[Entity], **values: object) -> Entity:
        """Something new with these values in it."""
        made = self._made(side, kind, "", 0, values)
        self.crowd.keep(side.tenant, made)
        return made

    def unique(self, kind: type[Entity]) -> Sequence[str]:
        """The fields whose values must be unique on a ground, ids left out."""
        keys = {key for pattern in self.model.lookups_of(kind) if pattern.unique for key in pattern.keys}
        return sorted(keys - {name for name, _ in self.model.references(kind)} - OWN_FIELDS)

    def _side(self, name: str, fill: Fill) -> Side:
        slug = fill.text()
        return Side(name, self.crowd.organisation(slug, fill.text()), slug, fill)

    def _populate(self) -> None:
        for side in (self.a, self.b):
            self._people(side)
        self._go_between()
        for kind in self.kinds:
            try:
                self._plant(kind)
            except (Unfit, Failure, Taken, Dangling, ValueError) as problem:
                self.unplanted[table_of(kind)] = str(problem)

    def _people(self, side: Side) -> None:
        for role in self.roles:
            name, email = side.fill.text(), f"{side.fill.text()}@{side.slug}.test"
            id = self.crowd.person(name, email, [side.tenant])
            self.crowd.join(id, side.tenant, name, email, role)
            side.actors[role] = Actor(f"{role} of {side.name}", side.tenant, id, role, email=email)

    def _go_between(self) -> None:
        """Who belongs to neither side alone: a member of both, keys with one id, somebody without a tenant, nobody."""
        a, b, least, most = self.a, self.b, self.roles[0], self.roles[-1]
        email = "both@between.test"
        id = self.crowd.person("Both", email, [a.tenant, b.tenant])
        for side, role in ((a, least), (b, most)):
            self.crowd.join(id, side.tenant, side.fill.text(), email, role)
        a.actors["both"] = Actor("member of both", a.tenant, id, least, email=email, also=b.tenant)
        b.actors["both"] = Actor("member of both, in B", b.tenant, id, most, email=email, also=a.tenant)
        shared = self.absent()
        self.shared |= {shared, id}
        for side in (a, b):
            secret, owner = self.neutral.text() * 3, side.actors[most].subject
            text = self.crowd.key(side.tenant, shared, secret, side.fill.text(), most, owner)
            side.actors["key"] = Actor(f"API key of {side.name}", side.tenant, shared, most, key=text)
        loner = self.crowd.person("Loner", "loner@nowhere.test", [])
        self._outsiders = [
            Actor("person without a tenant", "", loner, email="loner@nowhere.test"),
            Actor("anonymous", "", ""),
        ]
        self.twins[ApiKey] = [shared]

    def _plant(self, kind: type[Entity]) -> None:
        for side in (self.a, self.b):
            people = [actor.subject for actor in side.actors.values() if actor.is_person]
            for number in range(EACH):
                side.kept.setdefault(kind, []).append(self.fresh(side, kind, people[number % len(people)]))
        for _ in range(TWINS):
            self.pair(kind)

    def _made(
        self, side: Side, kind: type[Entity], owner: str, variant: int, same: dict[str, object], *,
        twin: int | None = None, above: Mapping[type[Entity], str] | None = None,
    ) -> Entity:  # fmt: skip
        fill = side.fill
        values = fill.object(self._schema(kind), of=table_of(kind), variant=variant)
        if twin is not None:
            values |= self.neutral.object(self._schema(kind, self.unique(kind)), of=table_of(kind))
        values |= self._references(side, kind, owner, variant, twin)
        values |= {name: above[target] for name, target in self.model.references(kind) if above and target in above}
        if kind in (ApiKey, Invitation):
            values["role"] = self.roles[0]
        for name in same.keys() & values.keys():
            values[name] = same[name]
        entity = kind.model_validate_json(to_json(values))
        entity.id = Id(str(same.get("id", "")) or fill.id())
        return entity

    def _references(
        self, side: Side, kind: type[Entity], owner: str, variant: int, twin: int | None
    ) -> dict[str, object]:
        chosen: dict[str, object] = {}
        for name, target in self.model.references(kind):
            if target is self.model.people:
                chosen[name] = owner or side.actors[self.roles[0]].subject
                continue
            there = side.ids(target) if twin is None else self.twins.get(target, [])
            place = (len(side.kept.get(kind, [])) + variant) if twin is None else twin
            chosen[name] = there[place % len(there)] if there else None
        return chosen

    def _member(self, side: Side) -> Entity:
        name, email = side.fill.text(), f"{side.fill.text()}@{side.slug}.test"
        id = self.crowd.person(name, email, [side.tenant])
        self.crowd.join(id, side.tenant, name, email, self.roles[0])
        return Member(id=id, name=name, email=email, role=self.roles[0])  # type: ignore[arg-type]  # an id is text

    def _twin_member(self) -> str:
        email = f"{self.neutral.text()}@between.test"
        id = self.crowd.person("Twin", email, [self.a.tenant, self.b.tenant])
        for side in (self.a, self.b):
            self.crowd.join(id, side.tenant, side.fill.text(), email, self.roles[0])
        self.twins.setdefault(Member, []).append(id)
        self.shared.add(id)
        return id

    def _schema(self, kind: type[Entity], only: Sequence[str] | None = None) -> Schema:
        if kind not in self._schemas:
            self._schemas[kind] = schema_of(kind)
        whole = self._schemas[kind]
        named = whole.get("properties", {})
        properties = named if isinstance(named, dict) else {}
        wanted = {k: v for k, v in properties.items() if k not in OWN_FIELDS and (only is None or k in only)}
        return {**whole, "properties": wanted}

    def _above(self, kind: type[Entity]) -> set[type[Entity]]:
        """What must be there before it: all it must name, but for people."""
        required = {name for name, info in kind.model_fields.items() if info.is_required()}
        named = {target for name, target in self.model.references(kind) if name in required}
        return named - {self.model.people, kind}  # without people, nothing is left out

    def _named(self, kind: type[Entity]) -> set[type[Entity]]:
        return {target for _, target in self.model.references(kind)}

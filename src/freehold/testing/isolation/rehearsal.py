"""Finds input with which each operation does succeed for its own tenant: else a refusal would prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from freehold.accounts.door import digest
from freehold.accounts.records import Invitation
from freehold.model.data import Entity, Id, Paging
from freehold.model.lookup import plain
from freehold.model.usecase import Source
from freehold.testing.isolation.actors import PASSWORD, Actor
from freehold.testing.isolation.inputs import Schema
from freehold.testing.isolation.matrix import IdPlace, Operation, Values
from freehold.testing.isolation.world import Side, World

VARIANTS = 8
"""So many different inputs are tried before an operation counts as one that nobody could make succeed."""


@dataclass(frozen=True, slots=True)
class Known:
    """With which variant of input, and for whom, an operation did succeed."""

    variant: int
    actor: Actor
    empty: bool
    """Whether the list that came of it had nothing in it."""


class Rehearsal:
    """Makes valid input for operations, and remembers what did succeed."""

    def __init__(self, world: World) -> None:
        """Nothing has been tried yet."""
        self._world = world
        self._known: dict[tuple[str, str], Known] = {}

    def learn(self, side: Side, operation: Operation, variant: int, actor: Actor, *, empty: bool) -> None:
        """Remember that it did succeed; the first time counts, but a list with something in it counts more."""
        key = side.name, operation.name
        if key not in self._known or (self._known[key].empty and not empty):
            self._known[key] = Known(variant, actor, empty)

    def known(self, side: Side, operation: Operation) -> Known | None:
        """With what, and for whom, it did succeed on this side."""
        return self._known.get((side.name, operation.name))

    def values(
        self, side: Side, operation: Operation, actor: Actor, *, variant: int | None = None, spend: bool = False
    ) -> Values:
        """Valid input. What it is about is made for the occasion with `spend`, and else is something that is there."""
        if variant is None:
            known = self.known(side, operation)
            variant = known.variant if known else 0
        values = self._filled(side, operation, variant)
        subject = self._name_things(side, operation, actor, values, variant, spend=spend)
        if operation.reads:
            self._anchor(side, operation, values, subject, variant)
        special = _SPECIAL.get(operation.name) if operation.case.built_in else None
        return {**values, **special(self._world, side, actor)} if special else values

    def _filled(self, side: Side, operation: Operation, variant: int) -> dict[str, object]:
        fill = side.fill
        sparse = operation.reads and not variant
        case = operation.case.each or operation.case
        made = fill.object(operation.schema, of=case.name, variant=variant, optional=not sparse)
        paging = {"limit", "cursor"} if any(given.hint is Paging for given in operation.case.inputs) else set()
        return {name: value for name, value in made.items() if name not in paging}

    def _name_things(
        self, side: Side, operation: Operation, actor: Actor, values: dict[str, object], variant: int, *, spend: bool
    ) -> Entity | None:
        """Put ids of what is there into every place for one. Returns what the operation is about."""
        subject: Entity | None = None
        for number, place in enumerate(self._subject_first(operation)):
            required = place.source is not Source.BODY or _required(operation.schema, place.input) or variant != 1
            if place is self._subject_first(operation)[0] and place.source is not Source.QUERY:
                subject = self._subject(side, operation, place, actor, variant, spend=spend)
                chosen: str | None = subject.id if subject else None
            else:
                chosen = self._related(subject, place) or self._other(side, place, actor, number + variant)
            values.update(place.put(values, chosen if required else None))
        return subject

    def _subject_first(self, operation: Operation) -> list[IdPlace]:
        about = operation.case.subject or (operation.case.each and operation.case.each.subject)
        return sorted(operation.ids, key=lambda place: not about or place.input != about[0])

    def _subject(
        self, side: Side, operation: Operation, place: IdPlace, actor: Actor, variant: int, *, spend: bool
    ) -> Entity | None:
        kind = place.target
        owner = actor.subject if actor.is_person else ""
        if spend and not operation.reads and (place.source is Source.PATH or operation.bulk):
            return self._world.fresh(side, kind, owner, variant)
        there = side.kept.get(kind, [])
        return there[variant % len(there)] if there else None

    def _related(self, subject: Entity | None, place: IdPlace) -> str | None:
        """What the subject itself says it belongs to, so that a nested path is one that exists."""
        if subject is None or place.source is not Source.PATH:
            return None
        references = dict(self._world.model.references(type(subject)))
        name = next((name for name, target in references.items() if target is place.target), None)
        found = getattr(subject, name) if name else None
        return found if isinstance(found, str) else None

    def _other(self, side: Side, place: IdPlace, actor: Actor, number: int) -> str:
        if place.target is self._world.model.people and actor.is_person and not number % 2:
            return actor.subject
        there = side.ids(place.target) or [self._world.absent()]
        return there[number % len(there)]

    def _anchor(
        self, side: Side, operation: Operation, values: dict[str, object], subject: Entity | None, variant: int
    ) -> None:
        """Let a query ask for what is there: take its other inputs from something that is."""
        kinds = [c.entity for c in operation.case.capabilities if c.entity is not None]
        places = {place.input for place in operation.ids}
        for kind in kinds:
            there = [e for e in side.kept.get(kind, []) if subject is None or self._belongs(e, subject)]
            if not there:
                continue
            entity = there[variant % len(there)]
            for given in operation.case.inputs:
                info = type(entity).model_fields.get(given.name)
                if info is None or given.name in places or plain(info.annotation) != plain(given.hint):
                    continue
                if given.is_required or variant:
                    values[given.name] = entity.model_dump(mode="json").get(given.name)

    def _belongs(self, entity: Entity, subject: Entity) -> bool:
        named = {getattr(entity, name) for name, _ in self._world.model.references(type(entity))}
        return entity.id == subject.id or subject.id in named


def _required(schema: Schema, name: str) -> bool:
    wanted = schema.get("required")
    return isinstance(wanted, list) and name in wanted


Special = Callable[[World, Side, Actor], Mapping[str, object]]


def _session(world: World, side: Side, actor: Actor) -> str:
    person = actor.subject if actor.is_person else side.actors[world.roles[0]].subject
    return world.crowd.session(person, side.tenant, world.neutral.text() * 2)


def _invite(world: World, tenant: str, inviter: str, email: str) -> str:
    """Keep a seat for somebody. Returns the token that takes it."""
    secret = world.neutral.text() * 2
    expires = world.backend.clock.now() + timedelta(days=5)
    kept = Invitation(email=email, role=world.roles[0], secret=digest(secret), invited_by=Id(inviter), expires=expires)
    world.crowd.keep(tenant, kept)
    return f"{tenant}.{kept.id}.{secret}"


def _accepting(world: World, side: Side, _: Actor) -> Mapping[str, object]:
    inviter = side.actors[world.roles[-1]].subject
    token = _invite(world, side.tenant, inviter, f"{world.neutral.text()}@invited.test")
    return {"token": token, "password": PASSWORD, "name": world.neutral.text()}


def _joining(world: World, side: Side, actor: Actor) -> Mapping[str, object]:
    """A seat in one more organisation, for somebody who has signed in."""
    tenant, email = world.crowd.organisation(world.neutral.text(), "Another"), f"{world.neutral.text()}@another.test"
    host = world.crowd.person("Host", email, [tenant])
    world.crowd.join(host, tenant, "Host", email, world.roles[-1])
    return {"token": _invite(world, tenant, host, actor.email or side.actors[world.roles[0]].email)}


def _signing_up(world: World, _: Side, __: Actor) -> Mapping[str, object]:
    text = world.neutral.text
    return {"email": f"{text()}@new.test", "password": PASSWORD, "name": text(), "organisation": text()}


def _going_on(world: World, side: Side, actor: Actor) -> Mapping[str, object]:
    return {"token": _session(world, side, actor)}


def _inviting(world: World, _: Side, __: Actor) -> Mapping[str, object]:
    return {"role": world.roles[0], "email": f"{world.neutral.text()}@invited.test"}


_SPECIAL: Mapping[str, Special] = {
    "sign_up": _signing_up,
    "sign_in": lambda world, side, _: {"email": side.actors[world.roles[0]].email, "password": PASSWORD},
    "refresh": _going_on,
    "sign_out": _going_on,
    "switch": lambda world, side, actor: {**_going_on(world, side, actor), "organisation": side.slug},
    "found_organisation": lambda world, *_: {"organisation": world.neutral.text()},
    "accept_invitation": _accepting,
    "join_organisation": _joining,
    "change_role": lambda world, *_: {"role": world.roles[0]},
    "invite": _inviting,
    "create_api_key": lambda world, *_: {"role": world.roles[0], "name": world.neutral.text()},
    "link_identity": lambda world, *_: {"issuer": "https://id.test", "subject": world.neutral.text()},
}
"""Input for what comes with freehold and follows a protocol of its own."""

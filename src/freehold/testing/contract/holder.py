"""Where a promise about estates is tried: a stage, and an estate on the same store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Self

from freehold.model.data import Entity
from freehold.model.model import Model, table_of
from freehold.runtime.idempotency import Receipt
from freehold.runtime.outbox import Delivery
from freehold.runtime.ports import AuditEntry, Verb
from freehold.runtime.scope import Scope
from freehold.stores.estate import Estate
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import SUBJECTS, Goal, Match, Player, Shape, Team, Thing

Open = Callable[[Model], Estate]
"""Opens an estate on the store that the stage has made."""

CALLS = 3


class Holder:
    """Who has an estate."""

    def __init__(self, stage: Stage, open: Open) -> None:  # noqa: A002  # what it does
        """Open it."""
        self.stage, self.open = stage, open
        self.estate = open(SUBJECTS)

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Let go of it."""
        self.estate.close()

    def open_another(self) -> Estate:
        """Another one on the same store, for somebody else."""
        return self.open(SUBJECTS)

    def furnish(self, tenant: str) -> list[Entity]:
        """Fill a ground as calls would: a family, an outbox, a receipt and a chain."""
        stage, now = self.stage, self.stage.clock.now()
        team = Team(id=stage.new_id(), name="Rövers 😀\n\"'", code="R")
        player = Player(id=stage.new_id(), name="", team=team.id, goals=2**63 - 1)
        match = Match(id=stage.new_id(), home=team.id, number=7, best=player.id)
        goal = Goal(id=stage.new_id(), match=match.id, minute=-3)
        thing = Thing(
            id=stage.new_id(), real=-0.1, amount=Decimal("1.50"), day=date(2024, 2, 29), raw=bytes(range(256)),
            prices={"b": Decimal("0.10"), "a": Decimal(1)}, several=frozenset("xyz"), shape=Shape.SQUARE,
        )  # fmt: skip
        event = Delivery(id=stage.new_id(), handler="h", event="E", payload=tenant, call="c", due=now)
        receipt = Receipt(id=stage.new_id(), fingerprint="f", status=201, body=f'"{tenant}"', expires=now)
        made: list[Entity] = [team, player, match, goal, thing, event, receipt]
        stage.write(tenant, Verb.ADD, *made, entry={"call": 1})
        saved = stage.save(tenant, thing, text="changed")
        for call in range(1, CALLS):
            stage.write(tenant, Verb.ADD, entry={"call": call + 1})
        return [*made[:4], saved, *made[5:]]

    def all(self, tenant: str) -> list[Entity]:
        """All that lies on a ground, as the estate reads it, two at a time."""
        with Scope(tenant) as scope:
            found = []
            for kind in self.estate.kinds:
                after = ""
                while batch := self.estate.rows(scope, kind, after, 2):
                    assert len(batch) <= CALLS - 1
                    found += batch
                    after = batch[-1].id
        return found

    def chain(self, tenant: str) -> list[AuditEntry]:
        """A ground's chain, as the estate reads it."""
        with Scope(tenant) as scope:
            return self.estate.chain(scope, 0, 1000)

    def fill(self, tenant: str, entities: list[Entity], entries: list[AuditEntry]) -> None:
        """Put entities and a chain on a ground."""
        with Scope(tenant) as scope:
            for kind in self.estate.kinds:
                self.estate.put(scope, [entity for entity in entities if type(entity) is kind])
            self.estate.link(scope, entries)


def alike(one: list[Entity], other: list[Entity]) -> bool:
    """Whether the same entities are in both, whatever their order: with their versions and times."""

    def ordered(entities: list[Entity]) -> list[tuple[str, str, Entity]]:
        return sorted(((table_of(type(one)), one.id, one) for one in entities), key=lambda found: found[:2])

    return ordered(one) == ordered(other)

"""Where attacks are carried out: every request goes through here, and none goes unexamined."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from random import Random
from typing import TypeVar

from freehold.edges.keys import KeyRing
from freehold.model.app import App
from freehold.model.data import Entity
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Principal
from freehold.runtime.ports import Random as Randomness
from freehold.runtime.prepared import Sent
from freehold.testing.isolation.actors import Actor
from freehold.testing.isolation.http import Reply, Request, Wire
from freehold.testing.isolation.inputs import Unfit
from freehold.testing.isolation.matrix import IdPlace, Operation, Values
from freehold.testing.isolation.oracle import Finding, Oracle
from freehold.testing.isolation.rehearsal import Rehearsal
from freehold.testing.isolation.report import Case, Fault, Leak, Report, Sort
from freehold.testing.isolation.world import World
from freehold.wiring import Backend

T = TypeVar("T")

LIMITED, INTERNAL = 429, 500
TAKEN = 0.5
"""Of the cases that an attack names as enough, so many are tried with an effort of 1."""


class Enough(Exception):
    """The first leak was found, and one is enough."""


@dataclass
class Arena:
    """What an attack has at hand."""

    app: App
    backend: Backend
    world: World
    wire: Wire
    oracle: Oracle
    rehearsal: Rehearsal
    report: Report
    operations: tuple[Operation, ...]
    ring: KeyRing
    """The keys the backend signs with: some attackers have stolen as much."""
    randomness: Randomness
    effort: float = 1.0
    """How many cases to take of those that are possible, in comparison."""
    first_only: bool = False
    """Whether to stop at the first leak."""
    random: Random = field(default_factory=Random)

    def send(self, request: Request, actor: Actor) -> Reply:
        """Send a request as somebody. Who is held back waits and tries again, which costs a test nothing."""
        reply = self.wire.send(request, self.world.crowd.token(actor))
        if reply.status == LIMITED:
            self.world.clock.turn(timedelta(seconds=float(reply.header("retry-after") or 1)))
            reply = self.wire.send(request, self.world.crowd.token(actor))
        if actor.tenant == self.world.b.tenant:
            self.oracle.logs.taken()  # B may log what is B's
        return reply

    def attempt(self, case: Case, request: Request, actor: Actor, known: str = "", claimed: str = "") -> Reply:
        """Send one request as somebody of A, and note whatever is wrong with what comes of it.

        `known` is no leak. `claimed` is the tenant that the request claims to be for.
        """
        reply = self.send(request, actor)
        found = self._wrong(case, request, reply, actor, known)
        self.note(case, entering(actor, claimed, found), request.curl(actor.name))
        return reply

    def alike(
        self, case: Case, actor: Actor, foreign: tuple[Request, str], absent: tuple[Request, str], claimed: str = ""
    ) -> Reply:
        """Ask for what is B's, and for what is nowhere: there must be no difference. `claimed` as for `attempt`."""
        (here, theirs), (there, nothing) = foreign, absent
        one, other = self.send(here, actor), self.send(there, actor)
        found = [*self._wrong(case, here, one, actor), *self._wrong(case, there, other, actor)]
        writes = one.ok and other.ok and here.method != "GET"
        same = one.status == other.status if writes else one.without(theirs) == other.without(nothing)
        if not same:
            found.append((Sort.ORACLE, _difference(one, other, theirs, nothing)))
        self.note(case, entering(actor, claimed, found), here.curl(actor.name))
        return one

    def note(self, case: Case, found: Iterable[Finding], again: str = "") -> None:
        """Count a case, and its leaks. Raises `Enough` when one is enough."""
        self.report.cases.append(case)
        for sort, what in found:
            self.report.leaks.append(Leak(case, sort, what, again))
            if self.first_only and sort is not Sort.CONTRACT:
                raise Enough

    def some(self, found: Iterable[T], most: int, by: Callable[[T], str] | None = None) -> list[T]:
        """Some of many, always the same for one seed. With `by`, at least one for each name that gives."""
        everything = list(found)
        limit = max(1, round(most * self.effort * TAKEN))
        if len(everything) <= limit:
            return everything
        self.random.shuffle(everything)
        if by is None:
            return everything[:limit]
        first = {by(one): one for one in everything}
        kept = list(first.values())
        rest = [one for one in everything if first[by(one)] is not one]
        return kept + rest[: max(0, limit - len(kept))]

    def pairs(self, wanted: Callable[[Operation], bool], most: int = 100) -> list[tuple[Operation, Actor]]:
        """Operations and actors, each with each, as many as the effort allows; every operation at least once."""
        operations = [operation for operation in self.operations if wanted(operation) and not operation.costly]
        return self.some(product(operations, self.members()), most, by=lambda pair: pair[0].name)

    def members(self) -> list[Actor]:
        """Everybody on A's ground."""
        return list(self.world.a.actors.values())

    def able(self, operation: Operation) -> Actor:
        """Somebody of A for whom it did succeed; failing that, whoever may do most."""
        known = self.rehearsal.known(self.world.a, operation)
        return known.actor if known else self.world.a.actors[self.world.roles[-1]]

    def values(self, operation: Operation, actor: Actor, *, spend: bool = False) -> Values:
        """Valid input for somebody of A, about something that is there, or with `spend` about something new."""
        spend = spend or operation.case.method == "DELETE"
        return self.rehearsal.values(self.world.a, operation, actor, spend=spend)

    def operate(self, name: str, **inputs: object) -> None:
        """Run an operator's command, which has no route."""
        runtime = self.backend.runtime
        runtime(Call(runtime.cases[name], Sent(inputs), Principal("", "", kind="system"), id="suite"))

    def foreign(self, kind: type[Entity], number: int = 0) -> str:
        """The id of something that is on B's ground only. Raises `Unfit` when there is nothing of this kind."""
        there = self.world.b.ids(kind)
        if not there:
            raise Unfit(f"there is no {kind.__name__} on B's ground")
        return there[number % len(there)]

    def swapped(self, operation: Operation, values: Values, place: IdPlace, id: str) -> tuple[Request, str]:
        """The request with another id in one place, and that id."""
        return operation.request(place.put(values, id)), id

    def _wrong(self, case: Case, request: Request, reply: Reply, actor: Actor, known: str = "") -> list[Finding]:
        if reply.status >= INTERNAL and reply.status != 503:  # noqa: PLR2004  # HTTP's own number: busy is no bug
            self.report.faults.append(Fault(case, f"{reply.status}", request.curl(actor.name)))
        found = list(self.oracle.reply(request, reply, told=actor.told + known))
        if actor.also and self._on_platform(case):
            found = [one for one in found if one[0] is not Sort.DATA]  # what is B's is this person's as well
        return found

    def _on_platform(self, case: Case) -> bool:
        return any(operation.everyone for operation in self.operations if operation.name == case.operation)


def _difference(one: Reply, other: Reply, theirs: str, nothing: str) -> str:
    names = ("status", "headers", "body")
    pairs = zip(names, one.without(theirs), other.without(nothing), strict=True)
    different = [
        f"{name}: {here!r} for what is B's, {there!r} for what is nowhere"
        for name, here, there in pairs
        if here != there
    ]
    return "; ".join(different)[:1000]


def entering(actor: Actor, claimed: str, found: Iterable[Finding]) -> list[Finding]:
    """What was found when a tenant was claimed, and for whom.

    Who belongs to that tenant, too, has reached what is theirs, past the tenant that their token is bound to. That is
    wrong, and yet it is not what another tenant's people must never do.
    """
    own = claimed != "" and claimed == actor.also
    return [(Sort.BINDING if own and sort is not Sort.CONTRACT else sort, what) for sort, what in found]

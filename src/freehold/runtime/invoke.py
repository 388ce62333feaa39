"""The life of a call, in ten steps. HTTP, the outbox, jobs, the command line and tests all come through here.

The first two, match (which use case?) and identify (whose token?), are the edge's. They make a `Call`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import NamedTuple

from freehold.model.names import PLATFORM, shout
from freehold.model.ports import User
from freehold.model.usecase import Kind, Source, UseCase
from freehold.runtime import audit, idempotency
from freehold.runtime.access import Permits, permits
from freehold.runtime.contention import EXCLUSIVE, Contention
from freehold.runtime.envelope import Answer
from freehold.runtime.failures import Conflict, Failure, Forbidden, Invalid, NotFound, Unauthenticated
from freehold.runtime.limits import Limits, network
from freehold.runtime.membership import Membership
from freehold.runtime.outbox import deliveries
from freehold.runtime.ports import Changes, Clock, Dangling, Database, Principal, Snapshot, Stale, Taken, Write
from freehold.runtime.prepared import Prepared, Sent, dangling
from freehold.runtime.scope import Scope
from freehold.runtime.supply import Given, Supplier, Supplies
from freehold.runtime.unit import NOBODY, Shared, Unit, absent, stale

SYSTEM = User(name="the system")


class Ready(NamedTuple):
    """A use case with everything worked out that can be before a call."""

    case: UseCase
    prepared: Prepared
    suppliers: tuple[tuple[str, Supplier], ...]
    permits: Permits


@dataclass(slots=True)
class Call:
    """One request to one use case, from whoever and by whichever door."""

    ready: Ready
    sent: Sent
    principal: Principal | None = None
    id: str = ""
    """The request id, for logs and the audit chain."""
    key: str | None = None
    """The client's Idempotency-Key."""
    expected: int | None = None
    """The version that If-Match names."""
    address: str = ""
    riding: Sequence[Write] = ()
    """Writes of the runtime's own in the same transaction, such as taking a delivery off the outbox."""

    @property
    def ground(self) -> str:
        """The tenant the token is bound to, or the platform. Raises `Unauthenticated` or `Forbidden` without one."""
        if self.ready.case.scope == "everyone":
            return PLATFORM
        if self.principal is None:
            raise Unauthenticated
        if not self.principal.tenant:
            raise Forbidden("NO_TENANT", "Enter an organisation first: this token is bound to none.")
        return self.principal.tenant

    @property
    def is_known(self) -> bool:
        """Whether it is clear who calls: all but API keys that have not been compared yet."""
        return self.principal is None or self.principal.vouched

    @property
    def line(self) -> str:
        """In whose line it waits: its tenant's, or where that is not clear, that of the address it is from."""
        return self.principal.tenant if self.principal and self.principal.vouched else f"from {network(self.address)}"


class Runtime:
    """Runs calls. One per process; it holds nothing of any tenant's."""

    def __init__(  # noqa: PLR0913  # the parts a runtime is put together from, each by name
        self, cases: Mapping[str, UseCase], *, database: Database, membership: Membership, supplies: Supplies,
        shared: Shared, limits: Limits, clock: Clock, ranks: Mapping[str, int],
    ) -> None:  # fmt: skip
        """Make every use case ready."""
        self.database, self.clock = database, clock
        self.membership, self._limits = membership, limits
        self._shared, self._reading = shared, replace(shared, references={})
        self._running = idempotency.InFlight()
        self._contention = Contention(clock)
        self.cases = {
            name: Ready(case, Prepared(case), supplies.of(case), permits(case, case.allow, ranks))
            for name, case in cases.items()
        }
        self.followers: dict[str, list[str]] = {}
        for name, case in cases.items():
            if case.event is not None:
                self.followers.setdefault(case.event.__name__, []).append(name)

    def begin(self, scope: Scope, *, writes: bool = True, beside: Unit | None = None) -> Unit:
        """A unit of work on the ground of `scope`. Close it. Who only reads need not remember what was referred to."""
        shared = self._shared if writes else self._reading
        view = self.database.snapshot(scope, beside.view if beside else None)
        return Unit(scope, view, shared)

    def __call__(self, call: Call) -> Answer:
        """Run a call. Raises `Failure`, which holds what the caller may know and nothing else."""
        case, ground = call.ready.case, call.ground
        if call.is_known:
            self._admit(call, call.line)
        receipt = self._receipt(call)
        secret = call.principal.session if call.principal and call.principal.kind == "key" else ""
        with self._running.claimed(ground, receipt + secret) if receipt else nullcontext():
            plan = iter(self._contention.plan(ground, case))
            alone = next(plan)
            while True:
                try:
                    return self._kept((self._alone if alone is EXCLUSIVE else self._beside)(call, ground, receipt))
                except (Stale, Taken) as race:
                    self._contention.lost(ground, case)
                    if (alone := next(plan, None)) is None:
                        raise _conflict(race) from None
                except _Refused as refused:
                    self._note(call, refused, receipt)
                    raise refused.failure from None

    def recognise(self, call: Call) -> User:
        """Who calls, before anything is done. Raises `Unauthenticated`, and `Forbidden` where nobody is let in."""
        unit = self.begin(Scope(call.ground, call.id), writes=False)
        try:
            return self._recognise(call, unit)
        finally:
            unit.close()

    @staticmethod
    def _kept(answer: Answer) -> Answer:
        """The answer, or the failure that came with what was written all the same."""
        if answer.failure is not None:
            raise answer.failure
        return answer

    def _steps(self, call: Call, unit: Unit, receipt: str | None) -> tuple[Answer, list[Changes]]:
        """Steps 3 to 10. What comes back is not true before the changes are committed."""
        ready = call.ready
        me = unit.caller = self._recognise(call, unit)  #             3 bind: a token becomes a member of one tenant
        if not call.is_known:
            self._admit(call, unit.scope.tenant)  #                   4 admit: a key counts once it is recognised
        inputs = ready.prepared.read(call.sent)  #                    5 validate (all others were admitted before this)
        fingerprint = idempotency.fingerprint_of(inputs) if receipt else ""
        if receipt and (known := idempotency.known(unit, receipt, fingerprint)):
            return known, []  #                                       6 replay
        try:
            if not ready.permits(me, inputs, unit):  #                7 authorise
                raise Forbidden if me.id else Unauthenticated
            answer = self._run(call, me, inputs, unit)  #             8 run
            self._admit_to(unit)
        except Failure as failure:
            if failure.keeps:
                return Answer(failure=failure), self._record(call, me, unit, Answer(), None, fingerprint)
            refusal = ready.prepared.unknown_reference(failure, inputs) if isinstance(failure, NotFound) else failure
            raise _Refused(refusal, me, fingerprint) from None
        if not ready.case.writes:
            return answer, []
        return answer, self._record(call, me, unit, answer, receipt, fingerprint)  # 9 record, 10 answer

    def _beside(self, call: Call, ground: str, receipt: str | None) -> Answer:
        """Try on a snapshot, beside whatever else is going on."""
        scope = Scope(ground, call.id)
        unit = self.begin(scope, writes=call.ready.case.writes)
        try:
            answer, parts = self._steps(call, unit, receipt)
            if parts:
                unit.read_no_more()
                self.database.commit(parts)
        except Dangling as missing:
            raise _missing(call, missing) from None
        finally:
            unit.close()
        return answer

    def _alone(self, call: Call, ground: str, receipt: str | None) -> Answer:
        """Try while nobody else writes on this ground."""
        scope = Scope(ground, call.id)
        units: list[Unit] = []
        answers: list[Answer] = []

        def work(snapshot: Snapshot) -> Sequence[Changes]:
            units.append(Unit(scope, snapshot, self._shared))
            answer, parts = self._steps(call, units[-1], receipt)
            answers.append(answer)
            return parts

        try:
            self.database.exclusively(scope, work)
        except Dangling as missing:
            raise _missing(call, missing) from None
        finally:
            for unit in units:
                unit.close()
            scope.close()
        return answers[-1]

    def _admit(self, call: Call, whose: str) -> None:
        """Count the call against its tenant's limits; what belongs to no tenant, against its address's alone."""
        case = call.ready.case
        if case.kind in (Kind.COMMAND, Kind.QUERY):
            who = call.principal.subject if call.principal else network(call.address)
            self._limits.take(whose, who, case.name, case.limit)

    def _admit_to(self, unit: Unit) -> None:
        """Whoever writes on the grounds of chosen tenants must be let in there.

        It is looked up beside what was read: a call that holds a connection must not wait for another one.
        """
        for tenant, entered in unit.entered.items():
            if unit.caller is not SYSTEM and entered.changes().writes:
                self.membership.admit(tenant, unit)

    def _receipt(self, call: Call) -> str | None:
        """The id of the idempotency record, if the call has a key. An anonymous caller has no answers to keep."""
        case = call.ready.case
        if case.kind is not Kind.COMMAND or call.principal is None:
            return None
        idempotency.check_key(case, call.key)
        if call.key is None:
            return None
        return idempotency.receipt_id(f"{call.principal.issuer} {call.principal.subject}", case.name, call.key)

    def _recognise(self, call: Call, unit: Unit) -> User:
        case, principal = call.ready.case, call.principal
        if principal is not None and principal.kind == "system":  # made in this process only; no token says so
            if case.kind in (Kind.HANDLER, Kind.JOB) and unit.scope.tenant != PLATFORM:
                self.membership.admit(unit.scope.tenant, unit)  # a suspended tenant's events wait, and its jobs rest
            return SYSTEM
        if case.allow is None:  # handlers, jobs and operations are nobody's to call
            raise Forbidden
        if principal is None:
            if case.is_open:
                return NOBODY
            raise Unauthenticated
        if case.scope == "everyone":
            return self.membership.person(principal, unit)
        return self.membership.member(principal, unit)

    def _run(self, call: Call, me: User, inputs: Mapping[str, object], unit: Unit) -> Answer:
        ready = call.ready
        if call.expected is not None and ready.case.subject is not None:
            unit.expected = (str(inputs[ready.case.subject[0]]), call.expected)
        given = Given(unit, me, call.address, lambda tenant: self._enter(unit, tenant))
        supplied = {parameter: supply(given) for parameter, supply in ready.suppliers}
        value = ready.case.function(**inputs, **supplied)
        if isinstance(value, Coroutine):  # an async use case, with an event loop of its own
            value = asyncio.run(value)
        return ready.prepared.answer(value)

    def _enter(self, unit: Unit, tenant: str) -> Unit:
        """A unit of work on the ground of a chosen tenant, in the same transaction."""
        if tenant not in unit.entered:
            unit.entered[tenant] = self.begin(Scope(tenant, unit.scope.call), beside=unit)
        return unit.entered[tenant]

    def _record(
        self, call: Call, me: User, unit: Unit, answer: Answer, receipt: str | None, fingerprint: str
    ) -> list[Changes]:
        """Everything that must be true together: data, outbox, idempotency record, audit entry."""
        parts = []
        for each in (unit, *unit.entered.values()):
            part = each.changes()
            actor, case = me.id or "system", call.ready.case.name
            part.entry = audit.entry(actor, case, call.id, each.now.isoformat(), part.writes)
            told = list(deliveries(each, self.followers, call.id))
            answer.emitted = answer.emitted or bool(told)
            part.writes += told
            parts.append(part)
        parts[0].writes += call.riding
        if receipt:
            parts[0].writes.append(idempotency.record(unit, receipt, fingerprint, answer))
        return [part for part in parts if part.writes] or parts[:1]

    def _note(self, call: Call, refused: _Refused, receipt: str | None) -> None:
        """Note a refusal: in the audit chain when somebody tried what is not theirs to do, and under its key."""
        failure, me = refused.failure, refused.me
        forbidden = isinstance(failure, Forbidden) and bool(me.id)
        keep = receipt if failure.status in idempotency.DETERMINISTIC and not failure.is_race else None
        if not (forbidden or keep):
            return
        scope = Scope(call.ground, call.id)
        unit = self.begin(scope)
        try:
            part = unit.changes()
            if forbidden:
                at, case = unit.now.isoformat(), call.ready.case.name
                part.entry = audit.entry(me.id, case, call.id, at, [], failure.code)
            if keep:
                part.writes.append(idempotency.record(unit, keep, refused.fingerprint, idempotency.refusal(failure)))
            unit.read_no_more()
            self.database.commit([part])
        except (Stale, Taken):  # another process has noted the same
            return
        finally:
            unit.close()


class _Refused(Exception):
    """A failure on its way out, with what is needed to note it."""

    def __init__(self, failure: Failure, me: User, fingerprint: str) -> None:
        super().__init__(failure.code)
        self.failure, self.me, self.fingerprint = failure, me, fingerprint


def _missing(call: Call, missing: Dangling) -> NotFound | Invalid:
    """What a caller is told when an id named nothing at the commit: 404 if it stood in the path, else wrong input."""
    inputs = (given.name for given in call.ready.case.inputs if given.source is Source.PATH)
    if any(call.sent.values.get(name) == missing.id for name in inputs):
        return absent(missing.kind, missing.id)
    return dangling(missing.field)


def _conflict(lost: Stale | Taken) -> Conflict:
    """What a caller is told when a race, or a unique value, was lost for good."""
    if isinstance(lost, Stale):
        return stale(lost.kind)
    fields = lost.lookup.keys if lost.lookup else ("id",)
    code = f"{shout(lost.kind.__name__)}_{shout('_'.join(fields))}_TAKEN"
    details = [{"loc": [fields[-1]], "msg": "This is taken."}]
    return Conflict(code, f"This {' and '.join(fields)} is taken.", details=details)

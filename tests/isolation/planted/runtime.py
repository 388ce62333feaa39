"""Leaks in the runtime: scopes, cursors, receipts, references, events, limits, caches."""

from freehold.edges.http import Api
from freehold.edges.sealing import SivSeal
from freehold.runtime import idempotency
from freehold.runtime.cursor import Cursors
from freehold.runtime.delivery import Courier
from freehold.runtime.invoke import Call, Runtime
from freehold.runtime.prepared import Prepared, input_model
from freehold.runtime.scope import Scope
from freehold.runtime.unit import Unit
from tests.isolation.planted.mutant import Mutant
from tests.isolation.surgery import Edit, Swap

LINE, GROUND = Call.line.fget, Call.ground.fget
assert LINE is not None
assert GROUND is not None

FOR_EVERYBODY = (
    Edit(idempotency.receipt_id, 'derived("receipt", principal, case, key)', 'derived("receipt", case, key)'),
    Edit(
        idempotency.known,
        "receipt = unit.find(Receipt, id)",
        "receipt = unit.find(Receipt, id) or globals().get('_KNOWN', {}).get(id)",
    ),
    Edit(idempotency.record, "return Write(", "globals().setdefault('_KNOWN', {})[id] = receipt\n    return Write("),
)


def _plain_seal(self: SivSeal, message: bytes, bound_to: object) -> str:
    return "plain." + message.hex()


def _plain_open(self: SivSeal, sealed: str, bound_to: object) -> bytes:
    return bytes.fromhex(sealed.removeprefix("plain."))


def _remembering(owner: str, key: str, value: str) -> str:
    return f"memo = globals().setdefault({owner!r}, {{}})\n    if {key} in memo: return memo[{key}]\n    {value}"


CURSORS = (
    Mutant(
        "a cursor is not bound to its tenant",
        (Edit(Unit.page, "(self.scope.tenant, lookup.store,", '("", lookup.store,'),),
        attacks=("T74",),
    ),
    Mutant(
        "a cursor is not bound to its list",
        (Edit(Unit.page, "lookup.store, lookup.name, ", '"", "", '),),
        attacks=("T74",),
    ),
    Mutant(
        "a cursor is not bound to what was asked",
        (Edit(Unit.page, "to_json([values, bounds]).decode()", '""'),),
        app="teamflow",
        attacks=("T74",),
    ),
    Mutant(
        "cursors are not sealed",
        (Swap(SivSeal, "seal", _plain_seal), Swap(SivSeal, "open", _plain_open)),
        attacks=("T74",),
    ),
    Mutant(
        "cursors are good for ever",
        (Edit(Cursors.open, "if now > datetime.fromtimestamp(expires, UTC):", "if False:"),),
        attacks=("T74",),
    ),
)

REPLAYS = (
    Mutant("receipts are kept for all tenants and people together", FOR_EVERYBODY, attacks=("T52",)),
    Mutant("a receipt's key leaves out the person", (FOR_EVERYBODY[0],), attacks=("T52",)),
    Mutant(
        "a receipt's key leaves out the use case",
        (
            Edit(
                idempotency.receipt_id, 'derived("receipt", principal, case, key)', 'derived("receipt", principal, key)'
            ),
        ),
        attacks=("T52",),
    ),
)

SCOPES = (
    Mutant(
        "a scope outlives its call",
        (Edit(Unit.close, "self._snapshot.close()", "pass"), Edit(Unit.close, "self.scope.close()", "pass")),
        attacks=("T58", "T61"),
    ),
    Mutant("grounds that were entered stay open", (Edit(Unit.close, "other.close()", "pass"),), attacks=("T58", "T61")),
    Mutant(
        "a call that is done again leaves its handles open",
        (Edit(Runtime._alone, "unit.close()", "pass"), Edit(Runtime._alone, "scope.close()", "pass")),
        attacks=("T61",),
    ),
    Mutant(
        "a thread remembers the tenant it first worked for",
        (
            Edit(
                GROUND,
                "return self.principal.tenant",
                "import threading\n    return vars(threading.current_thread()).setdefault('_ground', self.principal.tenant)",
            ),
        ),
        attacks=("T56", "T57"),
    ),
    Mutant(
        "one scope serves all calls",
        (
            Edit(
                Runtime._beside,
                "scope = Scope(ground, call.id)",
                "scope = vars(self).setdefault('_scope', Scope(ground, call.id)) if ground[0:8] != '00000000' else Scope(ground)",
            ),
            Edit(Scope.close, "self._tenant = None", "pass"),
        ),
        attacks=("T56", "T02"),
    ),
)

REFERENCES = (
    Mutant(
        "references are not checked",
        (Edit(Unit._references, "if write.verb is Verb.REMOVE:", "if True:"),),
        attacks=("T06",),
    ),
    Mutant(
        "anybody may be named as a member",
        (Edit(Unit._vouched, "and id == (self.caller.id or id)", ""),),
        attacks=("T06",),
    ),
)

EVENTS = (
    Mutant(
        "an event is delivered on another ground",
        (
            Edit(
                Courier._deliver,
                "Principal(tenant=ground,",
                "Principal(tenant=next((t for t in self._runtime.membership.tenants() if t != ground), ground),",
            ),
            Edit(
                Courier._deliver,
                ", riding=[taken(delivery)]))",
                "))\n        self._runtime.database.commit([Changes(Scope(ground), [taken(delivery)], [])])",
            ),
        ),
        attacks=("T59", "T63"),
    ),
    Mutant(
        "handlers and jobs are anybody's to call",
        (Edit(Runtime._recognise, "if case.allow is None:", "if False:"),),
        attacks=("T62",),
    ),
    Mutant(
        "a refusal is noted on another ground",
        (
            Edit(
                Runtime._note,
                "scope = Scope(call.ground, call.id)",
                "scope = Scope(next((t for t in self.membership.tenants() if t != call.ground), call.ground), call.id)",
            ),
        ),
        attacks=("API5",),
    ),
)

MEMORY = (
    Mutant(
        "tenants share their limits",
        (Edit(Runtime._admit, "self._limits.take(whose, who,", 'self._limits.take("", who,'),),
        attacks=("T53",),
    ),
    Mutant(
        "everybody waits in one line",
        (
            Edit(
                LINE,
                'return self.principal.tenant if self.principal and self.principal.vouched else f"from {network(self.address)}"',
                'return ""',
            ),
        ),
        attacks=("T53",),
    ),
    Mutant(
        "answers are kept by what was asked alone",
        (
            Edit(
                Api._turn,
                "loop = asyncio.get_running_loop()",
                "cache = globals().setdefault('_CACHE', {}); key = (call.ready.case.name, str(call.sent))\n"
                "    if not call.ready.case.writes and key in cache: return cache[key]\n"
                "    loop = asyncio.get_running_loop()",
            ),
            Edit(Api._turn, "answer = await future", "answer = cache[key] = await future"),
        ),
        attacks=("T01", "T02", "T50"),
    ),
    Mutant(
        "the last answers are kept, to look at",
        (
            Edit(
                Prepared.answer,
                "if isinstance(value, Page):",
                "globals().setdefault('_LAST', []).append(repr(value))\n    if isinstance(value, Page):",
            ),
        ),
        attacks=("T50", "T54"),
    ),
    Mutant(
        "unknown fields are taken as nothing",
        (Edit(input_model, 'extra="forbid"', 'extra="ignore"'),),
        attacks=("API3",),
    ),
)

MUTANTS = (*CURSORS, *REPLAYS, *SCOPES, *REFERENCES, *EVENTS, *MEMORY)

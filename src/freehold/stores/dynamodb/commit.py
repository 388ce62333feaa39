"""Commits: a call's changes as one TransactWriteItems, on the condition that its grounds are where we believe."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from freehold.aws.failures import AwsError, Throttled
from freehold.model.names import PLATFORM
from freehold.runtime.audit import chained, text_of
from freehold.runtime.failures import Overloaded, TooLarge
from freehold.runtime.ports import AuditEntry, Changes
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb.draft import Action, Refusal
from freehold.stores.dynamodb.items import key, number, text
from freehold.stores.dynamodb.planner import Planner
from freehold.stores.dynamodb.sizes import check_sizes
from freehold.stores.dynamodb.snapshot import Book
from freehold.stores.dynamodb.table import MOST_AT_ONCE, Table, told
from freehold.stores.dynamodb.tips import Tip, Tips

TRIES, FIRST_WAIT = 10, 0.01
FAILED, RACES = "ConditionalCheckFailed", frozenset({"TransactionConflict", "ThrottlingError"})

Parts = Sequence[Changes]


class Lost(Exception):
    """Somebody else has committed on one of the grounds: look again, and try again."""


@dataclass(frozen=True, slots=True)
class Act:
    """One action of a transaction. Without a `refusal` it is about the tip of a ground."""

    action: Action
    refusal: Refusal | None = None


class Committer:
    """Makes transactions of changes."""

    def __init__(self, table: Table, book: Book, planner: Planner, tips: Tips) -> None:
        """Know what is needed."""
        self._table, self._book, self._planner, self._tips = table, book, planner, tips

    def commit(self, scopes: Sequence[Scope], work: Callable[[], Parts]) -> None:
        """Commit what `work` gives, on grounds of which these are known before. It is done again when it has lost."""
        for again in range(TRIES):
            with self._tips.held([scope.tenant for scope in scopes]):
                try:
                    self._transact(work())
                except Lost:
                    pass
                else:
                    return
            time.sleep(FIRST_WAIT * 2 ** min(again, 5) * (0.5 + secrets.randbelow(1000) / 1000))
        raise Overloaded("STORE_BUSY", "Too many write on this ground: wait and retry.", retry_after=1)

    def _transact(self, parts: Parts) -> None:
        if not parts:
            return
        tips = {part.scope.tenant: self._tips.tip(part.scope) for part in parts}
        acts: list[Act] = []
        after: dict[str, Tip] = {}
        for part in parts:
            tenant = part.scope.tenant
            draft = self._planner.plan(part)
            acts += [Act(action, refusal) for action, refusal in draft.actions(self._book.of)]
            after[tenant], entry = self._moved(after.get(tenant, tips[tenant]), part)
            if entry is not None:
                acts.append(Act(_link(tenant, entry, self._table.name)))
        acts += [Act(tips[tenant].moved(tenant, tip, self._table.name)) for tenant, tip in after.items()]
        self._send(parts, acts)
        for tenant, tip in after.items():
            self._tips.move(tenant, tip)

    def _moved(self, tip: Tip, part: Changes) -> tuple[Tip, AuditEntry | None]:
        if part.entry is None:
            return self._tips.after(tip, tip.number, tip.hash), None
        entry = chained(tip.number + 1, tip.hash, text_of(part.entry))
        return self._tips.after(tip, entry.number, entry.hash), entry

    def _send(self, parts: Parts, acts: Sequence[Act]) -> None:
        if len(acts) > MOST_AT_ONCE:
            message = (
                f"This call changes {len(acts)} items, with what lies within and what is unique; the store takes "
                f"{MOST_AT_ONCE} at a time: do it in smaller parts."
            )
            raise TooLarge("TRANSACTION_TOO_LARGE", message)
        check_sizes(act.action for act in acts)
        scope = _speaker(parts)
        try:
            self._table.transact(scope, [act.action for act in acts], secrets.token_hex(16))
        except AwsError as error:
            for part in parts:
                self._tips.move(part.scope.tenant, None)
            raise self._meant(error, acts) from error

    @staticmethod
    def _meant(error: AwsError, acts: Sequence[Act]) -> Exception:
        reasons = list(zip(acts, error.cancellation_reasons, strict=False))
        if any(reason.code == FAILED and act.refusal is None for act, reason in reasons):
            return Lost()
        for act, reason in reasons:
            if reason.code == FAILED and act.refusal is not None:
                return act.refusal()
        if isinstance(error, Throttled) or any(reason.code in RACES for _, reason in reasons):
            return Lost()
        return told(error)


def _speaker(parts: Parts) -> Scope:
    """In whose name a transaction is sent: one that is about several grounds is the platform's."""
    scopes = [part.scope for part in parts]
    if len({scope.tenant for scope in scopes}) == 1:
        return scopes[0]
    return next((scope for scope in scopes if scope.tenant == PLATFORM), Scope.platform())


def _link(tenant: str, entry: AuditEntry, table: str) -> Action:
    item = {
        **key(tenant, audit_place(entry.number)), "number": number(entry.number), "text": text(entry.text),
        "before": text(entry.before), "hash": text(entry.hash),
    }  # fmt: skip
    return {"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(PK)"}}


def audit_place(at: int) -> str:
    """The sort key of a link of the chain."""
    return f"AUDIT#{at:020d}"

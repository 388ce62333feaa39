"""Commits: a call's changes as one TransactWriteItems, on the condition that its grounds are where we believe."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from freehold.aws.failures import AwsError
from freehold.model.names import PLATFORM
from freehold.runtime.audit import chained, text_of
from freehold.runtime.failures import Overloaded, TooLarge
from freehold.runtime.ports import AuditEntry, Changes
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb.draft import Action, Draft, Lost, Refusal
from freehold.stores.dynamodb.items import key, number, text
from freehold.stores.dynamodb.patience import waits
from freehold.stores.dynamodb.planner import Planner
from freehold.stores.dynamodb.sizes import check_sizes
from freehold.stores.dynamodb.snapshot import Book
from freehold.stores.dynamodb.table import MOST_AT_ONCE, Table
from freehold.stores.dynamodb.tips import Tip, Tips
from freehold.stores.dynamodb.trouble import CONFLICT, FAILED, told

FIRST_WAIT = 0.02

Parts = Sequence[Changes]
Act = tuple[Action, Refusal | None]
"""One action of a transaction. Without a refusal it is about the tip of a ground."""


class Committer:
    """Makes transactions of changes."""

    def __init__(self, table: Table, book: Book, planner: Planner, tips: Tips) -> None:
        """Know what is needed."""
        self._table, self._book, self._planner, self._tips = table, book, planner, tips

    def commit(self, scopes: Sequence[Scope], work: Callable[[], Parts]) -> None:
        """Commit what `work` gives, on grounds of which these are known before. It is done again when it has lost."""
        for _ in waits(FIRST_WAIT, self._table.patience):
            with self._tips.held([scope.tenant for scope in scopes]):
                try:
                    self._transact(work())
                except Lost:
                    pass
                else:
                    return
        raise Overloaded("STORE_BUSY", "Too many write on this ground: wait and retry.", retry_after=1)

    def _transact(self, parts: Parts) -> None:
        if not parts:
            return
        tips = {part.scope.tenant: self._tips.tip(part.scope) for part in parts}
        token = secrets.token_hex(16)
        acts: list[Act] = []
        after: dict[str, Tip] = {}
        drafts: dict[str, Draft] = {}
        for part in parts:
            tenant = part.scope.tenant
            drafts[tenant] = self._planner.plan(part, drafts.get(tenant))
            after[tenant], entry = self._moved(after.get(tenant, tips[tenant]), part)
            if entry is not None:
                acts.append((_link(tenant, entry, self._table.name), None))
        for draft in drafts.values():
            acts += draft.actions(self._book.of)
        acts += [(tips[tenant].moved(tenant, tip, self._table.name, token), None) for tenant, tip in after.items()]
        self._send(parts, acts, token)
        for tenant, tip in after.items():
            self._tips.move(tenant, tip)

    def _moved(self, tip: Tip, part: Changes) -> tuple[Tip, AuditEntry | None]:
        if part.entry is None:
            return self._tips.after(tip, tip.number, tip.hash), None
        entry = chained(tip.number + 1, tip.hash, text_of(part.entry))
        return self._tips.after(tip, entry.number, entry.hash), entry

    def _send(self, parts: Parts, acts: Sequence[Act], token: str) -> None:
        if len(acts) > MOST_AT_ONCE:
            message = (
                f"This call changes {len(acts)} items, with what lies within and what is unique; the store takes "
                f"{MOST_AT_ONCE} at a time: do it in smaller parts."
            )
            raise TooLarge("TRANSACTION_TOO_LARGE", message)
        actions = [action for action, _ in acts]
        check_sizes(actions)
        try:
            self._table.transact(_speaker(parts), actions, token)
        except AwsError as error:
            for part in parts:
                self._tips.move(part.scope.tenant, None)
            if error.maybe_done and self._was_done(parts[0].scope, token):
                return
            raise self._meant(error, acts) from error

    def _was_done(self, scope: Scope, token: str) -> bool:
        """Whether only the answer was lost. Where that cannot be told, it is not said."""
        try:
            return self._tips.was_moved_by(scope, token)
        except Overloaded:
            return False

    @staticmethod
    def _meant(error: AwsError, acts: Sequence[Act]) -> Exception:
        """What a refusal means: of all reasons, the one that decides what is to be done now."""
        reasons = list(zip(acts, error.cancellation_reasons, strict=False))
        failed = [refusal for (_, refusal), reason in reasons if reason.code == FAILED]
        if error.maybe_done:  # and what was refused may be a second try, on top of what the first one did
            return told(error)
        if None in failed:
            return Lost()
        if first := next(filter(None, failed), None):
            return first()
        return Lost() if any(reason.code == CONFLICT for _, reason in reasons) else told(error)


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

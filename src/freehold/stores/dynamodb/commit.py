"""Commits: a call's changes as one TransactWriteItems, on the condition that its grounds are where we believe."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from freehold.aws.failures import AwsError
from freehold.model.names import PLATFORM
from freehold.runtime.audit import chained, text_of
from freehold.runtime.failures import Failure, Overloaded, TooLarge
from freehold.runtime.ports import AuditEntry, Changes
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb import links
from freehold.stores.dynamodb.draft import Action, Crowded, Draft, Lost, Refusal
from freehold.stores.dynamodb.leftovers import written
from freehold.stores.dynamodb.patience import waits
from freehold.stores.dynamodb.planner import Planner
from freehold.stores.dynamodb.sizes import check_sizes
from freehold.stores.dynamodb.snapshot import Book
from freehold.stores.dynamodb.table import MOST_AT_ONCE, PATIENCE, Table
from freehold.stores.dynamodb.tips import Tip, Tips
from freehold.stores.dynamodb.trouble import CONFLICT, FAILED, told

FIRST_WAIT = 0.02
"""Seconds that whoever has lost a race waits at most before the second try."""
HELPING = 0.5
"""Seconds that a call spends on what the removals of others have left, before it does its own work."""

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
        for _ in waits(FIRST_WAIT, PATIENCE):
            with self._tips.held([scope.tenant for scope in scopes]):
                try:
                    self._clear(scopes, HELPING)
                    self._transact(work())
                except Lost:
                    continue
                with suppress(Lost, Failure, AwsError):  # it is done; the next who writes there goes on with the rest
                    self._clear(scopes, PATIENCE)
                return
        raise Overloaded("STORE_BUSY", "Too many write on this ground: wait and retry.", retry_after=1)

    def clear(self, scope: Scope) -> None:
        """Remove what removals have left on a ground, as far as that can be done within our patience."""
        with self._tips.held([scope.tenant]), suppress(Lost):
            self._clear([scope], PATIENCE)

    def _clear(self, scopes: Sequence[Scope], seconds: float) -> None:
        """Remove what removals have left. An index may not show it yet, and much takes long: some may stay."""
        for scope in scopes:
            if self._tips.tip(scope).leftovers:
                self._clear_ground(scope, time.monotonic() + seconds)

    def _clear_ground(self, scope: Scope, until: float) -> None:
        for _ in waits(FIRST_WAIT, until - time.monotonic()):
            while self._clears(scope) and time.monotonic() < until:
                pass
            if not self._tips.tip(scope).leftovers or time.monotonic() >= until:
                return

    def _clears(self, scope: Scope) -> bool:
        """Remove a transaction full of what is left, if there is any that an index shows."""
        tip = self._tips.tip(scope)
        if not tip.leftovers:
            return False
        draft = self._planner.begin(scope.tenant, tip.leftovers, leaves=True)
        if not self._planner.clear(scope, draft):
            return False
        after = replace(self._tips.after(tip, tip.number, tip.hash), leftovers=written(draft.leftovers))
        acts: list[Act] = [(action, Lost) for action, _ in self._acts([draft])]
        self._send([scope], acts, {scope.tenant: tip}, {scope.tenant: after})
        return True

    def _transact(self, parts: Parts) -> None:
        scopes = [part.scope for part in parts]
        tips = {scope.tenant: self._tips.tip(scope) for scope in scopes}
        try:
            self._send(scopes, *self._planned(parts, tips))
        except Crowded:
            self._send(scopes, *self._planned(parts, tips, leaves=True))

    def _planned(
        self, parts: Parts, tips: Mapping[str, Tip], *, leaves: bool = False
    ) -> tuple[list[Act], Mapping[str, Tip], Mapping[str, Tip]]:
        """What is to be done, and where the grounds are before and after. Raises `Crowded` unless it `leaves` some."""
        chain: list[Act] = []
        after = dict(tips)
        drafts = {tenant: self._planner.begin(tenant, tip.leftovers, leaves=leaves) for tenant, tip in tips.items()}
        for part in parts:
            tenant = part.scope.tenant
            self._planner.plan(part, drafts[tenant])
            after[tenant], entry = self._moved(after[tenant], part)
            if entry is not None:
                chain.append((_link(tenant, entry, self._table.name), None))
        acts = [*chain, *self._acts(drafts.values())]
        if len(acts) + len(tips) > MOST_AT_ONCE and not leaves:
            raise Crowded
        for tenant, draft in drafts.items():
            if draft.leftovers:
                after[tenant] = replace(after[tenant], leftovers=written(draft.leftovers))
        return acts, tips, after

    def _acts(self, drafts: Iterable[Draft]) -> list[Act]:
        return [act for draft in drafts for act in draft.actions(self._book.of)]

    def _moved(self, tip: Tip, part: Changes) -> tuple[Tip, AuditEntry | None]:
        if part.entry is None:
            return self._tips.after(tip, tip.number, tip.hash), None
        entry = chained(tip.number + 1, tip.hash, text_of(part.entry))
        return self._tips.after(tip, entry.number, entry.hash), entry

    def _send(
        self, scopes: Sequence[Scope], acts: Sequence[Act], before: Mapping[str, Tip], after: Mapping[str, Tip]
    ) -> None:
        """Do all of it and move the tips, or nothing."""
        if not scopes:
            return
        token = secrets.token_hex(16)
        acts = [
            *acts,
            *((tip.moved(tenant, after[tenant], self._table.name, token), None) for tenant, tip in before.items()),
        ]
        if len(acts) > MOST_AT_ONCE:
            message = (
                f"This call changes {len(acts)} items, with what is unique; the store takes {MOST_AT_ONCE} at a time: "
                "do it in smaller parts."
            )
            raise TooLarge("TRANSACTION_TOO_LARGE", message)
        actions = [action for action, _ in acts]
        check_sizes(actions)
        try:
            self._table.transact(_speaker(scopes), actions, token)
        except AwsError as error:
            for tenant in before:
                self._tips.move(tenant, None)
            if not (error.maybe_done and self._was_done(scopes[0], token)):
                raise self._meant(error, acts) from error
        for tenant, tip in after.items():
            self._tips.move(tenant, tip)

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


def _speaker(scopes: Sequence[Scope]) -> Scope:
    """In whose name a transaction is sent: one that is about several grounds is the platform's."""
    if len({scope.tenant for scope in scopes}) == 1:
        return scopes[0]
    return next((scope for scope in scopes if scope.tenant == PLATFORM), Scope.platform())


def _link(tenant: str, entry: AuditEntry, table: str) -> Action:
    condition = "attribute_not_exists(PK)"
    return {"Put": {"TableName": table, "Item": links.item_of(tenant, entry), "ConditionExpression": condition}}

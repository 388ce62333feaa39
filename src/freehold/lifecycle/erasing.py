"""A tenant erased: every trace of it, and a statement of what there was and what a search found afterwards."""

from __future__ import annotations

import time
from datetime import datetime

from pydantic import BaseModel

from freehold.accounts.records import Organisation
from freehold.lifecycle.deployment import Deployment, Progress, claimed, tip, unheard
from freehold.lifecycle.platform import Platform, depart
from freehold.lifecycle.restoring import GRACE
from freehold.runtime.scope import Scope

CASE = "erase_tenant"
"""What the platform's audit chain calls it."""
ROUNDS = 3
"""Whoever was let in before the tenant was shut out may still have written: then it is erased again."""


class Erasure(BaseModel, frozen=True, extra="forbid"):
    """What was erased, when, and what a search found afterwards."""

    statement: str = "A tenant was erased."
    app: str
    tenant: str
    slug: str
    at: datetime
    erased: dict[str, int]
    """How many rows of each table; and of the platform, memberships, sessions, answers that were kept under an
    Idempotency-Key, and people who were in no other."""
    chain_number: int
    chain_hash: str
    """Where its audit chain ended. The platform's own chain has noted the same."""
    residue: dict[str, int]
    """What still named the tenant when everything was searched for it: nothing, if all is well."""


def erase(of: Deployment, there: Organisation, *, grace: float = GRACE, progress: Progress = unheard) -> Erasure:
    """Erase a tenant. It is shut out first; one that was killed goes on where it stopped.

    The platform's audit chain notes which tenant was erased, when, and where its own chain ended. Raises `ModelError`
    (FH322) when somebody else is at work on it.
    """
    platform = Platform(of)
    with Scope(there.id) as scope, claimed(of.estate, scope, there.slug):
        state = platform.state_before(CASE, there)
        platform.become(there.id, "arriving", CASE, was=state)
        progress("shutting it out", 0)
        time.sleep(grace)
        last = tip(of.estate, scope)
        last = last if last.number else platform.tip_before(there)  # somebody was killed who had erased it
        platform.note(CASE, tenant=there.id, chain=[last.number, last.hash], was=state)
        counts = _erase(of, scope, progress)
        time.sleep(grace)  # who was a member when they began to sign in has a session by now
        counts |= depart(platform, there.id, CASE)
        gone = {"tenant": there.id, "chain": [last.number, last.hash]}
        platform.remove(Organisation, there.id, CASE, **gone)
        residue = dict(of.estate.residue(scope))
        for _ in range(ROUNDS):
            if not residue:
                break
            _erase(of, scope, progress)
            depart(platform, there.id, CASE)
            residue = dict(of.estate.residue(scope))
    return Erasure(
        app=of.model.name, tenant=there.id, slug=there.slug, at=of.clock.now(), erased=counts,
        chain_number=last.number, chain_hash=last.hash, residue=residue,
    )  # fmt: skip


def _erase(of: Deployment, scope: Scope, progress: Progress) -> dict[str, int]:
    with of.estate.hold(scope):
        counts = {table: count for table, count in of.estate.erase(scope).items() if count}
    progress("erased", sum(counts.values()))
    return counts

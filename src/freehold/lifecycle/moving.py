"""A tenant taken to another place: another tier of the same store while it is in use, or another store."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import cast

from freehold.accounts.records import Organisation
from freehold.lifecycle.archive import Archive
from freehold.lifecycle.content import digest
from freehold.lifecycle.deployment import Deployment, Progress, claimed, unheard
from freehold.lifecycle.export import export
from freehold.lifecycle.imports import Arrived, bring_in
from freehold.lifecycle.platform import Platform
from freehold.lifecycle.restoring import GRACE
from freehold.model.finding import Finding, ModelError, Place
from freehold.runtime.scope import Scope
from freehold.stores.estate import Settled, Tiers, Unequal

TIERS = ("schema", "pool")


def settle(of: Deployment, there: Organisation, tier: str) -> Settled:
    """Take a tenant to another tier while the app serves. Writers wait for a moment; readers and all others go on.

    Counts and hashes are compared before anything of the old is gone. Raises `ModelError`: FH322 when the store has no
    tiers or somebody else is at work, FH323 when the copy is not the same.
    """
    if not hasattr(of.estate, "settle") or tier not in TIERS:
        message, fix = f"this store has no tier {tier}", "PostgreSQL has the tiers schema and pool"
        raise ModelError([Finding("FH322", Place(there.slug, 0), message, fix)])
    estate = cast("Tiers", of.estate)
    with Scope(there.id) as scope, claimed(of.estate, scope, there.slug):
        try:
            settled = estate.settle(scope, tier)
        except Unequal as error:
            fix = "see what it says, and move it again: it is where it was"
            raise ModelError([Finding("FH323", Place(there.slug, 0), f"it was not moved: {error}", fix)]) from None
        estate.tidy(scope)
        if settled.counts:
            Platform(of).note("move_tenant", tenant=there.id, tier=tier)
    return settled


def move(
    source: Deployment, there: Organisation, to: Deployment, folder: Path,
    *, grace: float = GRACE, progress: Progress = unheard,
) -> Arrived:  # fmt: skip
    """Take a tenant to another store. From here on it is suspended in the one that it leaves, where all of it stays.

    It arrives in the state that it had. Its people come with their passwords. `folder` is where the archive lies
    meanwhile. Raises `ModelError` as `bring_in` does; the tenant then goes on where it was.
    """
    platform = Platform(source)
    platform.become(there.id, "suspended", "move_tenant")
    try:
        time.sleep(0 if there.state == "suspended" else grace)
        with tempfile.TemporaryDirectory(prefix="freehold-", dir=folder) as beside:
            path = Path(beside) / f"{there.slug}.zip"
            manifest = export(source, there, path, secrets=True, progress=progress)
            with Archive(path) as archive:
                arrived = bring_in(to, archive, progress=progress)
    except BaseException:
        platform.become(there.id, there.state, "move_tenant")
        raise
    if not arrived.people["known"] and digest(arrived.parts) != digest(manifest.rows()):
        message, fix = "what has arrived is not what was sent", "look at both, and erase one of them"
        raise ModelError([Finding("FH323", Place(there.slug, 0), message, fix)])
    return arrived

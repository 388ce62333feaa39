"""A tenant set back to what an archive says, without touching any other."""

from __future__ import annotations

import time
from contextlib import suppress

from freehold.accounts.membership import STALE_AFTER
from freehold.accounts.records import Organisation
from freehold.lifecycle.archive import Archive
from freehold.lifecycle.deployment import Deployment, Progress, Tip, claimed, tip, unheard
from freehold.lifecycle.filling import fill
from freehold.lifecycle.fits import check_fits
from freehold.lifecycle.importing import Arrived
from freehold.lifecycle.people import Guests, people_in
from freehold.lifecycle.platform import ACTOR, CALL, Platform
from freehold.model.finding import Finding, ModelError, Place
from freehold.runtime.audit import entry
from freehold.runtime.ports import Changes
from freehold.runtime.scope import Scope

CASE = "restore_tenant"
"""What the audit chains call it."""
GRACE = STALE_AFTER + 0.5
"""Seconds after which every process knows that a tenant is shut out."""


def restore(
    to: Deployment, there: Organisation, archive: Archive, *, grace: float = GRACE, progress: Progress = unheard
) -> Arrived:
    """Set a tenant back. Meanwhile its calls are refused as those of a suspended one; all others go on.

    The audit chain is set back, too, and goes on with an entry that says so and where it had been; so does the
    platform's. Where the store has transactions, whatever goes wrong leaves the tenant as it was. Raises `ModelError`
    as `bring_in` does.
    """
    if archive.manifest.organisation.id != there.id:
        message = f"the archive is of another tenant, {archive.manifest.organisation.slug}"
        fix = f"take an archive of {there.slug}, or bring that one in with `freehold tenant import`"
        raise ModelError([Finding("FH322", Place(there.slug, 0), message, fix)])
    if archive.manifest.organisation.state == "arriving":
        raise archive.refused("it holds no tenant that was whole")
    check_fits(archive, to.model)
    archive.check(progress)
    platform = Platform(to)
    state = platform.state_before(CASE, there)
    state = archive.manifest.organisation.state if state == "arriving" else state
    with Scope(there.id) as scope, claimed(to.estate, scope, there.slug):
        last = tip(to.estate, scope)
        platform.become(there.id, "arriving", CASE, last, was=state)
        try:
            time.sleep(grace)
            guests = Guests(lambda: people_in(archive), platform)
            with to.estate.hold(scope):
                to.estate.empty(scope)
                parts = fill(to, scope, archive, guests, progress)
        except BaseException:
            if to.estate.takes_back:
                with suppress(Exception):  # what went wrong first is what has to be told
                    platform.become(there.id, state, CASE)
            raise
        people = guests.enter(there.id, CASE)
        _note(to, scope, last, archive)
        platform.become(there.id, state, CASE, archive.manifest.chain)
    return Arrived(there, parts, people)


def _note(to: Deployment, scope: Scope, last: Tip, archive: Archive) -> None:
    noted = entry(ACTOR, CASE, CALL, to.clock.now().isoformat(), [])
    whence = {"chain": [last.number, last.hash], "from": archive.manifest.made_at.isoformat()}
    to.database.commit([Changes(scope, [], [], {**noted, **whence})])

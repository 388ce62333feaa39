"""A tenant taken to another place: another tier of the same store while it is in use, or another store."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import cast

from freehold.accounts.records import Organisation
from freehold.lifecycle.content import content
from freehold.lifecycle.deployment import Deployment, Progress, check_whole, claimed, unheard
from freehold.lifecycle.following import Follower
from freehold.lifecycle.importing import Arrived, clear, make_room
from freehold.lifecycle.people import Guests, people_of
from freehold.lifecycle.platform import Platform
from freehold.lifecycle.restoring import GRACE
from freehold.model.finding import Finding, ModelError, Place
from freehold.runtime.scope import Scope
from freehold.stores.estate import Settled, Tiers, Unequal

CASE = "move_tenant"
"""What the platform's audit chain calls it."""
TIERS = ("schema", "pool")
ROUNDS, SOON = 5, 1.0
"""How often to bring over what has changed while a tenant is in use, unless it takes fewer seconds than that before."""
MOST_ROUNDS = 10
"""How often to do so once nobody writes. Two are enough unless values have changed hands."""

ARRIVED = "if it is suspended here, it has arrived: erase it here; if it is in use in both, see which is the right one"
"""What to do about a tenant that is in the way of itself: perhaps whoever has moved it was killed at the very end."""


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
            Platform(of).note(CASE, tenant=there.id, tier=tier)
    return settled


def move(
    source: Deployment, there: Organisation, to: Deployment, *, grace: float = GRACE, progress: Progress = unheard
) -> Arrived:
    """Take a tenant to another store while the app serves. In the end it is suspended here, where all of it stays.

    It is copied while it is in use, and what changes meanwhile is brought after it. Only then is it shut out here until
    the rest is there and has been compared. It arrives in the state that it had, also when a move was killed after it
    had been shut out, and is done again. Its people come with their passwords.

    Raises `ModelError`: FH322 when it is there already, or somebody is at work on it; FH323 when what has arrived is
    not what was sent. The tenant then goes on where it was, and nothing is left of the copy.
    """
    check_whole(there)
    here, beyond = Platform(source), Platform(to)
    with Scope(there.id) as scope, ExitStack() as opened:
        opened.enter_context(claimed(to.estate, scope, there.slug))
        make_room(to, beyond, scope, there, CASE, ARRIVED)  # before the next claim: both may be of one store
        opened.enter_context(claimed(source.estate, scope, there.slug))
        there = _as_it_is(here, there)
        try:
            beyond.add(there.model_copy(update={"state": "arriving"}), case=CASE)
            guests = Guests(lambda: people_of(source, scope, secrets=True), beyond)
            follower = Follower(source, to, scope, guests, progress)
            _copy(follower)
            there = _as_it_is(here, there)  # whom somebody has suspended meanwhile arrives suspended
            began = time.monotonic()
            here.become(there.id, "suspended", CASE, was=there.state)
            follower.round()
            time.sleep(max(0.0, began + grace - time.monotonic()))
            opened.enter_context(source.estate.still(scope))
            people = _catch_up(follower, here, there)
        except BaseException:
            state = _as_it_is(here, there).state
            here.become(there.id, state, CASE)  # first, since what lies there may be out of reach
            clear(to, beyond, scope, CASE)
            raise
        beyond.become(there.id, there.state, CASE, follower.tip)
        shut = time.monotonic() - began
        here.note(CASE, tenant=there.id)
        parts = content(source, scope, progress)
    return Arrived(there, parts, people, shut)


def _as_it_is(here: Platform, there: Organisation) -> Organisation:
    """A tenant in the state that it has now, or had before a move has shut it out."""
    now = here.organisation(there.id) or there
    return there.model_copy(update={"state": here.state_before(CASE, now)})


def _copy(follower: Follower) -> None:
    """Bring over all there is, and what has changed meanwhile, until there is little of it."""
    for _ in range(ROUNDS):
        began = time.monotonic()
        follower.round()
        if time.monotonic() - began < SOON:
            return


def _catch_up(follower: Follower, here: Platform, there: Organisation) -> Mapping[str, int]:
    """Bring over the rest, until a look at everything finds nothing. Returns how many people were known, and new."""
    now = here.organisation(there.id)
    if now is None or (now.slug, now.name) != (there.slug, there.name) or not follower.guests.are_still_so():
        message = "it was renamed meanwhile, or somebody has joined it who has another id there"
        raise ModelError([Finding("FH322", Place(there.slug, 0), message, "move it again: it is where it was")])
    for _ in range(MOST_ROUNDS):
        if follower.round() == 0:
            return follower.guests.enter(there.id, CASE)
    message = "what has arrived is not what was sent"
    fix = "see that nothing else writes to either store, and move it again: it is where it was"
    raise ModelError([Finding("FH323", Place(there.slug, 0), message, fix)])

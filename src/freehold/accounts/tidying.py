"""Jobs that throw away what has expired: sessions, invitations, and the answers kept under Idempotency-Keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from freehold.accounts.records import Invitations, Sessions
from freehold.model.data import Entity, Event, Page, Paging, Range
from freehold.model.ports import Across, Caller, Emit, Now
from freehold.runtime.idempotency import Receipts

PAGE = 200
MOST = 1000
"""So many of a kind at a time: one transaction must not hold up the others."""

E = TypeVar("E", bound=Entity)


class MoreExpired(Event):
    """There was more to throw away than one transaction should."""


def forget_sessions(sessions: Sessions, receipts: Across[Receipts], caller: Caller, now: Now) -> None:
    """Throw away expired sessions, and what was answered to people outside of any organisation."""
    for session in _expired(sessions.ending, now):
        sessions.remove(session.id)
    answered = receipts(caller.ground)
    for receipt in _expired(answered.ending, now):
        answered.remove(receipt.id)


def forget_expired(invitations: Invitations, receipts: Receipts, now: Now, emit: Emit[MoreExpired]) -> None:
    """Throw away an organisation's expired invitations and kept answers."""
    old_invitations, old_receipts = _expired(invitations.ending, now), _expired(receipts.ending, now)
    for invitation in old_invitations:
        invitations.remove(invitation.id)
    for receipt in old_receipts:
        receipts.remove(receipt.id)
    if len(old_invitations) >= MOST or len(old_receipts) >= MOST:
        emit(MoreExpired())


def forget_more(
    event: MoreExpired,  # noqa: ARG001  # that it has happened is all it says
    invitations: Invitations,
    receipts: Receipts,
    now: Now,
    emit: Emit[MoreExpired],
) -> None:
    """Go on until nothing expired is left."""
    forget_expired(invitations, receipts, now, emit)


def _expired(ending: Callable[[Range[datetime], Paging], Page[E]], now: datetime) -> list[E]:
    """What has ended, the oldest first."""
    page = ending(Range(stop=now), Paging(PAGE))
    found = page.items
    while page.next is not None and len(found) < MOST:
        page = ending(Range(stop=now), Paging(PAGE, page.next))
        found += page.items
    return found

"""Deliveries of all tenants, as an operator sees them: one tenant's ground after the other, each in its own scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from freehold.cli.registry import known_organisation, organisations
from freehold.model.data import ALL, Paging
from freehold.model.names import PLATFORM
from freehold.runtime import audit
from freehold.runtime.outbox import IN_STATE, Delivery, taken
from freehold.runtime.ports import Changes, Stale, Verb, Write
from freehold.runtime.scope import Scope
from freehold.wiring import Backend

Change = Callable[[Backend, Delivery], Write]


def find(made: Backend, state: str, tenant: str | None) -> Iterator[tuple[str, Delivery]]:
    """Deliveries in a state with their tenant's short name; `platform` for those that are nobody's."""
    for slug, ground in _grounds(made, tenant):
        for delivery in _on(made, ground, state):
            yield slug, delivery


def put_back(made: Backend, ids: set[str], tenant: str | None) -> list[str]:
    """Put dead deliveries back on their way. Returns their ids."""
    return _change(made, ids, tenant, _waiting, "redrive")


def throw_away(made: Backend, ids: set[str], tenant: str | None) -> list[str]:
    """Take dead deliveries off the outbox. Returns their ids."""
    return _change(made, ids, tenant, lambda _, delivery: taken(delivery), "purge")


def _change(made: Backend, ids: set[str], tenant: str | None, change: Change, name: str) -> list[str]:
    dead = [(ground, one) for _, ground in _grounds(made, tenant) for one in _on(made, ground, "dead")]
    chosen = [(ground, one) for ground, one in dead if not ids or one.id in ids]
    return [one.id for ground, one in chosen if _commit(made, ground, change(made, one), name)]


def _commit(made: Backend, ground: str, write: Write, name: str) -> bool:
    """Write it, and note it in the tenant's audit chain. False when somebody else was at this delivery."""
    with Scope(ground) as scope:
        entry = audit.entry("system", name, "cli", made.clock.now().isoformat(), [write])
        try:
            made.database.commit([Changes(scope, [write], [], entry)])
        except Stale:
            return False
    return True


def _waiting(made: Backend, delivery: Delivery) -> Write:
    now = made.clock.now()
    fresh = {"version": delivery.version + 1, "state": "waiting", "tries": 0, "due": now, "updated_at": now}
    return Write(Verb.SAVE, Delivery, delivery.model_copy(update=fresh), delivery.version)


def _grounds(made: Backend, tenant: str | None) -> list[tuple[str, str]]:
    if tenant is not None:
        return [(tenant, known_organisation(made, tenant).id)]
    return [("platform", PLATFORM), *((one.slug, one.id) for one in organisations(made))]


def _on(made: Backend, ground: str, state: str) -> list[Delivery]:
    """What is on one ground, read before anything is changed there."""
    found: list[Delivery] = []
    cursor: str | None = None
    with Scope(ground) as scope:
        unit = made.runtime.begin(scope)
        try:
            while True:
                page = unit.page(IN_STATE, [state], ALL, Paging(200, cursor))
                found += [one for one in page if isinstance(one, Delivery)]
                cursor = page.next
                if cursor is None:
                    return found
        finally:
            unit.close()

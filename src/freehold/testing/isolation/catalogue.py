"""All attacks in the order they are carried out, and those that are not, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.attacks import (
    addresses,
    background,
    handles,
    identities,
    lists,
    memory,
    objects,
    outside,
    people,
    rehearsed,
    sockets,
    stores,
    tenancy,
    together,
    writing,
)

ATTACKS: tuple[Attack, ...] = (
    *rehearsed.ATTACKS,
    *objects.ATTACKS,
    *lists.ATTACKS,
    *tenancy.ATTACKS,
    *addresses.ATTACKS,
    *writing.ATTACKS,
    *people.ATTACKS,
    *identities.ATTACKS,
    *handles.ATTACKS,
    *stores.ATTACKS,
    *together.ATTACKS,
    *background.ATTACKS,
    *memory.ATTACKS,
    *outside.ATTACKS,
    *sockets.ATTACKS,
)

STORES_OWN: Mapping[str, tuple[str, str]] = {
    "T35": ("postgres", "a pooler between, in transaction mode"),
    "T36": ("postgres", "views, functions and new tables without a policy"),
    "T39": ("postgres", "TRUNCATE, COPY, LOCK and schemas in the way"),
    "T40": ("postgres", "names of other schemas, and the catalogue"),
    "T41": ("dynamodb", "each item and partition of B, read and written in every way, under A's credentials"),
    "T42": ("dynamodb", "Scan, PartiQL, streams, indexes and the outbox, under everybody's credentials"),
    "T44": ("dynamodb", "credentials that are kept under a wrong tenant, or that end during a call"),
    "T45": ("sqlite", "tenants as paths, of which none is made, and ATTACH"),
    "T46": ("postgres", "migrations that are half done"),
}
"""Attacks on what one store has and no other, which are made past the port: by that store's own tests."""

_NOWHERE: Mapping[str, str] = {
    "T30": "operators cannot act as somebody else",
    "T48": "tenants are exported by operators only, and by no route",
    "T64": "there are no workflows",
    "T66": "there are no channels",
    "T67": "there are no channels",
    "T68": "there are no uploads",
    "T69": "there are no uploads",
    "T70": "there are no webhooks",
    "T71": "nothing is searched but by lookup, which T02, T08 and T33 try",
    "T73": "nothing is exported by a route",
    "T75": "nothing is imported by a route",
    "T76": "agents have no door of their own",
}

_UNCOVERED: Mapping[str, str] = {
    "T16": "telling B's object from none by the time it takes: needs a quiet machine, so it is measured and not tested",
    "T80": "a neighbour who floods: measured under load, `make bench`; T53 tries the limits and the lines",
}


def inapplicable(store: str) -> dict[str, str]:
    """Attacks on what freehold does not have, or not with this store; and why."""
    others = {id: f"only with the store {of}: {what}" for id, (of, what) in STORES_OWN.items() if of != store}
    return {**_NOWHERE, **others}


def uncovered(store: str) -> dict[str, str]:
    """Attacks that could succeed and are not tried here; and why."""
    own = {id: f"{what}: by the store's own tests" for id, (of, what) in STORES_OWN.items() if of == store}
    return {**_UNCOVERED, **own}

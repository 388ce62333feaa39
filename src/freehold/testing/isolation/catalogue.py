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

_NO_POSTGRES = "needs a store on PostgreSQL"
_NO_DYNAMODB = "needs a store on DynamoDB"

INAPPLICABLE: Mapping[str, str] = {
    "T30": "operators cannot act as somebody else",
    "T35": _NO_POSTGRES,
    "T36": _NO_POSTGRES,
    "T39": _NO_POSTGRES,
    "T40": _NO_POSTGRES,
    "T41": _NO_DYNAMODB,
    "T42": _NO_DYNAMODB,
    "T44": _NO_DYNAMODB,
    "T45": "one file holds all tenants: none of their names becomes a path; ATTACH is tried by the store's own tests",
    "T46": "one schema for all tenants: no tenant can be half migrated",
    "T48": "tenants are not exported one by one",
    "T64": "there are no workflows",
    "T66": "there are no channels",
    "T67": "there are no channels",
    "T68": "there are no uploads",
    "T69": "there are no uploads",
    "T70": "there are no webhooks",
    "T71": "nothing is searched but by lookup, which T02, T08 and T33 try",
    "T73": "nothing is exported",
    "T75": "nothing is imported",
    "T76": "agents have no door of their own",
}
"""Attacks of the catalogue on what freehold does not have."""

UNCOVERED: Mapping[str, str] = {
    "T16": "telling B's object from none by the time it takes: needs a quiet machine, so it is measured and not tested",
    "T80": "a neighbour who floods: measured under load, `make bench`; T53 tries the limits and the lines",
}
"""Attacks that could succeed and are not tried here."""

"""All attacks in the order they are carried out, and those that are not, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.attacks import (
    addresses,
    background,
    handles,
    lists,
    memory,
    objects,
    outside,
    people,
    rehearsed,
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
    *handles.ATTACKS,
    *stores.ATTACKS,
    *together.ATTACKS,
    *background.ATTACKS,
    *memory.ATTACKS,
    *outside.ATTACKS,
)

INAPPLICABLE: Mapping[str, str] = {}
UNCOVERED: Mapping[str, str] = {}

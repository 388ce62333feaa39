"""Who did what to which, in a chain of hashes per tenant: an entry that is changed, moved or cut out breaks it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import to_json

from freehold.runtime.ports import AuditEntry, Database, Write
from freehold.runtime.scope import Scope

GENESIS = "0" * 64
BATCH = 1000
"""So many entries are read at a time."""


def text_of(entry: Mapping[str, object]) -> str:
    """An entry as the text that is hashed: JSON with sorted keys."""
    return to_json(dict(sorted(entry.items()))).decode()


def link(before: str, number: int, text: str) -> str:
    """The hash of an entry: SHA-256 over its place, the hash before it, and its text."""
    return hashlib.sha256(f"{number}\n{before}\n{text}".encode()).hexdigest()


def entry(
    actor: str, case: str, call: str, at: str, writes: Sequence[Write], outcome: str = "done"
) -> dict[str, object]:
    """What is noted of a call: who, what, when, and which entities; never what was in them."""
    touched = [[write.verb.value, write.kind.__name__, write.entity.id, write.entity.version] for write in writes]
    return {"actor": actor, "at": at, "call": call, "case": case, "on": touched, "outcome": outcome}


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold, and how."""

    number: int
    message: str


def verify(database: Database, scope: Scope) -> Iterator[Break]:
    """Walk a tenant's chain and report every place where it does not hold."""
    number, before = 0, GENESIS
    while batch := database.audit(scope, number, BATCH):
        for found in batch:
            if found.number != number + 1:
                yield Break(number + 1, f"entry {number + 1} is missing: the next one is {found.number}")
            if found.before != before:
                yield Break(found.number, "it does not continue the entry before it")
            if found.hash != link(found.before, found.number, found.text):
                yield Break(found.number, "its text is not what was hashed")
            number, before = found.number, found.hash


def chained(number: int, before: str, text: str) -> AuditEntry:
    """The next link."""
    return AuditEntry(number, text, before, link(before, number, text))

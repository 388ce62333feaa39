"""What lies on a ground, as hashes that are the same in every store: of each kind, and of it all."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from pydantic import BaseModel

from freehold.lifecycle.deployment import Deployment, Progress, entities, unheard
from freehold.lifecycle.lines import Lines
from freehold.model.model import table_of
from freehold.runtime.scope import Scope
from freehold.stores.schema import schema_of


class Part(BaseModel, frozen=True, extra="forbid"):
    """Some lines: how many, of how many bytes, and the SHA-256 of them all."""

    count: int
    bytes: int
    sha256: str


class Tally:
    """Counts and hashes lines as they go by."""

    def __init__(self) -> None:
        """None so far."""
        self.count = self.bytes = 0
        self._hash = sha256()

    def add(self, line: bytes) -> None:
        """One more."""
        self.count += 1
        self.bytes += len(line)
        self._hash.update(line)

    @property
    def part(self) -> Part:
        """All so far."""
        return Part(count=self.count, bytes=self.bytes, sha256=self._hash.hexdigest())


def written(of: Deployment) -> Mapping[str, Lines]:
    """How each kind on tenants' grounds is written, by its table; parents before their children."""
    tables = schema_of(of.model).tables
    return {table_of(kind): Lines(kind, tables[table_of(kind)]) for kind in of.estate.kinds}


def content(of: Deployment, scope: Scope, progress: Progress = unheard) -> Mapping[str, Part]:
    """What lies on a ground: each kind's lines, in the order of their ids. In flat memory."""
    found = {}
    for table, lines in written(of).items():
        tally = Tally()
        for batch in entities(of.estate, scope, lines.kind):
            for entity in batch:
                tally.add(lines.write(entity))
            progress(f"checking {table}", tally.count)
        found[table] = tally.part
    return found


def digest(parts: Mapping[str, Part]) -> str:
    """One hash over all kinds: equal for two grounds if, and only if, they hold the same. Empty kinds count nothing."""
    held = sorted((table, part.count, part.sha256) for table, part in parts.items() if part.count)
    return sha256("\n".join(f"{table} {count} {hashed}" for table, count, hashed in held).encode()).hexdigest()

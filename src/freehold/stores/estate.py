"""What an operator may do with a whole ground. A port beside `Database`, which no use case can reach.

Whoever serves never has one: it is opened for one verb of the command line and closed with it, by one thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeVar

from freehold.model.data import Entity
from freehold.model.model import Model
from freehold.runtime.audit import link
from freehold.runtime.ports import AuditEntry
from freehold.runtime.scope import Scope
from freehold.stores.migrate import parents_first
from freehold.stores.schema import schema_of

R = TypeVar("R", bound=Iterable[object])

AUDIT = "freehold_audit"
"""What the audit chain is called among the tables that `empty` and `erase` count."""


LARGE = 8 * 1024 * 1024
"""Letters after which `rows` gives no more: who reads a whole ground has one such part in memory, whatever is in it."""


class Mark(NamedTuple):
    """What tells one writing of a row from another."""

    id: str
    version: int
    at: str
    """When it was updated last: a row that was removed and added again may have its first version once more."""


class Claimed(Exception):
    """Somebody else is at work on this ground."""


class Unlinked(Exception):
    """An audit entry does not continue the chain that is there."""


class Estate(Protocol):
    """Whole grounds: read, filled, emptied, erased. Everything takes the `Scope` of the one ground it is about.

    Raises what `Database` raises, besides what its methods say: `Overloaded`, `StorageFull`, `TenantScopeMissing`.
    """

    @property
    def kinds(self) -> Sequence[type[Entity]]:
        """What lies on the grounds of tenants, parents before their children."""
        ...

    @property
    def takes_back(self) -> bool:
        """Whether a hold that ends with an exception, or with the process, leaves the ground as it was."""
        ...

    def rows(self, scope: Scope, kind: type[Entity], after: str, limit: int) -> list[Entity]:
        """Entities of a kind in the order of their ids, beginning behind the id `after`; behind "" is the beginning.

        Not more than `limit`, and fewer where they are large (`LARGE`). None only where there are no more.
        """
        ...

    def those(self, scope: Scope, kind: type[Entity], ids: Sequence[str]) -> list[Entity]:
        """Entities of a kind by their ids, as far as they are there. All are in memory: ask for a few hundred."""
        ...

    def marks(self, scope: Scope, kind: type[Entity], after: str, limit: int) -> list[Mark]:
        """The marks of what `rows` would give, without the rest of it."""
        ...

    def chain(self, scope: Scope, after: int, limit: int) -> list[AuditEntry]:
        """Part of the audit chain, oldest first, beginning behind number `after`."""
        ...

    def put(self, scope: Scope, entities: Sequence[Entity]) -> None:
        """Add entities as they are: ids, versions and times are kept. All of them or none.

        Makes the ground if there is none. Raises `Taken`, `Dangling` for a parent that is not there, and `Invalid`.
        """
        ...

    def link(self, scope: Scope, entries: Sequence[AuditEntry]) -> None:
        """Append audit entries as they are, all or none. Raises `Unlinked` when they do not continue the chain."""
        ...

    def empty(self, scope: Scope) -> Mapping[str, int]:
        """Take all entities and the chain off a ground, which stays. Returns how many rows each table had."""
        ...

    def erase(self, scope: Scope) -> Mapping[str, int]:
        """Take away all that `empty` does, and the ground itself. Returns how many rows each table had."""
        ...

    def residue(self, scope: Scope) -> Mapping[str, int]:
        """Search for a tenant wherever it could be, past all guards: what still names it, and how often.

        Looks into all there is, not into what the model knows. The platform's audit chain is left out: it keeps what
        it has noted.
        """
        ...

    def still(self, scope: Scope) -> AbstractContextManager[None]:
        """For a block: what is read of this ground is as it was at the beginning. Writing goes on, where it can."""
        ...

    def hold(self, scope: Scope) -> AbstractContextManager[None]:
        """For a block: nobody else writes on this ground. Reading goes on, and sees what is done here when it is over.

        What raises within the block ends it.
        """
        ...

    def claim(self, scope: Scope) -> AbstractContextManager[None]:
        """For a block: nobody else has a claim to this ground. Ends with the process. Raises `Claimed`."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """A tenant that was taken to another tier."""

    counts: Mapping[str, int] = field(default_factory=dict)
    """How many rows each table has; empty when it lay there already, or lies nowhere."""
    held: float = 0.0
    """For how many seconds nobody could write there, at most."""
    waiting: int = 0
    """How many connections waited to write there when that ended. A server process has one at a time for a tenant."""


class Tiers(Protocol):
    """A store whose tenants lie in one of several ways."""

    def tier(self, scope: Scope) -> str:
        """How a tenant lies; empty when there is none."""
        ...

    def settle(self, scope: Scope, tier: str) -> Settled:
        """Take a ground to another tier while it is in use.

        It is copied while its tenant goes on writing. Then writers wait for as long as it takes to bring over what has
        changed since. Counts and hashes are compared before anything of the old is gone. Whatever goes wrong, a kill
        included, leaves the tenant where it was. Raises `Unequal`.
        """
        ...

    def tidy(self, scope: Scope) -> None:
        """Drop what a move has left, which nobody can reach any more: tables, or rows of the pool."""
        ...


class Unequal(Exception):
    """What was copied is not what was there. The message says of which table; nothing was changed."""


def fitting(rows: Iterable[R]) -> Iterator[R]:
    """The first of some rows: as many as are `LARGE` together. What is behind them is not read."""
    weight = 0
    for row in rows:
        yield row
        weight += sum(len(value) for value in row if isinstance(value, str))
        if weight >= LARGE:
            return


def kinds_of(model: Model) -> tuple[type[Entity], ...]:
    """What lies on the grounds of tenants, parents before their children."""
    schema = schema_of(model)
    there = (name for name in parents_first(schema) if schema.tables[name].is_on(platform=False))
    return tuple(model.entities[name] for name in there)


def check_links(number: int, before: str, entries: Iterable[AuditEntry]) -> None:
    """Raises `Unlinked` unless entries continue a chain that ends with `number` and the hash `before`."""
    for entry in entries:
        expected = link(before, number + 1, entry.text)
        if (entry.number, entry.before, entry.hash) != (number + 1, before, expected):
            message = f"entry {entry.number} does not continue entry {number}"
            raise Unlinked(message)
        number, before = entry.number, entry.hash

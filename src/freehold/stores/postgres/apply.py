"""Writes one call's changes: data, outbox, idempotency record and audit entry, all in one exchange with the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from freehold.model.lookup import Lookup
from freehold.model.model import Model, table_of
from freehold.model.names import is_id
from freehold.runtime.audit import GENESIS, text_of
from freehold.runtime.ports import Changes, Dangling, Stale, Taken, Verb, Write
from freehold.stores.forms import Plain
from freehold.stores.postgres import trouble
from freehold.stores.postgres.grounds import entering
from freehold.stores.postgres.names import GROUND, Place, Statement, Template, quoted
from freehold.stores.postgres.snapshot import sent
from freehold.stores.postgres.statements import Book
from freehold.stores.postgres.trouble import Refusal
from freehold.stores.postgres.wire import Step
from freehold.stores.rows import unreadable
from freehold.stores.schema import Schema

TOGETHER = Statement(b"""SELECT pg_advisory_xact_lock_shared($1::bigint),
set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)""")
"""Also has every plan of the transaction go by an index. One that is made while a table is small reads all of it, and a
prepared statement keeps its plan while the table grows: each link of a chain would cost as much as the chain is long.
"""
ALONE = Statement(b"SELECT pg_advisory_xact_lock($1::bigint)")
_CHAIN = 1 << 62

LINK = Template(f"""
INSERT INTO {GROUND}.freehold_audit (tenant, number, text, before, hash)
SELECT $1::uuid, number + 1, $2::text, hash,
       encode(sha256(convert_to((number + 1) || E'\\n' || hash || E'\\n' || $2::text, 'UTF8')), 'hex')
FROM ((SELECT number, hash FROM {GROUND}.freehold_audit WHERE tenant = $1::uuid ORDER BY number DESC LIMIT 1)
      UNION ALL SELECT 0, '{GENESIS}' ORDER BY number DESC LIMIT 1) AS tip
""")
"""The next link of the chain, made by the server: `freehold.runtime.audit.link` says the same in Python."""


@dataclass(frozen=True, slots=True)
class Act:
    """A statement on its way, and whatever it was for, so that its refusal can be told."""

    step: Step
    write: Write | None = None
    reference: tuple[type, str, str] | None = None


class Applier:
    """Turns changes into statements, and refusals into what the port says."""

    def __init__(self, book: Book, model: Model, schema: Schema) -> None:
        """Know the model."""
        self._book, self._model, self._schema = book, model, schema

    def acts(self, parts: Sequence[tuple[Changes, Place]]) -> Iterator[Act]:
        """All statements between BEGIN and COMMIT. Raises `Dangling` or `Invalid` for what needs no server to refuse.

        Locks are taken in one order, so that calls on several grounds do not wait for one another in a ring.
        """
        for tenant in sorted({part.scope.tenant for part, _ in parts}):
            yield Act((TOGETHER, [_key(tenant)]))
        where = None
        for part, place in parts:
            tenant = part.scope.tenant
            if where != (where := (tenant, place)):
                yield from map(Act, entering(place, tenant))
            for write in part.writes:
                yield self._write(tenant, place, write)
            for kind, id, field in part.references:  # after the writes: they may have removed it
                if not is_id(id):
                    raise Dangling(kind, id, field)
                step = (self._book.of[kind].must_exist.on(place), sent([tenant, id]))
                yield Act(step, reference=(kind, id, field))
        yield from self._links(parts, where)

    def refusal(self, refusal: Refusal, act: Act) -> Exception:
        """What a refused statement means to the caller. Any other than these stays what it is."""
        if act.reference is not None and refusal.state == trouble.STALE:
            return Dangling(*act.reference)
        return refusal if act.write is None else self._meant(refusal, act.write)

    def _meant(self, refusal: Refusal, write: Write) -> Exception:
        match refusal.state:
            case trouble.STALE:
                return Stale(write.kind)
            case trouble.UNIQUE:
                return Taken(write.kind, self._unique(write, refusal.constraint))
            case trouble.TOO_LONG:
                return trouble.too_long(self._longest(write, refusal.constraint))
            case trouble.FOREIGN:
                return self._orphan(write) or refusal
        return refusal

    def _orphan(self, write: Write) -> Dangling | None:
        table, parent = self._schema.tables[table_of(write.kind)], write.kind.facts.within
        if parent and table.parent_field:
            return Dangling(parent, getattr(write.entity, table.parent_field), table.parent_field)
        return None

    def _write(self, tenant: str, place: Place, write: Write) -> Act:
        template, values = self._statement(tenant, write)
        try:
            return Act((template.on(place), sent(values)), write)
        except UnicodeEncodeError:
            raise unreadable(write.entity) from None

    def _statement(self, tenant: str, write: Write) -> tuple[Template, Sequence[Plain]]:
        of = self._book.of[write.kind]
        match write.verb:
            case Verb.ADD:
                return of.insert, of.codec.encode(write.entity, tenant)
            case Verb.SAVE:
                return of.update, [*of.codec.encode(write.entity, tenant), write.version]
            case Verb.REMOVE:
                return of.delete, (tenant, write.entity.id, write.version)

    def _unique(self, write: Write, index: str) -> Lookup | None:
        return next((pattern for pattern in self._behind(write, index) if pattern.unique), None)

    def _longest(self, write: Write, index: str) -> Sequence[str]:
        """The field that is too long for an index: the longest of those it goes by."""
        names = {name for pattern in self._behind(write, index) for name in (*pattern.keys, pattern.order)}
        return sorted(names, key=lambda name: len(str(getattr(write.entity, name))))[-1:]

    def _behind(self, write: Write, index: str) -> Iterator[Lookup]:
        """The lookups that an index serves; of all indexes, when the server does not say which."""
        table = table_of(write.kind)
        for pattern in self._model.lookups_of(write.kind):
            if not index or quoted(f"{table}.{pattern.index}") == f'"{index}"':
                yield pattern

    def _links(self, parts: Sequence[tuple[Changes, Place]], where: tuple[str, Place] | None) -> Iterator[Act]:
        """The entries for the chains. `where` is what the transaction has entered last."""
        noted = [(part.scope.tenant, place, part.entry) for part, place in parts if part.entry is not None]
        locked = None
        for tenant, place, entry in sorted(noted, key=lambda one: one[0]):
            if where != (where := (tenant, place)):
                yield from map(Act, entering(place, tenant))
            if locked != (locked := tenant):
                yield Act((ALONE, [_key(tenant, _CHAIN)]))
            yield Act((LINK.on(place), sent([tenant, text_of(entry)])))


def alone(tenant: str) -> Step:
    """The statement that waits until nobody else writes on a ground, and keeps everybody out until the end."""
    return ALONE, [_key(tenant)]


def _key(tenant: str, chain: int = 0) -> bytes:
    """The number that a tenant's lock goes by: the random part of its id."""
    return str(int(tenant.replace("-", "")[16:], 16) & (_CHAIN - 1) | chain).encode()

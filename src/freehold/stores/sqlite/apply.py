"""Writes one call's changes: data, outbox, idempotency record and audit entry, on the grounds they belong to."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence

from freehold.model.data import Entity
from freehold.model.lookup import Lookup
from freehold.model.model import Model, table_of
from freehold.runtime.audit import GENESIS, chained, text_of
from freehold.runtime.ports import Changes, Dangling, Snapshot, Stale, Taken, Verb, Write
from freehold.runtime.scope import Scope
from freehold.stores.forms import Plain
from freehold.stores.rows import unreadable
from freehold.stores.schema import Schema
from freehold.stores.sqlite.connection import Connection
from freehold.stores.sqlite.snapshot import SqliteSnapshot
from freehold.stores.sqlite.statements import Book, Statements

TIP = "SELECT number, hash FROM ground_freehold_audit WHERE tenant = ? ORDER BY number DESC LIMIT 1"
LINK = "INSERT INTO freehold_audit (tenant, number, text, before, hash) VALUES (?, ?, ?, ?, ?)"
_COLUMNS = re.compile(r"UNIQUE constraint failed: (.+)")
_TAKEN = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")


class Applier:
    """Turns changes into statements on the connection that writes."""

    def __init__(self, connection: Connection, book: Book, model: Model, schema: Schema) -> None:
        """Take the connection, which must be in a transaction whenever this is used."""
        self._connection, self._book, self._model, self._schema = connection, book, model, schema

    def apply(self, parts: Sequence[Changes]) -> None:
        """Write all parts. Raises `Stale`, `Taken`, `Dangling` or `Invalid`; the caller rolls back."""
        for part in parts:
            self._connection.ground = tenant = part.scope.tenant
            for write in part.writes:
                self._write(tenant, write)
            for kind, id, field in part.references:  # after the writes: they may have removed it
                if self._one(self._book.of[kind].exists, (tenant, id)) is None:
                    raise Dangling(kind, id, field)
            if part.entry is not None:
                self._link(tenant, part.entry)

    def snapshot(self, scope: Scope) -> Snapshot:
        """What lies on a ground at this point of the transaction, with everything written before in it."""
        self._connection.ground = scope.tenant
        return SqliteSnapshot(scope, self._connection, self._book, None)

    def _one(self, statement: str, values: Sequence[Plain]) -> tuple[Plain, ...] | None:
        row: tuple[Plain, ...] | None = self._connection.raw.execute(statement, values).fetchone()
        return row

    def _write(self, tenant: str, write: Write) -> None:
        statement, values = _statement(self._book.of[write.kind], tenant, write)
        try:
            cursor = self._connection.raw.execute(statement, values)
        except sqlite3.IntegrityError as error:
            raise self._refusal(write, error) from None
        except UnicodeEncodeError:
            raise unreadable(write.entity) from None
        if write.verb is not Verb.ADD and cursor.rowcount == 0:
            raise Stale(write.kind)

    def _refusal(self, write: Write, error: sqlite3.IntegrityError) -> Exception:
        """What a broken constraint means to the caller. Any other than these is a mistake of ours, and stays one."""
        parent, field = write.kind.facts.within, self._schema.tables[table_of(write.kind)].parent_field
        if error.sqlite_errorname == "SQLITE_CONSTRAINT_FOREIGNKEY" and parent and field:
            return Dangling(parent, getattr(write.entity, field), field)
        if error.sqlite_errorname not in _TAKEN or not (match := _COLUMNS.match(str(error))):
            return error
        _tenant, *columns = (part.rpartition(".")[2] for part in match[1].split(", "))
        return Taken(write.kind, self._unique(write.kind, columns))

    def _unique(self, kind: type[Entity], columns: Sequence[str]) -> Lookup | None:
        return next((p for p in self._model.lookups_of(kind) if p.unique and list(p.keys) == list(columns)), None)

    def _link(self, tenant: str, entry: Mapping[str, object]) -> None:
        tip = self._one(TIP, (tenant,))
        number, before = (int(str(tip[0])), str(tip[1])) if tip else (0, GENESIS)
        link = chained(number + 1, before, text_of(entry))
        self._connection.raw.execute(LINK, (tenant, link.number, link.text, link.before, link.hash))


def _statement(of: Statements, tenant: str, write: Write) -> tuple[str, Sequence[Plain]]:
    match write.verb:
        case Verb.ADD:
            return of.insert, of.codec.encode(write.entity, tenant)
        case Verb.SAVE:
            return of.update, [*of.codec.encode(write.entity, tenant), write.version]
        case Verb.REMOVE:
            return of.delete, (tenant, write.entity.id, write.version)

"""Whole grounds of PostgreSQL, for operators: read and filled as the tenant, erased and moved as the owner."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from freehold.model.data import Entity
from freehold.model.model import Model, table_of
from freehold.runtime.audit import GENESIS
from freehold.runtime.failures import Overloaded
from freehold.runtime.ports import AuditEntry, Changes, Verb, Write
from freehold.runtime.scope import Scope
from freehold.stores.estate import AUDIT, Claimed, Mark, Settled, Unequal, check_links, fitting, kinds_of
from freehold.stores.forms import Plain, moment
from freehold.stores.postgres.apply import Act, Applier, alone
from freehold.stores.postgres.database import AUDIT as CHAIN
from freehold.stores.postgres.fits import check_fits, connected
from freehold.stores.postgres.grounds import FIND, MAKE, POOL, Grounds, entering, schema_of, short
from freehold.stores.postgres.names import GROUND, Place, Statement, Template, quoted
from freehold.stores.postgres.residue import residue
from freehold.stores.postgres.session import COMMIT, READING, WRITING
from freehold.stores.postgres.settling import (
    BEHIND,
    MAKE_TABLES,
    MIGRATIONS_WAIT,
    MOVING,
    OPEN,
    SINCE,
    WAITING,
    Settling,
)
from freehold.stores.postgres.snapshot import sent
from freehold.stores.postgres.statements import Book, Statements
from freehold.stores.postgres.trouble import Lost, Refusal, told
from freehold.stores.postgres.wire import Row, Step, Wire
from freehold.stores.schema import schema_of as model_schema

LOCK_SECONDS, TRIES = 2, 5
DEADLINE = 600.0
"""Seconds that one exchange may take: whole tables are counted, copied and dropped in one."""

AT_ONCE = 200
"""Rows that are asked for at a time."""

NIL = "00000000-0000-0000-0000-000000000000"
TIP = Template(f"SELECT number, hash FROM {GROUND}.freehold_audit WHERE tenant = $1::uuid ORDER BY number DESC LIMIT 1")
PUT = Template(f"""INSERT INTO {GROUND}.freehold_audit (tenant, number, text, before, hash)
VALUES ($1::uuid, $2::bigint, $3::text, $4::text, $5::text)""")
IN_ORDER: list[Step] = [(Statement(f"SET LOCAL enable_{how} = off".encode()), ()) for how in ("sort", "bitmapscan")]
"""Tables that have just been filled have no statistics: without this every page would read, and sort, all the rest."""

CLAIM = Statement(b"SELECT pg_try_advisory_lock(3, hashtext($1::text))")
UNCLAIM = Statement(b"SELECT pg_advisory_unlock(3, hashtext($1::text))")


PATIENCE, PAUSE = 3.0, 0.1
"""How many seconds to wait for somebody else's claim to end, and between two looks."""


class PostgresEstate:
    """Fills the port `Estate`. A hold is one transaction, and locks out the writers of one ground only."""

    takes_back = True

    def __init__(self, model: Model, url: str, *, tier: str = "schema") -> None:
        """Connect as the owner. `tier` is where a ground is made that is put first.

        Raises `ModelError` (FH303, FH306).
        """
        self._model, schema = model, model_schema(model)
        self._grounds = Grounds(check_fits(url, schema), tier)
        self._owner = Place("freehold", f"fh_{self._grounds.installation}_owner")
        self._book = Book(model)
        self._applier = Applier(self._book, model, schema)
        self._kinds = kinds_of(model)
        self._opened = ExitStack()
        self._wire = Wire(self._opened.enter_context(connected(url)), deadline=DEADLINE, prepares=True)
        self._begun = False
        self._settling = Settling([schema.tables[table_of(kind)] for kind in self._kinds])

    @property
    def kinds(self) -> Sequence[type[Entity]]:
        """See `Estate.kinds`."""
        return self._kinds

    def rows(self, scope: Scope, kind: type[Entity], after: str, limit: int) -> list[Entity]:
        """See `Estate.rows`."""
        of = self._book.of[kind]

        def parts() -> Iterator[Row]:  # an answer is in memory as a whole, so it is asked for in parts
            behind, left = after, limit
            while left > 0 and (found := self._behind(scope, of, of.columns, behind, min(left, AT_ONCE))):
                yield from found
                behind, left = str(found[-1][of.codec.names.index("id")]), left - len(found)

        return [of.codec.decode(row)[1] for row in fitting(parts())]

    def those(self, scope: Scope, kind: type[Entity], ids: Sequence[str]) -> list[Entity]:
        """See `Estate.those`."""
        of = self._book.of[kind]
        where = f"WHERE tenant = $1::uuid AND {of.table}.id = ANY (string_to_array($2::text, ',')::uuid[])"
        rows = self._read(scope, Template(f"SELECT {of.columns} FROM {of.table} {where}"), [",".join(ids)])
        return [of.codec.decode(row)[1] for row in rows]

    def marks(self, scope: Scope, kind: type[Entity], after: str, limit: int) -> list[Mark]:
        """See `Estate.marks`."""
        found = self._behind(scope, self._book.of[kind], "id::text, version, updated_at", after, limit)
        return [Mark(str(id), int(str(version)), moment(at)) for id, version, at in found]  # type: ignore[arg-type]  # a time

    def chain(self, scope: Scope, after: int, limit: int) -> list[AuditEntry]:
        """See `Estate.chain`."""
        return [AuditEntry(*row) for row in self._read(scope, CHAIN, [after, limit])]  # type: ignore[arg-type]  # columns

    def put(self, scope: Scope, entities: Sequence[Entity]) -> None:
        """See `Estate.put`."""
        changes = Changes(scope, [Write(Verb.ADD, type(entity), entity, 0) for entity in entities], [])
        with self._transaction(WRITING):
            acts = list(self._applier.acts([(changes, self._made(scope.tenant))]))
            try:
                self._wire.ask(*(act.step for act in acts))
            except Refusal as refusal:
                raise self._meant(refusal, acts) from None
            except Lost as lost:
                raise told(lost) from lost

    def link(self, scope: Scope, entries: Sequence[AuditEntry]) -> None:
        """See `Estate.link`."""
        tenant = scope.tenant
        with self._transaction(WRITING):
            place = self._made(tenant)
            tip = self._ask(place, tenant, (TIP.on(place), sent([tenant])))[-1]
            number, before = (int(str(tip[0][0])), str(tip[0][1])) if tip else (0, GENESIS)
            check_links(number, before, entries)
            put = PUT.on(place)
            rows = [(put, sent([tenant, one.number, one.text, one.before, one.hash])) for one in entries]
            self._ask(place, tenant, *rows)

    def empty(self, scope: Scope) -> Mapping[str, int]:
        """See `Estate.empty`."""
        tables = [*(table_of(kind) for kind in reversed(self._kinds)), AUDIT]
        with self._transaction(WRITING):
            place = self._locked(scope.tenant)
            if place is None:
                return dict.fromkeys(tables, 0)
            taken = f"WITH gone AS (DELETE FROM {GROUND}.{{}} WHERE tenant = $1::uuid RETURNING 1)"
            steps = [(_counting(taken, table).on(place), sent([scope.tenant])) for table in tables]
            counts = self._as_owner(scope.tenant, *steps)[-len(tables) :]
        return {table: int(str(rows[0][0])) for table, rows in zip(tables, counts, strict=True)}

    def erase(self, scope: Scope) -> Mapping[str, int]:
        """See `Estate.erase`. With its own schema a tenant's role goes, too."""
        tenant = scope.tenant
        with self._transaction(WRITING):
            counts = self.empty(scope)
            forget = [
                *self._sweeping(tenant),
                *(
                    (Statement(f"DELETE FROM freehold.{table} WHERE tenant = $1::uuid".encode()), sent([tenant]))
                    for table in ("busy", "ground")
                ),
            ]
            self._as_owner(tenant, *self._razing(tenant), *forget)
        return counts

    def tier(self, scope: Scope) -> str:
        """See `Tiers.tier`."""
        place = self.place(scope.tenant)
        return place.tier if place else ""

    def settle(self, scope: Scope, tier: str) -> Settled:
        """See `Tiers.settle`. One transaction, so that nobody ever sees a part of the copy, and a kill leaves none."""
        tenant = scope.tenant
        self.tidy(scope)
        with self._transaction(WRITING):
            old, new = self.place(tenant), self._grounds.place(tenant, tier)
            if old is None or old == new:
                return Settled()
            since = self._copy(old, new, tenant)
            began = time.monotonic()
            self._as_owner(tenant, alone(tenant))
            counts = self._follow(old, new, tenant, since)
            self._as_owner(tenant, (OPEN, sent([tenant, tier])), *self._settling.closing(old))
            waiting = int(str(self._told((WAITING, ()))[0][0][0]))
        return Settled(counts, time.monotonic() - began, waiting)

    def tidy(self, scope: Scope) -> None:
        """See `Tiers.tidy`. Waits until those who were reading in the old tables have done."""
        tenant = scope.tenant
        place = self.place(tenant)
        if place is not None and place.is_shared:
            self._raze(tenant)
        elif place is not None:
            self._as_owner(tenant, *self._sweeping(tenant))

    def _copy(self, old: Place, new: Place, tenant: str) -> str:
        """Copy all there is, and compare. Returns the transaction from which on everything has to be followed."""
        if not self._told((MIGRATIONS_WAIT, ()))[0][0][0]:
            message = "a migration is under way: wait until it has ended"
            raise Unequal(message)
        if self._as_owner(tenant, (BEHIND, sent([tenant, POOL])))[-1][0][0]:
            message = "a migration has left it, or the pool, behind: run `freehold migrate up`"
            raise Unequal(message)
        since = str(self._told((SINCE, ()))[0][0][0])
        making = [] if new.is_shared else [(MAKE_TABLES, sent([tenant]))]
        before = self._as_owner(tenant, *MOVING, *making, self._settling.copying(old, new, tenant))[-1]
        self._settling.check(before, self._as_owner(tenant, self._settling.digests(new, tenant))[-1])
        return since

    def _follow(self, old: Place, new: Place, tenant: str, since: str) -> Mapping[str, int]:
        """Bring the copy up to this moment, and compare. Returns how many rows each table has."""
        settling = self._settling
        following = list(settling.following(old, new, tenant, since))
        counting = [settling.counting(place, tenant) for place in (old, new)]
        found = self._as_owner(tenant, *settling.leaving_out(old, new, tenant), *following, *counting)
        settling.check_followed(found[-2 - len(following) : -2])
        settling.check(*found[-2:])
        return settling.counts(found[-1])

    def _sweeping(self, tenant: str) -> list[Step]:
        """Deletes from the pool what a move has left there of a tenant that lies elsewhere."""
        return [*MOVING, *self._settling.sweeping(self._grounds.place(tenant, "pool"), tenant)]

    def _raze(self, tenant: str) -> None:
        """Drop a schema and a role, as soon as nobody has locked any of it."""
        patience = Statement(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'".encode())
        for again in range(TRIES):
            try:
                self._as_owner(tenant, (patience, ()), *self._razing(tenant))
            except Overloaded:
                if again == TRIES - 1:
                    raise
            else:
                return

    def residue(self, scope: Scope) -> Mapping[str, int]:
        """See `Estate.residue`."""
        tenant = scope.tenant
        with self._transaction(READING):
            role = f"fh_{self._grounds.installation}_{short(tenant)}"
            return residue(lambda statement, values: self._as_owner(tenant, (statement, values))[-1], tenant, role)

    @contextmanager
    def still(self, scope: Scope) -> Iterator[None]:
        """See `Estate.still`."""
        scope.tenant  # noqa: B018  # refuses without one
        with self._transaction(READING):
            yield

    @contextmanager
    def hold(self, scope: Scope) -> Iterator[None]:
        """See `Estate.hold`."""
        tenant = scope.tenant
        with self._transaction(WRITING):
            self._as_owner(tenant, alone(tenant))
            yield

    @contextmanager
    def claim(self, scope: Scope) -> Iterator[None]:
        """See `Estate.claim`. A lock of the session, which goes with the connection.

        The server takes a moment to notice that somebody was killed, and ends the statement under way first.
        """
        values = sent([scope.tenant])
        until = time.monotonic() + PATIENCE
        while not self._told((CLAIM, values))[0][0][0]:
            if time.monotonic() > until:
                raise Claimed
            time.sleep(PAUSE)
        try:
            yield
        finally:
            if not self._wire.connection.closed:
                self._told((UNCLAIM, values))

    def close(self) -> None:
        """See `Estate.close`."""
        self._opened.close()

    def place(self, tenant: str) -> Place | None:
        """Where a tenant lies at this moment; None when it lies nowhere."""
        rows = self._as_owner(tenant, (FIND, sent([tenant])))[-1]
        return self._grounds.place(tenant, str(rows[0][0])) if rows else None

    def _made(self, tenant: str) -> Place:
        """Where a tenant lies. One that lies nowhere yet is given its ground."""
        place = self.place(tenant)
        if place is None:
            self._as_owner(tenant, (MAKE, sent([tenant, self._grounds.tier])))
            place = self._grounds.place(tenant, self._grounds.tier)
        return place

    def _locked(self, tenant: str) -> Place | None:
        self._as_owner(tenant, alone(tenant))
        return self.place(tenant)

    def _razing(self, tenant: str) -> list[Step]:
        """Drops the schema and the role of a tenant that may have them; they may also be left from a move."""
        role = f"fh_{self._grounds.installation}_{short(tenant)}"
        return [
            (Statement(f"DROP SCHEMA IF EXISTS {quoted(schema_of(tenant))} CASCADE".encode()), ()),
            (Statement(f"DROP ROLE IF EXISTS {quoted(role)}".encode()), ()),
        ]

    def _behind(self, scope: Scope, of: Statements, columns: str, after: str, limit: int) -> list[Row]:
        """Columns of a kind's rows behind an id."""
        # Named in full: what is selected is called id, too, and is its text, by which no index goes.
        where = f"WHERE tenant = $1::uuid AND id > $2::uuid ORDER BY {of.table}.id LIMIT $3::bigint"
        return self._read(scope, Template(f"SELECT {columns} FROM {of.table} {where}"), [after or NIL, limit])

    def _read(self, scope: Scope, template: Template, values: Sequence[Plain]) -> list[Row]:
        tenant = scope.tenant
        with self._transaction(READING):
            place = self.place(tenant)
            if place is None:
                return []
            return self._ask(place, tenant, *IN_ORDER, (template.on(place), sent([tenant, *values])))[-1]

    def _ask(self, place: Place, tenant: str, *steps: Step) -> list[list[Row]]:
        """As the tenant, on its ground."""
        return self._told(*entering(place, tenant), *steps)

    def _as_owner(self, tenant: str, *steps: Step) -> list[list[Row]]:
        """As the one whom all tables belong to, who still sees of the pool what is this tenant's and no more."""
        role = Statement(f"SET LOCAL ROLE {quoted(self._owner.role)}".encode())
        bound = Statement(f"SET LOCAL freehold.tenant = '{tenant}'".encode())
        with self._transaction(WRITING):
            return self._told((role, ()), (bound, ()), *steps)

    def _told(self, *steps: Step) -> list[list[Row]]:
        try:
            return self._wire.ask(*steps)
        except (Refusal, Lost) as trouble:
            raise told(trouble) from trouble

    def _meant(self, refusal: Refusal, acts: Sequence[Act]) -> Exception:
        meant = self._applier.refusal(refusal, acts[refusal.number])
        return told(refusal) if meant is refusal else meant

    @contextmanager
    def _transaction(self, begin: Statement) -> Iterator[None]:
        """A transaction, or a part of the one that is under way."""
        if self._begun:
            yield
            return
        self._told((begin, ()))
        self._begun = True
        try:
            yield
            self._told((COMMIT, ()))
        finally:
            self._begun = False
            if not self._wire.connection.closed:
                self._wire.rollback()


def _counting(taken: str, table: str) -> Template:
    return Template(f"{taken.format(quoted(table))} SELECT count(*) FROM gone")

"""Leaks in the store for PostgreSQL: predicates, roles, policies and caches that forget the tenant."""

from freehold.stores.postgres import ddl, install, kit
from freehold.stores.postgres.grounds import Grounds, entering
from freehold.stores.postgres.names import Template
from freehold.stores.postgres.session import Session
from freehold.stores.postgres.snapshot import PostgresSnapshot
from freehold.stores.postgres.statements import Listing, Statements
from tests.isolation.off_postgres import ANY, POSTGRES, TENANT
from tests.isolation.planted.mutant import Mutant
from tests.isolation.surgery import Break, Edit, Text

KEPT = 'return text.replace("{installation}", name)'
ENTERED = "if self._on != (tenant, place):"
SENT = "self.wire.ask(*before, *steps, (COMMIT, ()))"
LAST_ROLE = "next((statement for statement, _ in reversed(steps) if statement.startswith(b'SET ROLE')), None)"
MINE = "tenant = nullif(current_setting('freehold.tenant', true), '')::uuid"
AUDIT, LINK = POSTGRES["L3"][3:]


def _control(old: str, new: str) -> Edit:
    """In what a database has besides its grounds, other text."""
    return Edit(install._control, KEPT, f"{KEPT}.replace({old!r}, {new!r})")


def _pooled(
    name: str, *breaks: Break, off: tuple[str, ...], attacks: tuple[str, ...] = (), app: str = "01_tasks"
) -> Mutant:
    return Mutant(name, breaks, off=off, attacks=attacks, app=app, store="postgres", tier="pool")


STATEMENTS = (
    _pooled(
        "PostgreSQL: one entity is read without the tenant",
        Edit(
            Statements.__init__,
            'self.get = Template(f"SELECT {self.columns} FROM {self.table} WHERE {mine}")',
            f'self.get = Template(f"SELECT {{self.columns}} FROM {{self.table}} WHERE {ANY} AND id = $2::uuid")',
        ),
        off=("L2", "L4"),
    ),
    _pooled(
        "PostgreSQL: lists are read without the tenant",
        Edit(Listing._compiled, f'where = ["{TENANT}"]', f'where = ["{ANY}"]'),
        off=("L2", "L4"),
    ),
    _pooled(
        "PostgreSQL: a change is written without the tenant",
        Edit(
            Statements.__init__, 'place = f"tenant = ${tenant}::uuid AND', 'place = f"${tenant}::uuid IS NOT NULL AND'
        ),
        off=("L4",),
    ),
    _pooled(
        "PostgreSQL: a removal is written without the tenant",
        Edit(
            Statements.__init__,
            "DELETE FROM {self.table} WHERE {mine}",
            f"DELETE FROM {{self.table}} WHERE {ANY} AND id = $2::uuid",
        ),
        off=("L4",),
    ),
    _pooled(
        "PostgreSQL: references are looked up without the tenant",
        Edit(
            Statements.__init__,
            "SELECT FROM {self.table} WHERE {mine} FOR KEY SHARE",
            f"SELECT FROM {{self.table}} WHERE {ANY} AND id = $2::uuid FOR KEY SHARE",
        ),
        off=("L4",),
        attacks=("T06", "T33"),
    ),
    _pooled("PostgreSQL: the audit chain is read without the tenant", AUDIT, off=("L4",), attacks=("T33",)),
    _pooled("PostgreSQL: the audit chain goes on from another's tip", LINK, off=("L4",), attacks=("T03", "T72")),
    _pooled(
        "PostgreSQL: unique values are unique across tenants",
        Edit(
            ddl.create_index,
            'parts = ["tenant", *map(quoted, index.keys)]',
            'parts = [*([] if index.unique else ["tenant"]), *map(quoted, index.keys)]',
        ),
        off=(),
        app="03_lookups",
        attacks=("T14", "T15"),
    ),
)

SESSIONS = (
    _pooled(
        "PostgreSQL: role and tenant are set for the session, and once for each connection",
        Edit(entering, "SET LOCAL ROLE", "SET ROLE"),
        _control("whose::text, true", "whose::text, false"),
        Edit(Session.finish, SENT, f"{SENT}\n        self.wire._role = {LAST_ROLE}"),
        Edit(
            Session._before,
            ENTERED,
            "role = getattr(self.wire, '_role', None)\n"
            "    if self._on != (tenant, place) and (self._on or entering(place, tenant)[0][0] != role):",
        ),
        off=("L2", "L3"),
    ),
    _pooled(
        "PostgreSQL: the tenant is not switched between grounds of one tier",
        Edit(Session._before, ENTERED, "if self._on is None or self._on[1] != place:"),
        off=("L3",),
        attacks=("T33",),
    ),
    _pooled(
        "PostgreSQL: a view beside another is of the first one's ground",
        Edit(
            PostgresSnapshot._rows,
            "return session.found(tenant, template, bound)",
            "return session.found(session._tenant, template, bound)",
        ),
        off=("L3",),
        attacks=("T33",),
    ),
    Mutant(
        "PostgreSQL: where one tenant lies is remembered for all that come later",
        (
            Edit(
                Grounds.known,
                "return self._known.get(tenant)",
                "first = next((place for place in self._known.values() if place.schema.startswith('t_')), None)\n"
                "    return self._known.get(tenant) or (None if set(tenant) <= set('0-') else first)",
            ),
        ),
        off=("L3", "L4"),
        store="postgres",
    ),
    Mutant(
        "PostgreSQL: a statement is kept for the schema that it was first made for",
        (
            Edit(
                Template.on,
                "made = self._made.get(place.schema)",
                "made = self._made.get(place.schema) if place.schema == 'freehold_platform' else"
                " next((made for schema, made in self._made.items() if schema != 'freehold_platform'), None)",
            ),
        ),
        off=("L3", "L4"),
        store="postgres",
    ),
)

AS_SUPERUSER = Edit(kit.scratch, "make_conninfo(serving, dbname=name)", "own")

POLICIES = (
    _pooled("PostgreSQL: the pool's policies show everything", Text(ddl, "MINE", MINE, "true"), off=("L2", "L3")),
    _pooled(
        "PostgreSQL: a table of the pool has no policy",
        Edit(
            ddl.created,
            "        yield from guarded(table.name)",
            "        yield from guarded(table.name) if table.name != 'task' else ()",
        ),
        off=("L2", "L3"),
    ),
    _pooled(
        "PostgreSQL: policies are on, and not for the tables' owner, who serves",
        Edit(ddl.guarded, ", FORCE ROW LEVEL SECURITY", ""),
        Edit(Grounds.place, '_pool", "pool")', '_owner", "pool")'),
        AS_SUPERUSER,
        off=("L2", "L3"),
    ),
    _pooled(
        "PostgreSQL: who names no tenant is shown all, and nobody names one",
        Text(ddl, "MINE", MINE, f"coalesce({MINE}, true)"),
        Edit(entering, "return [role, (ENTER", "return [role] or [role, (ENTER"),
        off=("L2", "L3"),
    ),
    _pooled(
        "PostgreSQL: a role that no policy binds serves the pool",
        Edit(
            install._create_role,
            'if name.endswith("_owner") else "NOLOGIN"',
            'if name.endswith("_owner") else "NOLOGIN BYPASSRLS" if name.endswith("_pool") else "NOLOGIN"',
        ),
        off=("L2", "L3"),
    ),
)

MUTANTS = (*STATEMENTS, *SESSIONS, *POLICIES)

"""Databases with tenants in both tiers, at one version of a small app and then another."""

from collections.abc import Callable

from freehold.model.data import Entity
from freehold.runtime.ports import Verb
from freehold.runtime.scope import Scope
from freehold.stores.postgres import Postgres
from freehold.testing.contract.stage import changes
from tests.unit.stores.postgres.servers import Database
from tests.unit.stores.stored import model_of
from tests.unit.stores.versions import Kinds

Version = Callable[[], Kinds]

ACME, GLOBEX = (f"018f0000-0000-7000-8000-00000000000{number}" for number in (1, 2))
POOLED, CROWD = (f"018f0000-0000-7000-8000-00000000000{number}" for number in (3, 4))
TIERS = {ACME: "schema", GLOBEX: "schema", POOLED: "pool", CROWD: "pool"}
IDS = [f"018f0000-0000-7000-9000-{number:012}" for number in range(9)]


def nothing() -> Kinds:
    """An app without entities."""
    return ()


def add(store: Postgres, tenant: str, *entities: Entity) -> None:
    """Keep entities as they are, in version 1."""
    with Scope(tenant) as scope:
        store.commit([changes(scope, Verb.ADD, *entities)])


def up(database: Database, version: Version, *, breaking: bool = False) -> list[str]:
    """Migrate up to a version; what was done."""
    return [str(step) for step in database.up(model_of(*version()), breaking=breaking)]


def down(database: Database, *, number: int | None = None, breaking: bool = False) -> list[str]:
    """Migrate down by one."""
    return [str(step) for step in database.down(model_of(), number=number, breaking=breaking)]


def fill(database: Database, version: Version, *values: dict[str, object]) -> None:
    """Migrate to a version, and add its first entity once for each of these, in four tenants of both tiers."""
    kinds = version()
    up(database, version)
    for tenant, tier in TIERS.items():
        store = database.opened(model_of(*kinds), tier=tier)
        add(store, tenant, *(kinds[0](id=IDS[number], **given) for number, given in enumerate(values)))
        store.close()


def read(database: Database, version: Version, tenant: str = ACME) -> list[dict[str, object]]:
    """All tasks of a tenant as a program of this version reads them, without what every entity has."""
    kinds = version()
    task, *_ = kinds
    store = database.opened(model_of(*kinds))
    with Scope(tenant) as scope:
        snapshot = store.snapshot(scope)
        found = [snapshot.get(task, id) for id in IDS]
        snapshot.close()
    store.close()
    own = set(task.model_fields) - set(Entity.model_fields)
    return [{name: getattr(one[1], name) for name in task.model_fields if name in own} for one in found if one]


SHAPE = """
SELECT n.nspname, c.relname, 'column', string_agg(format('%s %s %s %s', a.attname,
    format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)), ', ' ORDER BY a.attname)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r' AND n.nspname ~ '^(t_|freehold_)' GROUP BY 1, 2
UNION ALL SELECT n.nspname, c.relname, 'constraint', string_agg(format('%s %s', k.conname,
    pg_get_constraintdef(k.oid)), ', ' ORDER BY k.conname) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname ~ '^(t_|freehold_)' AND k.contype <> 'n' GROUP BY 1, 2
UNION ALL SELECT schemaname, tablename, 'index', string_agg(indexdef, ', ' ORDER BY indexname) FROM pg_indexes
WHERE schemaname ~ '^(t_|freehold_)' GROUP BY 1, 2
UNION ALL SELECT n.nspname, c.relname, 'guard', format('%s %s', c.relrowsecurity, c.relforcerowsecurity) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname ~ '^(t_|freehold_)' AND c.relkind = 'r'
UNION ALL SELECT schemaname, tablename, 'policy', string_agg(format('%s %s %s', policyname, permissive, qual), ', '
    ORDER BY policyname) FROM pg_policies GROUP BY 1, 2
UNION ALL SELECT n.nspname, c.relname, 'grants', (SELECT string_agg(format('%s %s', g.rolname, x.privilege_type), ', '
    ORDER BY 1) FROM aclexplode(c.relacl) x JOIN pg_roles g ON g.oid = x.grantee
    WHERE x.grantee <> c.relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname ~ '^(t_|freehold_)' AND c.relkind = 'r'
"""


def shape(database: Database) -> dict[tuple[object, ...], object]:
    """The tables of all grounds, with their columns, keys, indexes, policies and grants."""
    name = str(database.rows("SELECT id FROM freehold.installation")[0][0])
    found = database.rows(SHAPE)
    return {tuple(row[:3]): str(row[3]).replace(name, "NAME") for row in found}

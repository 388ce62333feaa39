"""How to switch off the two layers of the store for PostgreSQL."""

from freehold.stores.postgres import apply, database, ddl, kit
from freehold.stores.postgres.grounds import entering
from freehold.stores.postgres.names import Template
from freehold.stores.postgres.statements import Listing, Statements
from tests.isolation.surgery import Break, Edit, Swap

TENANT, ANY = "tenant = $1::uuid", "$1::uuid IS NOT NULL"
OWN_TABLES = 'only = "" if shared else f" CHECK (tenant = {TENANT})"'
"""What a table of one tenant's takes."""


def _without(template: Template) -> Template:
    """A statement that names a tenant and does not mind it."""
    assert template.text.count(TENANT) == 1
    return Template(template.text.replace(TENANT, ANY))


POSTGRES: dict[str, tuple[Break, ...]] = {
    # 3. Every statement names the tenant. Off: none does. (In a schema per tenant each still names the schema: there,
    # nobody else's rows are in the table.)
    "L3": (
        Edit(Statements.__init__, 'mine = "tenant = $1::uuid AND', f'mine = "{ANY} AND'),
        Edit(
            Statements.__init__, 'place = f"tenant = ${tenant}::uuid AND', 'place = f"${tenant}::uuid IS NOT NULL AND'
        ),
        Edit(Listing._compiled, f'where = ["{TENANT}"]', f'where = ["{ANY}"]'),
        Swap(database, "AUDIT", _without(database.AUDIT)),
        Swap(apply, "LINK", _without(apply.LINK)),
    ),
    # 4. The database shows and takes one ground. Off: nobody becomes the tenant, a superuser serves, and tables take
    # whatever comes.
    "L4": (
        Edit(entering, "    if not place.is_shared:", "    return []\n    if not place.is_shared:"),
        Edit(kit.scratch, "make_conninfo(serving, dbname=name)", "own"),
        Edit(ddl.created, OWN_TABLES, 'only = ""'),
        Edit(ddl.ground, 'only="" if shared else f" CHECK (tenant = {TENANT})"', 'only=""'),
    ),
}
"""The layers of the store for PostgreSQL."""

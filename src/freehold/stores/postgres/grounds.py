"""On which tables a tenant's rows lie, and as whom they are reached. Looked up once, and again when they have moved."""

from __future__ import annotations

from freehold.model.names import MAX, PLATFORM
from freehold.stores.postgres.names import Place, Statement, quoted
from freehold.stores.postgres.wire import Step

CONTROL = "freehold"
"""The schema that says which grounds there are. No tenant's rows lie in it."""

FIND = Statement(b"SELECT tier FROM freehold.ground WHERE tenant = $1::uuid")
ENTER = Statement(b"SELECT freehold.enter($1::uuid)")
MAKE = Statement(b"SELECT freehold.make_ground($1::uuid, $2::text)")
MOST = 50_000

POOL = MAX
"""Stands for the ground that many share, where grounds are listed."""


class Grounds:
    """The places of tenants. `installation` sets the roles of this database apart from others' in the server."""

    def __init__(self, installation: str, tier: str) -> None:
        """Know none yet. `tier` is where new tenants go."""
        self.installation, self.tier = installation, tier
        self._known: dict[str, Place] = {}
        self.control = Place(CONTROL, f"fh_{installation}_app")

    def known(self, tenant: str) -> Place | None:
        """Where a tenant lies, as far as we know."""
        return self._known.get(tenant)

    def learn(self, tenant: str, tier: str) -> Place:
        """Remember where a tenant lies."""
        if len(self._known) >= MOST:
            self._known.clear()
        place = self._known[tenant] = self.place(tenant, tier)
        return place

    def forget(self, tenant: str) -> None:
        """It is not there any more: look again."""
        self._known.pop(tenant, None)

    def place(self, tenant: str, tier: str) -> Place:
        """The schema and the role of a tenant in a tier."""
        if tier == "pool":
            return Place("freehold_pool", f"fh_{self.installation}_pool", "pool")
        return Place(schema_of(tenant), f"fh_{self.installation}_{short(tenant)}")


def entering(place: Place, tenant: str) -> list[Step]:
    """What makes the rest of a transaction run as a tenant (layer 4). Nothing of it outlives the transaction."""
    role: Step = Statement(f"SET LOCAL ROLE {quoted(place.role)}".encode()), ()
    if not place.is_shared:
        return [role]
    return [role, (ENTER, [tenant.encode()])]


def schema_of(tenant: str) -> str:
    """What the schema of a tenant is called."""
    if tenant == POOL:
        return "freehold_pool"
    return "freehold_platform" if tenant == PLATFORM else f"t_{short(tenant)}"


def short(tenant: str) -> str:
    """A tenant's id without its hyphens. A scope has seen to it that it is one."""
    return tenant.replace("-", "")

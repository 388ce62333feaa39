"""Where the rows of a tenant of PostgreSQL are, past all guards."""

from __future__ import annotations

from freehold.stores.postgres.fits import connected


def left_in(url: str, tenant: str) -> set[str]:
    """In which tiers anything of a tenant lies, whether it can be reached or not."""
    with connected(url) as raw:
        schema = raw.execute("SELECT to_regnamespace(%s)", [f"t_{tenant.replace('-', '')}"]).fetchone()
        rows = raw.execute("SELECT count(*) FROM freehold_pool.freehold_audit WHERE tenant = %s", [tenant]).fetchone()
    return {tier for tier, none, found in (("schema", (None,), schema), ("pool", (0,), rows)) if found != none}

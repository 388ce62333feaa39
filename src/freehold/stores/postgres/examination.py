"""Whether a database still guards its tenants: its server, its roles, and everything somebody may have added since."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files

import psycopg
from psycopg.conninfo import conninfo_to_dict

from freehold.model.finding import Finding, Place
from freehold.settings import Settings
from freehold.stores.migrate import UP
from freehold.stores.postgres.fits import connected, installation, place_of
from freehold.stores.postgres.grounds import POOL
from freehold.stores.postgres.looks import LOOKS, Look

SHOWN = 20
"""So many findings of one kind are told; of the rest, how many there are."""

MINE = "(tenant = (NULLIF(current_setting('freehold.tenant'::text, true), ''::text))::uuid)"
"""How a server writes the condition of the pool's policies."""

FIXED = {15: 20, 16: 16, 17: 12, 18: 7}
"""The first release of each version without a known way around row security: CVE-2026-116311 and CVE-2026-120154, and
before those CVE-2026-14666, CVE-2025-8713, CVE-2024-10976, CVE-2023-39418 and CVE-2023-2455. Older versions have no
views that see what their reader sees, and are not maintained."""


@dataclass
class Report:
    """What an examination has found: what is wrong, and what had better be otherwise."""

    wrong: list[Finding] = field(default_factory=list)
    hints: list[Finding] = field(default_factory=list)


def examined(settings: Settings) -> Report:
    """Look at the database that the settings name, as its owner. Raises `ModelError` (FH306) when it is not there."""
    with connected(settings.owner_url or settings.database_url) as connection:
        return looked(connection, settings)


def looked(connection: psycopg.Connection, settings: Settings) -> Report:
    """The same, through a connection that is there."""
    report, place = Report(), place_of(settings.database_url)
    name = installation(connection)
    if name is None:
        report.wrong.append(Finding("FH303", place, "there is no database of freehold's yet", UP))
        return report
    version = _version(connection, place)
    if version is not None:
        (report.wrong if _pool_is_used(connection) else report.hints).append(version)
    given = {
        "login": str(conninfo_to_dict(settings.database_url).get("user") or connection.info.user),
        "name": name,
        "mine": MINE,
        "functions": _functions(),
    }
    for look in LOOKS:
        (report.hints if look.is_hint else report.wrong).extend(_found(connection, look, given, place))
    return report


def _found(connection: psycopg.Connection, look: Look, given: dict[str, object], place: Place) -> Iterator[Finding]:
    rows = connection.execute(look.query.encode(), given).fetchall()
    for row in sorted(rows)[:SHOWN]:
        yield Finding(look.code, place, look.message.format(*row), look.fix)
    if len(rows) > SHOWN:
        yield Finding(look.code, place, f"and {len(rows) - SHOWN} more like this", look.fix)


def _version(connection: psycopg.Connection, place: Place) -> Finding | None:
    number = connection.info.server_version
    major, minor = divmod(number, 10_000)
    oldest = min(FIXED)
    if minor >= FIXED.get(major, 0) and major >= oldest:
        return None
    wanted = f"{major}.{FIXED[major]}" if major in FIXED else f"{oldest}.{FIXED[oldest]}"
    message = f"the server is PostgreSQL {major}.{minor}, which has known ways around row security"
    return Finding("FH309", place, message, f"update it to {wanted} or newer")


def _pool_is_used(connection: psycopg.Connection) -> bool:
    """Whether row security is all that stands between some tenants. A schema per tenant does not rest on it."""
    query = f"SELECT EXISTS (SELECT FROM freehold.ground WHERE tier = 'pool' AND tenant <> '{POOL}')"
    return bool(_row(connection, query)[0])


def _functions() -> list[str]:
    """What freehold itself has made to run as its owner."""
    text = (files("freehold.stores.postgres") / "control.sql").read_text("utf-8")
    return re.findall(r"FUNCTION freehold\.(\w+)", text)


def _row(connection: psycopg.Connection, query: str) -> tuple[object, ...]:
    return connection.execute(query.encode()).fetchone() or (None,)

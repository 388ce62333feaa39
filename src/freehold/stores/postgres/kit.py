"""The store for PostgreSQL, as settings choose it."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from freehold.model.finding import Finding, ModelError, Place
from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.settings import Settings
from freehold.stores.estate import Estate
from freehold.stores.migrate import Migrations
from freehold.stores.postgres.database import Postgres
from freehold.stores.postgres.estate import PostgresEstate
from freehold.stores.postgres.fits import connected, installation
from freehold.stores.postgres.migrations import PostgresMigrations
from freehold.stores.schema import schema_of


def opened(model: Model, settings: Settings) -> Database:
    """See `Kit.opened`."""
    return _opened(model, settings, _url(settings))


def scratch(model: Model, settings: Settings) -> Database:
    """See `Kit.scratch`. Makes a database of its own on the server, and drops it with its roles."""
    serving, name = _url(settings), f"freehold_scratch_{secrets.token_hex(6)}"
    url = _owner(settings)
    with connected(url) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    own = make_conninfo(url, dbname=name)
    with PostgresMigrations(own, schema_of(model), login=_login(serving)) as way:
        way.up()
    return _opened(model, settings, make_conninfo(serving, dbname=name), closed=lambda: _drop(url, own, name))


def exists(settings: Settings) -> bool:
    """See `Kit.exists`. Looking makes nothing here."""
    return bool(_url(settings))


def estate(model: Model, settings: Settings) -> Estate:
    """See `Kit.estate`. Connects as the owner."""
    return PostgresEstate(model, _owner(settings), tier=settings.tier)


def migrations(settings: Settings, model: Model) -> Migrations:
    """See `Kit.migrations`."""
    canaries = [tenant.strip() for tenant in settings.canaries.split(",") if tenant.strip()]
    login = _login(_url(settings))
    return PostgresMigrations(_owner(settings), schema_of(model), login=login, canaries=canaries)


def _opened(model: Model, settings: Settings, url: str, *, closed: Callable[[], object] = lambda: None) -> Postgres:
    return Postgres(
        model, url, tier=settings.tier, size=settings.connections, deadline=settings.database_seconds,
        prepares=not settings.pooler, closed=closed,
    )  # fmt: skip


def _url(settings: Settings) -> str:
    if not settings.database_url:
        fix = "set it to postgresql://user@host:5432/name; `freehold dev` starts a server of its own without it"
        raise ModelError(
            [Finding("FH306", Place("FREEHOLD_DATABASE_URL", 0), "there is no database to connect to", fix)]
        )
    return _readable("FREEHOLD_DATABASE_URL", settings.database_url)


def _owner(settings: Settings) -> str:
    return _readable("FREEHOLD_OWNER_URL", settings.owner_url) if settings.owner_url else _url(settings)


def _readable(setting: str, url: str) -> str:
    """The URL, if it is one. What libpq says of one that is none quotes it, and the password with it."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        message = "this is no URL of a database"
        fix = "write postgresql://user:password@host:5432/name, with %40 for an @ in the password, and the like"
        raise ModelError([Finding("FH306", Place(setting, 0), message, fix)]) from None
    return url


def _login(url: str) -> str:
    return str(conninfo_to_dict(url).get("user") or "")


def _drop(url: str, own: str, name: str) -> None:
    with connected(own) as connection:
        called = installation(connection)
    with connected(url) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        # The owner has made the tenants' roles, and has let others be members: it goes last.
        query = "SELECT rolname FROM pg_roles WHERE rolname LIKE %s ORDER BY rolname LIKE '%%_owner'"
        for (role,) in connection.execute(query, [f"fh_{called}_%" if called else ""]).fetchall():
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))

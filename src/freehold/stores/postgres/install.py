"""Makes a database one of freehold's: its roles, and what it has besides the grounds of tenants."""

from __future__ import annotations

import secrets
from importlib.resources import files

import psycopg
from psycopg import sql

from freehold.stores.postgres.fits import installation

ROLES = ("owner", "app", "tenants", "pool")


def install(connection: psycopg.Connection, login: str = "") -> str:
    """Make, or make again, all that has no tenant's rows in it. Returns what the installation is called.

    The connection needs the right to create roles and schemas. What belongs to freehold is then the role `owner`'s,
    which nobody can sign in as. `login` is who signs in to serve: it becomes a member of the role `app`, and should be
    one of nothing else.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(1, 0)")
        # Roles are the whole server's, and several databases of it may be ours: each has a name.
        name = installation(connection) or secrets.token_hex(4)
        for role in ROLES:
            _create_role(connection, f"fh_{name}_{role}")
        owner = sql.Identifier(f"fh_{name}_owner")
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS freehold AUTHORIZATION {}").format(owner))
        _may_make_grounds(connection, name)
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
        connection.execute(_control(name).encode())
        connection.execute("INSERT INTO freehold.installation (id) VALUES (%s) ON CONFLICT DO NOTHING", [name])
        connection.execute("RESET ROLE")
        if login and login != connection.info.user:
            grant = sql.SQL("GRANT {} TO {}")
            connection.execute(grant.format(sql.Identifier(f"fh_{name}_app"), sql.Identifier(login)))
    return name


def _create_role(connection: psycopg.Connection, name: str) -> None:
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        return
    # Who serves does not have what tenants have before it has become one: a call without a tenant reaches nothing.
    options = (
        "NOLOGIN NOINHERIT" if name.endswith("_app") else "NOLOGIN CREATEROLE" if name.endswith("_owner") else "NOLOGIN"
    )
    connection.execute(sql.SQL("CREATE ROLE {} " + options).format(sql.Identifier(name)))


def _may_make_grounds(connection: psycopg.Connection, name: str) -> None:
    database = sql.Identifier(connection.info.dbname)
    owner, app, tenants, pool = (sql.Identifier(f"fh_{name}_{role}") for role in ROLES)
    for grant in (
        sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(database, owner),
        sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(database),
        sql.SQL("GRANT {} TO {}").format(app, owner) + sql.SQL(" WITH ADMIN OPTION"),
        sql.SQL("GRANT {} TO {}").format(tenants, owner) + sql.SQL(" WITH ADMIN OPTION"),
        sql.SQL("GRANT {} TO {}").format(tenants, pool),
        sql.SQL("GRANT {} TO {}").format(pool, app),
    ):
        connection.execute(grant)


def _control(name: str) -> str:
    text = (files("freehold.stores.postgres") / "control.sql").read_text("utf-8")
    for role in ROLES:
        text = text.replace(f"{{{role}}}", f"fh_{name}_{role}")
    return text.replace("{installation}", name)

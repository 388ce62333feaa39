"""PostgreSQL servers and databases, as tests want them."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from freehold.model.model import Model
from freehold.servers.postgres import LOGIN, PostgresServer
from freehold.stores.migrate import Step
from freehold.stores.postgres import Postgres
from freehold.stores.postgres.migrations import PostgresMigrations
from freehold.stores.schema import schema_of


class Database:
    """A database of its own on a server that tests share: its owner's URL, and that of who serves."""

    def __init__(self, server: PostgresServer) -> None:
        """Make it, empty."""
        self.name = f"test_{secrets.token_hex(4)}"
        self._server = server
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {self.name}".encode())
        self.url = server.url.replace("/postgres?", f"/{self.name}?")
        self.serving_url = server.serving_url.replace("/postgres?", f"/{self.name}?")

    def drop(self) -> None:
        """Leave nothing behind but roles."""
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {self.name} WITH (FORCE)".encode())

    def migrations(self, model: Model, *, workers: int = 2, canaries: Sequence[str] = ()) -> PostgresMigrations:
        """The way to a model."""
        return PostgresMigrations(self.url, schema_of(model), login=LOGIN, workers=workers, canaries=canaries)

    def up(self, model: Model, *, breaking: bool = False) -> list[Step]:
        """Migrate to a model."""
        with self.migrations(model) as migrations:
            return migrations.up(breaking=breaking)

    def down(self, model: Model, *, number: int | None = None, breaking: bool = False) -> list[Step]:
        """Undo the last migration, if it is the one of this number."""
        with self.migrations(model) as migrations:
            return migrations.down(number=number, breaking=breaking)

    def opened(self, model: Model, *, tier: str = "schema", size: int = 4) -> Postgres:
        """The store, as who serves."""
        return Postgres(model, self.serving_url, tier=tier, size=size, deadline=30)

    @contextmanager
    def raw(self) -> Iterator[psycopg.Connection]:
        """A connection past the store, of who may do everything."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What is in it, past the store."""
        with self.raw() as connection:
            return connection.execute(query.encode(), values or None).fetchall()

    def do(self, *statements: str) -> None:
        """Change it, past the store."""
        with self.raw() as connection:
            for statement in statements:
                connection.execute(statement.encode())


def schema_name(tenant: str) -> str:
    """The schema of a tenant."""
    return f"t_{tenant.replace('-', '')}"

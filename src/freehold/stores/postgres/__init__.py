"""The store for PostgreSQL: a schema per tenant, or rows of many behind row security."""

from freehold.stores.postgres.database import Postgres

__all__ = ["Postgres"]

"""The embedded store: SQLite, one file, real columns, tenant first in every key."""

from freehold.stores.sqlite.database import Sqlite

__all__ = ["Sqlite"]

"""Which index serves a lookup, as SQLite itself plans it on an empty database with the model's schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from freehold.model.lookup import Lookup
from freehold.model.model import Model
from freehold.runtime.ports import Span
from freehold.stores.schema import schema_of
from freehold.stores.sqlite.connection import Connection
from freehold.stores.sqlite.migrations import SqliteMigrations
from freehold.stores.sqlite.statements import Book

SEARCH = re.compile(r"SEARCH \S+ USING (?:COVERING )?INDEX (?P<index>\S+) \((?P<by>.*)\)")
SORTS = re.compile(r"TEMP B-TREE|^(Incremental )?Sort\b")
"""How SQLite and PostgreSQL say that an index does not give the order that is wanted."""

ANY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Served:
    """How a lookup is served."""

    lookup: Lookup
    index: str
    """Empty when none serves it."""
    by: tuple[str, ...]
    """What is searched by, in the index's order."""
    plan: tuple[str, ...]
    """What the store said, word for word."""

    @property
    def is_well(self) -> bool:
        """Whether one index finds it by the tenant and then by all its keys, in the order that is wanted."""
        sorts = not self.lookup.unique and any(SORTS.search(line) for line in self.plan)
        is_found = {f"{key}=?" for key in self.lookup.keys} <= set(self.by)
        return bool(self.index) and self.by[:1] == ("tenant=?",) and is_found and not sorts


def served(model: Model) -> Iterator[Served]:
    """How each of a model's lookups is served, with all the bounds it can have."""
    schema = schema_of(model)
    with TemporaryDirectory(prefix="freehold-") as folder:
        file = str(Path(folder) / "data.db")
        with SqliteMigrations(file, schema) as migrations:
            migrations.up()
        connection = Connection(file, schema, writes=False)
        try:
            for pattern, listing in Book(model).listings.items():
                bound = ANY if pattern.span else None
                text = listing.text(Span(1, bound, bound))
                rows = connection.raw.execute(f"EXPLAIN QUERY PLAN {text}", [None] * text.count("?"))
                yield _served(pattern, tuple(str(row[3]) for row in rows))
        finally:
            connection.close()


def _served(pattern: Lookup, plan: tuple[str, ...]) -> Served:
    found = SEARCH.search(plan[0]) if plan else None
    if found is None:
        return Served(pattern, "", (), plan)
    return Served(pattern, found["index"], tuple(found["by"].split(" AND ")), plan)

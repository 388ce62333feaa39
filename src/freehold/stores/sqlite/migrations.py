"""Brings a SQLite file to a schema and back. Every migration applied is noted in the file, with both schemas."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Self

from freehold.model.finding import Finding, ModelError, Place
from freehold.stores.forms import Form, Plain, converted
from freehold.stores.migrate import UP, Applied, Progress, Step, agreed, is_to_go, label_of, steps, suffices, unseen
from freehold.stores.obstacles import Obstacle, Trouble
from freehold.stores.schema import Schema
from freehold.stores.sqlite.connection import PATIENCE
from freehold.stores.sqlite.ddl import BUSY, DELIVERIES, OWN
from freehold.stores.sqlite.rebuild import CONVERTED, Action, changed, created, dropped

LAST = "FROM freehold_schema ORDER BY number DESC LIMIT 1"


class SqliteMigrations:
    """Plans and applies. A context manager, since it holds the file open.

    Raises `ModelError` with FH301 for a breaking step that nobody asked for, FH304 for rows that stand in the way, and
    FH305 for a file that cannot be opened or is held by another program. Whatever it raises, the file is as it was.
    """

    def __init__(self, file: str, wanted: Schema, *, patience: float = PATIENCE) -> None:
        """Open the file, which is made, for its owner only, if it is not there."""
        self._wanted, self.place = wanted, Place(file, 0)
        with self._explained():
            Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            Path(file).touch(mode=0o600)
            self._raw = sqlite3.connect(file, timeout=patience, isolation_level=None)
        try:
            with self._explained():
                self._raw.create_function(CONVERTED, 3, _converted, deterministic=True)
                self._raw.execute("PRAGMA journal_mode = WAL")
                for statement in OWN:
                    self._raw.execute(statement)
        except ModelError:
            self._raw.close()
            raise

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Let go of the file."""
        self._raw.close()

    def status(self) -> list[Applied]:
        """What was applied, oldest first."""
        return [
            Applied(*row) for row in self._raw.execute("SELECT number, at, label FROM freehold_schema ORDER BY number")
        ]

    def present(self) -> Schema:
        """The schema that the file has."""
        row = self._raw.execute(f"SELECT after {LAST}").fetchone()
        return Schema.model_validate_json(row[0]) if row else Schema()

    def plan(self) -> list[Step]:
        """The steps to the model's schema."""
        return list(steps(self.present(), self._wanted))

    def up(self, *, breaking: bool = False, progress: Progress = unseen) -> list[Step]:  # noqa: ARG002  # one file
        """Apply the plan in one transaction, and return it. A breaking step needs `breaking`."""
        with self._transaction():
            old, new = self.present(), self._wanted
            plan = agreed(self.place, old, new, breaking=breaking)
            if plan:
                self._run(old, new, plan)
                values = (datetime.now(UTC).isoformat(), label_of(plan), old.model_dump_json(), new.model_dump_json())
                self._raw.execute("INSERT INTO freehold_schema (at, label, before, after) VALUES (?, ?, ?, ?)", values)
        return plan

    def down(
        self,
        *,
        number: int | None = None,
        breaking: bool = False,
        progress: Progress = unseen,  # noqa: ARG002  # one file
    ) -> list[Step]:
        """See `Migrations.down` of the port: in one transaction."""
        with self._transaction():
            row = self._raw.execute(f"SELECT number, before {LAST}").fetchone()
            if row is None or not is_to_go(self.place, row[0], number):
                return []
            old, new = self.present(), Schema.model_validate_json(row[1])
            plan = agreed(self.place, old, new, breaking=breaking)
            self._run(old, new, plan)
            self._raw.execute("DELETE FROM freehold_schema WHERE number = ?", (row[0],))
        return plan

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing; and nobody else migrates between looking at the schema and changing it."""
        with self._explained():
            self._raw.execute("BEGIN IMMEDIATE")
        try:
            with self._explained():
                yield
                self._raw.execute("COMMIT")
        finally:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            fix = "see that it is a database of freehold's, that there is room, and that no other program holds it"
            raise ModelError(
                [Finding("FH305", self.place, f"the database cannot be migrated: {error}", fix)]
            ) from error

    def _run(self, old: Schema, new: Schema, plan: list[Step]) -> None:
        for action in _actions(old, new, plan):
            if isinstance(action, Obstacle):
                self._look_for(action)
            else:
                self._raw.execute(action)
        if DELIVERIES in new.tables:
            self._raw.execute(BUSY)
        for table, orphans in self._orphans():
            parent = new.tables[table].parent
            trouble = Trouble(f"have no {parent}", f"remove them, or do not keep {table} within {parent}")
            self._refuse(table, orphans, trouble)

    def _look_for(self, obstacle: Obstacle) -> None:
        (count,) = self._raw.execute(obstacle.counting).fetchone()
        if count:
            self._refuse(obstacle.subject, count, obstacle.trouble)

    def _refuse(self, subject: str, count: int, trouble: Trouble) -> None:
        message = f"{subject}: rows that {trouble.wrong}: {count}; nothing was changed"
        raise ModelError([Finding("FH304", self.place, message, trouble.fix)])

    def _orphans(self) -> list[tuple[str, int]]:
        broken = sorted(table for table, *_ in self._raw.execute("PRAGMA foreign_key_check"))
        return [(table, len(list(rows))) for table, rows in groupby(broken)]


def check_fits(file: str, wanted: Schema) -> None:
    """Raises `ModelError` (FH303) unless the file has what a program with this schema needs."""
    place = Place(file, 0)
    if not Path(file).exists():
        raise ModelError([Finding("FH303", place, "there is no database yet", UP)])
    with SqliteMigrations(file, wanted) as migrations:
        lacking = list(suffices(migrations.present(), wanted))
    if lacking:
        raise ModelError(Finding("FH303", place, f"the database is behind the model: {step}", UP) for step in lacking)


def _actions(old: Schema, new: Schema, plan: list[Step]) -> Iterator[Action]:
    """Table by table, in the order of the plan: what is new first, what goes last."""
    for name, group in groupby(plan, key=lambda step: step.table.name):
        steps_of = list(group)
        if name not in old.tables:
            yield from created(new.tables[name])
        elif name not in new.tables:
            yield from dropped(old.tables[name])
        else:
            yield from changed(old.tables[name], new.tables[name], steps_of)


def _converted(value: Plain, old: str, new: str) -> Plain:
    return converted(value, Form(old), Form(new))

"""Brings a SQLite file to a schema and back. Every migration applied is noted in the file, with both schemas."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from freehold.model.finding import Finding, ModelError, Place
from freehold.stores.migrate import Change, Step, steps
from freehold.stores.schema import Column, Schema
from freehold.stores.sqlite.ddl import OWN, busy_index, column, create_index, create_table, index_name
from freehold.stores.sqlite.statements import quoted


@dataclass(frozen=True, slots=True)
class Applied:
    """One migration that was applied."""

    number: int
    at: str
    label: str


class Migrations:
    """Plans and applies. A context manager, since it holds the file open."""

    def __init__(self, file: str, wanted: Schema) -> None:
        """Open the file, which is made if it is not there."""
        self._wanted = wanted
        self.place = Place(file, 0)
        self._raw = sqlite3.connect(file, timeout=5.0, isolation_level=None)
        self._raw.execute("PRAGMA journal_mode = WAL")
        for statement in OWN:
            self._raw.execute(statement)

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let go of the file."""
        self._raw.close()

    def status(self) -> list[Applied]:
        """What was applied, oldest first."""
        return [Applied(*row) for row in self._raw.execute("SELECT number, at, label FROM freehold_schema ORDER BY number")]

    def plan(self) -> list[Step]:
        """The steps to the model's schema."""
        return list(steps(self._present(), self._wanted))

    def up(self, *, breaking: bool = False) -> list[Step]:
        """Apply the plan in one transaction. Raises `ModelError` (FH301) for a breaking step, unless `breaking`."""
        return self._apply(self._present(), self._wanted, breaking=breaking)

    def down(self, *, breaking: bool = False) -> list[Step]:
        """Undo the last migration, in one transaction. Raises `ModelError` for a step that loses data, unless `breaking`."""
        row = self._raw.execute("SELECT before, after FROM freehold_schema ORDER BY number DESC LIMIT 1").fetchone()
        if row is None:
            return []
        return self._apply(Schema.model_validate_json(row[1]), Schema.model_validate_json(row[0]), breaking=breaking, undo=True)

    def _present(self) -> Schema:
        row = self._raw.execute("SELECT after FROM freehold_schema ORDER BY number DESC LIMIT 1").fetchone()
        return Schema.model_validate_json(row[0]) if row else Schema()

    def _apply(self, old: Schema, new: Schema, *, breaking: bool, undo: bool = False) -> list[Step]:
        plan = list(steps(old, new))
        refused = [step for step in plan if step.is_breaking]
        if refused and not breaking:
            fix = "look at `freehold migrate plan`, and pass --breaking if you mean it"
            raise ModelError(Finding("FH301", self.place, str(step), fix) for step in refused)
        if plan:
            self._raw.execute("PRAGMA foreign_keys = OFF")
            self._raw.execute("BEGIN IMMEDIATE")
            try:
                self._run(plan, new)
                self._note(old, new, plan, undo=undo)
                self._raw.execute("COMMIT")
            except BaseException:
                self._raw.execute("ROLLBACK")
                raise
        return plan

    def _run(self, plan: Iterable[Step], new: Schema) -> None:
        for step in plan:
            for statement in _statements(step, new):
                self._raw.execute(statement)
        if "freehold_delivery" in new.tables:
            self._raw.execute(busy_index())

    def _note(self, old: Schema, new: Schema, plan: list[Step], *, undo: bool) -> None:
        if undo:
            self._raw.execute("DELETE FROM freehold_schema WHERE number = (SELECT max(number) FROM freehold_schema)")
            return
        label = "breaking" if any(step.is_breaking for step in plan) else "safe"
        values = (datetime.now(UTC).isoformat(), label, old.model_dump_json(), new.model_dump_json())
        self._raw.execute("INSERT INTO freehold_schema (at, label, before, after) VALUES (?, ?, ?, ?)", values)


def _statements(step: Step, new: Schema) -> Iterator[str]:
    table = quoted(step.table.name)
    match step:
        case Step(Change.CREATE_TABLE):
            yield create_table(step.table)
        case Step(Change.DROP_TABLE):
            yield f"DROP TABLE {table}"
        case Step(Change.ADD_COLUMN, is_breaking=True):
            yield from _rebuilt(step, new, without=step.column)
        case Step(Change.ADD_COLUMN, column=added) if added is not None:
            yield f"ALTER TABLE {table} ADD COLUMN {column(added)}"
        case Step(Change.DROP_COLUMN, column=dropped) if dropped is not None:
            yield f"ALTER TABLE {table} DROP COLUMN {quoted(dropped.name)}"
        case Step(Change.CREATE_INDEX, index=index) if index is not None:
            yield create_index(step.table, index)
        case Step(Change.DROP_INDEX, index=index) if index is not None:
            yield f"DROP INDEX {index_name(step.table, index)}"
        case Step(Change.ALTER_COLUMN):
            yield from _rebuilt(step, new)


def _rebuilt(step: Step, new: Schema, without: Column | None = None) -> Iterator[str]:
    """SQLite cannot alter a column: make the table anew and copy, as its documentation says (lang_altertable, 7)."""
    table = new.tables[step.table.name]
    copy = table.model_copy(update={"name": f"{table.name}__new"})
    names = ", ".join(("tenant", *(quoted(of.name) for of in table.columns if of != without)))
    yield create_table(copy)
    yield f"INSERT INTO {quoted(copy.name)} ({names}) SELECT {names} FROM {quoted(table.name)}"
    yield f"DROP TABLE {quoted(table.name)}"
    yield f"ALTER TABLE {quoted(copy.name)} RENAME TO {quoted(table.name)}"
    for index in table.indexes:
        yield create_index(table, index)

"""The way from one schema to another: steps, each labelled safe or breaking before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from freehold.stores.schema import Column, Index, Schema, Table


class Change(StrEnum):
    """What a step does."""

    CREATE_TABLE = "create table"
    DROP_TABLE = "drop table"
    ADD_COLUMN = "add column"
    DROP_COLUMN = "drop column"
    ALTER_COLUMN = "alter column"
    CREATE_INDEX = "create index"
    DROP_INDEX = "drop index"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `why` says what breaks; None means that old code and old data live on unharmed."""

    change: Change
    table: Table
    column: Column | None = None
    index: Index | None = None
    why: str | None = None

    @property
    def is_breaking(self) -> bool:
        """Whether running programs or data may suffer."""
        return self.why is not None

    def __str__(self) -> str:
        """As `freehold migrate plan` shows it."""
        what = f"{self.table.name}.{(self.column or self.index).name}" if self.column or self.index else self.table.name  # type: ignore[union-attr]  # one of both is there
        label = f"BREAKING  {self.change.value} {what}: {self.why}" if self.why else f"safe      {self.change.value} {what}"
        return label


def steps(old: Schema, new: Schema) -> Iterator[Step]:
    """The steps from `old` to `new`: what is needed first comes first."""
    for name, table in new.tables.items():
        if name not in old.tables:
            yield from _created(table)
    for name, table in new.tables.items():
        if name in old.tables:
            yield from _changed(old.tables[name], table)
    for name in reversed(_parents_first(old)):
        if name not in new.tables:
            yield Step(Change.DROP_TABLE, old.tables[name], why="everything in it is lost")


def _created(table: Table) -> Iterator[Step]:
    yield Step(Change.CREATE_TABLE, table)
    for index in table.indexes:
        yield Step(Change.CREATE_INDEX, table, index=index)


def _changed(old: Table, new: Table) -> Iterator[Step]:
    before, after = {c.name: c for c in old.columns}, {c.name: c for c in new.columns}
    if old.parent != new.parent or old.parent_field != new.parent_field:
        yield Step(Change.DROP_TABLE, old, why="what it is within has changed: everything in it is lost")
        yield from _created(new)
        return
    for index in old.indexes:
        if index not in new.indexes:
            yield Step(Change.DROP_INDEX, old, index=index)
    for name, column in after.items():
        if name not in before:
            lacking = None if column.nullable or column.has_default else "rows that exist have no value for it: give it a default"
            yield Step(Change.ADD_COLUMN, new, column, why=lacking)
    for name, column in before.items():
        if name not in after:
            yield Step(Change.DROP_COLUMN, old, column, why="what is in it is lost")
    for name, column in after.items():
        if name in before and (why := _difference(before[name], column)) is not None:
            yield Step(Change.ALTER_COLUMN, new, column, why=why or None)
    for index in new.indexes:
        if index not in old.indexes:
            risk = "values that exist twice make it fail" if index.unique else None
            yield Step(Change.CREATE_INDEX, new, index=index, why=risk)


def _difference(old: Column, new: Column) -> str | None:
    """None: the same. Empty: different, and safe. Otherwise what breaks."""
    if old.type != new.type:
        return f"its type changes from {old.type} to {new.type}"
    if old.nullable and not new.nullable:
        return "rows that exist may have no value for it"
    return "" if old.nullable != new.nullable else None


def _parents_first(schema: Schema) -> list[str]:
    done: list[str] = []
    waiting = list(schema.tables)
    while waiting:
        ready = [name for name in waiting if schema.tables[name].parent not in waiting]
        done += ready
        waiting = [name for name in waiting if name not in ready]
    return done

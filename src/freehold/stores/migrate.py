"""The way from one schema to another: steps, each labelled safe or breaking before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

from freehold.model.finding import Finding, ModelError, Place
from freehold.stores.schema import Column, Index, Schema, Table

MIGRATE = "freehold migrate up"
UP = f"run `{MIGRATE}`"
"""What to do about a store that is behind. Who has called it with options names them."""


@dataclass(frozen=True, slots=True)
class Applied:
    """One migration that was applied, and how many grounds have it as their newest."""

    number: int
    at: str
    label: str
    grounds: int = 1


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a migration has come: grounds done, in all, and left behind; and after how many seconds."""

    done: int
    total: int
    failed: int
    seconds: float


Progress = Callable[[Stage], None]


def unseen(stage: Stage) -> None:
    """Show nobody how far it has come."""
    del stage


class Migrations(Protocol):
    """Brings a store to a model's schema and back. A context manager, since it holds the store open.

    Raises `ModelError`: FH301 for a breaking step that nobody asked for, FH304 for rows that stand in the way, FH305
    and FH306 for a store that cannot be opened, FH307 for grounds that were left behind.
    """

    place: Place
    """Which store that is, for messages."""

    def __enter__(self) -> Self:
        """Use it for a block."""
        ...

    def __exit__(self, *raised: object) -> None:
        """Let go of the store."""
        ...

    def status(self) -> list[Applied]:
        """What was applied, oldest first."""
        ...

    def present(self) -> Schema:
        """The schema that the store has."""
        ...

    def plan(self) -> list[Step]:
        """The steps to the model's schema. Changes nothing."""
        ...

    def up(self, *, breaking: bool = False, progress: Progress = unseen) -> list[Step]:
        """Make the steps, and go on with what an earlier run has left. A breaking step needs `breaking`."""
        ...

    def down(self, *, number: int | None = None, breaking: bool = False, progress: Progress = unseen) -> list[Step]:
        """Undo the last migration, if it is the one of this `number`. A step that loses data needs `breaking`.

        Nothing is done where that one is undone already. Raises `ModelError` (FH317) where others came after it.
        """
        ...


class Change(StrEnum):
    """What a step does."""

    CREATE_TABLE = "create table"
    DROP_TABLE = "drop table"
    MOVE_TABLE = "move table"
    ADD_COLUMN = "add column"
    DROP_COLUMN = "drop column"
    ALTER_COLUMN = "alter column"
    CREATE_INDEX = "create index"
    DROP_INDEX = "drop index"
    ADD_GLOBAL_INDEX = "add to the table"
    """An index that several kinds share."""
    REWRITE = "write again every"
    """Each item of a kind, so that it lies where it is looked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `why` says what breaks; None means that old code and old data live on unharmed."""

    change: Change
    table: Table
    column: Column | None = None
    index: Index | None = None
    why: str | None = None
    before: Column | None = None
    """What an altered column was."""

    @property
    def is_breaking(self) -> bool:
        """Whether running programs or data may suffer."""
        return self.why is not None

    @property
    def subject(self) -> str:
        """The table, and the column or index in it, if it is about one."""
        part = self.column or self.index
        return f"{self.table.name}.{part.name}" if part else self.table.name

    @property
    def is_on_paper(self) -> bool:
        """Whether it only notes which values a column may hold: the column itself stays as it is."""
        return _differ_in_choices_only(self.before, self.column)

    def __str__(self) -> str:
        """As `freehold migrate plan` shows it."""
        what = f"{self.change.value} {self.subject}"
        return f"BREAKING  {what}: {self.why}" if self.why else f"safe      {what}"


def steps(old: Schema, new: Schema) -> Iterator[Step]:
    """The steps from `old` to `new`: what is needed first comes first. A renamed thing is one dropped and one added."""
    for name, table in new.tables.items():
        if name not in old.tables:
            yield Step(Change.CREATE_TABLE, table)
            yield from (Step(Change.CREATE_INDEX, table, index=index) for index in table.indexes)
    for name, table in new.tables.items():
        if name in old.tables:
            yield from _changed(old.tables[name], table)
    for name in reversed(parents_first(old)):
        if name not in new.tables:
            yield Step(Change.DROP_TABLE, old.tables[name], why="everything in it is lost")


def agreed(place: Place, old: Schema, new: Schema, *, breaking: bool) -> list[Step]:
    """The steps, if they may be made. Raises `ModelError` (FH301) for breaking ones that nobody asked for."""
    plan = list(steps(old, new))
    refused = [step for step in plan if step.is_breaking]
    if refused and not breaking:
        fix = "look at `freehold migrate plan`, and pass --breaking if you mean it"
        raise ModelError(Finding("FH301", place, str(step), fix) for step in refused)
    return plan


def is_to_go(place: Place, last: int, number: int | None) -> bool:
    """Whether the last migration is the one to undo: that of this number, or whichever it is.

    Raises `ModelError` (FH317) for one that others came after.
    """
    if number is not None and number < last:
        message, fix = (
            f"{last} came after migration {number}",
            "undo them one by one; `freehold migrate status` lists them",
        )
        raise ModelError([Finding("FH317", place, message, fix)])
    return number in (None, last)


def label_of(plan: Iterable[Step]) -> str:
    """What a migration is noted as."""
    return "breaking" if any(step.is_breaking for step in plan) else "safe"


def suffices(present: Schema, wanted: Schema) -> Iterator[Step]:
    """What a program that wants `wanted` lacks in `present`. More than it needs does no harm.

    So a program goes on while the next version's schema is already there, as long as that has only added to its own.
    """
    for step in steps(present, wanted):
        surplus = step.change in (Change.DROP_TABLE, Change.DROP_INDEX)
        unneeded = step.change is Change.DROP_COLUMN and step.column is not None and _fills_itself(step.column)
        if not (surplus or unneeded or step.is_on_paper):
            yield step


def _changed(old: Table, new: Table) -> Iterator[Step]:
    yield from (Step(Change.DROP_INDEX, old, index=index) for index in old.indexes if index not in new.indexes)
    yield from _columns(old, new)
    for index in new.indexes:
        if index not in old.indexes:
            risk = "values that exist twice make it fail" if index.unique else None
            yield Step(Change.CREATE_INDEX, new, index=index, why=risk)


def _columns(old: Table, new: Table) -> Iterator[Step]:
    before, after = {c.name: c for c in old.columns}, {c.name: c for c in new.columns}
    for name, column in after.items():
        if name not in before:
            lacking = None if _fills_itself(column) else "rows that exist have no value for it: give it a default"
            yield Step(Change.ADD_COLUMN, new, column, why=lacking)
    for name, column in after.items():
        if name in before and (why := _difference(before[name], column)) is not None:
            yield Step(Change.ALTER_COLUMN, new, column, why=why or None, before=before[name])
    if (old.parent, old.parent_field) != (new.parent, new.parent_field):
        orphans = f"rows whose {new.parent} is not there make it fail" if new.parent else None
        yield Step(Change.MOVE_TABLE, new, why=orphans)
    for name, column in before.items():
        if name not in after:
            yield Step(Change.DROP_COLUMN, old, column, why="what is in it is lost")


def _fills_itself(column: Column) -> bool:
    return column.nullable or column.has_default


def _difference(old: Column, new: Column) -> str | None:
    """None: the same. Empty: different, and safe. Otherwise what breaks."""
    if old.form != new.form:
        return f"its type changes from {old.form} to {new.form}"
    if old.nullable and not new.nullable:
        return "rows that exist may have no value for it"
    if new.choices and (gone := set(old.choices) - set(new.choices) if old.choices else {"something else"}):
        return f"rows that exist may hold {', '.join(sorted(map(str, gone)))}"
    return "" if (old.nullable, old.choices) != (new.nullable, new.choices) else None


def _differ_in_choices_only(old: Column | None, new: Column | None) -> bool:
    return old is not None and new is not None and (old.form, old.nullable) == (new.form, new.nullable)


def parents_first(schema: Schema) -> list[str]:
    """The names of all tables, each after the one it is within."""
    done: list[str] = []
    waiting = list(schema.tables)
    while waiting:
        ready = [name for name in waiting if schema.tables[name].parent not in waiting]
        done += ready
        waiting = [name for name in waiting if name not in ready]
    return done

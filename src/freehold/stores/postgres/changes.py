"""What a migration's steps mean in PostgreSQL: statements for one ground, and values that only Python can convert."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from freehold.stores.migrate import Change, Step
from freehold.stores.obstacles import Counting, Obstacle, Trouble
from freehold.stores.postgres.ddl import column, create_index, created, index_name, literal, parent, text
from freehold.stores.postgres.names import GROUND, quoted
from freehold.stores.postgres.types import COLUMNS
from freehold.stores.schema import Column, Index, Schema, Table


@dataclass(frozen=True, slots=True)
class Conversion:
    """A column whose values are to be of another form: those of `old` are read, and written into `into`."""

    table: str
    old: Column
    new: Column
    into: str
    subject: str


Action = str | Conversion


def actions(old: Schema, new: Schema, plan: Sequence[Step], *, platform: bool, shared: bool) -> Iterator[Action]:
    """All that is to be done on one ground, in the order of the plan."""
    for name, group in groupby(plan, key=lambda step: step.table.name):
        steps = list(group)
        table = new.tables.get(name) or old.tables[name]
        if not table.is_on(platform=platform):
            continue
        if name not in old.tables:
            yield from created(table, shared=shared)
            yield from _granted(table)
        elif name not in new.tables:
            yield f"DROP TABLE {_named(table)} CASCADE"
        else:
            yield from _changed(old.tables[name], table, steps)


def obstacles(plan: Sequence[Step], *, platform: bool) -> Iterator[Obstacle]:
    """What is to be looked for on a ground before anything is done."""
    fresh = {step.subject for step in plan if step.change in (Change.CREATE_TABLE, Change.ADD_COLUMN)}
    for step in plan:
        if step.why is not None and step.table.is_on(platform=platform):
            yield from COUNTING.of(step)
            if step.change is Change.CREATE_INDEX and step.index is not None and step.index.unique:
                yield COUNTING.doubles(step.table, step.index)
            if step.change is Change.MOVE_TABLE and step.table.parent:
                yield _orphans(step.table, fresh)


def conversions(plan: Sequence[Step], *, platform: bool) -> Iterator[Conversion]:
    """The columns of a ground whose values are to be of another form."""
    for step in plan:
        if step.table.is_on(platform=platform):
            yield from (one for one in _made(step.table, step.table, step) if isinstance(one, Conversion))


def _named(table: Table) -> str:
    return f"{GROUND}.{quoted(table.name)}"


def _granted(table: Table) -> Iterator[str]:
    yield f'GRANT SELECT, INSERT, UPDATE, DELETE ON {_named(table)} TO "role"'


def _changed(old: Table, new: Table, steps: Sequence[Step]) -> Iterator[Action]:
    """A table that stays. Indexes whose column changes are made anew, since they are written as the column is."""
    touched = {step.column.name for step in steps if step.change is Change.ALTER_COLUMN and step.column}
    again = [
        index for index in new.indexes
        if index in old.indexes and touched & {index.order, *index.keys}
    ]  # fmt: skip
    for index in again:
        yield f"DROP INDEX {GROUND}.{index_name(old, index)}"
    for step in steps:
        yield from _made(old, new, step)
    for index in again:
        yield create_index(new, index)


def _made(old: Table, new: Table, step: Step) -> Iterator[Action]:
    table = _named(step.table)
    match step:
        case Step(Change.ADD_COLUMN, column=Column() as added):
            yield f"ALTER TABLE {table} ADD COLUMN {column(added)}"
        case Step(Change.DROP_COLUMN, column=Column() as gone):
            yield f"ALTER TABLE {table} DROP COLUMN {quoted(gone.name)}"
        case Step(Change.DROP_INDEX, index=Index() as index):
            yield f"DROP INDEX {GROUND}.{index_name(step.table, index)}"
        case Step(Change.CREATE_INDEX, index=Index() as index):
            yield create_index(new, index)
        case Step(Change.ALTER_COLUMN, column=Column() as after, before=Column() as before):
            yield from _altered(table, before, after, step.subject)
        case Step(Change.MOVE_TABLE):
            if old.parent:
                yield f"ALTER TABLE {table} DROP CONSTRAINT {quoted(f'{old.name}.within')}"
            if new.parent:
                yield f"ALTER TABLE {table} ADD {parent(new)}"


def _altered(table: str, before: Column, after: Column, subject: str) -> Iterator[Action]:
    name = quoted(after.name)
    if before.form != after.form:  # expand, fill, contract
        into = f"{after.name}__new"
        yield f"ALTER TABLE {table} ADD COLUMN {quoted(into)} {COLUMNS[after.form]}"
        yield Conversion(table, before, after, into, subject)
        yield f"ALTER TABLE {table} DROP COLUMN {name}"
        yield f"ALTER TABLE {table} RENAME COLUMN {quoted(into)} TO {name}"
    default = "DROP DEFAULT" if after.default is None else f"SET DEFAULT {literal(after)}"
    yield f"ALTER TABLE {table} ALTER COLUMN {name} {default}"
    if after.default is not None and not after.nullable:
        yield f"UPDATE {table} SET {name} = {literal(after)} WHERE {name} IS NULL"
    yield f"ALTER TABLE {table} ALTER COLUMN {name} {'DROP' if after.nullable else 'SET'} NOT NULL"


def _orphans(table: Table, fresh: set[str]) -> Obstacle:
    """Rows whose parent is not there. `fresh` are tables and columns that are still to be made."""
    query = f"SELECT count(*) FROM {_named(table)} AS child"
    field, above = quoted(str(table.parent_field)), quoted(str(table.parent))
    if not fresh & {str(table.parent), f"{table.name}.{table.parent_field}"}:
        same = f"parent.tenant = child.tenant AND parent.id = child.{field}"
        query += f" WHERE NOT EXISTS (SELECT FROM {GROUND}.{above} AS parent WHERE {same})"
    trouble = Trouble(f"have no {table.parent}", "remove those rows, or make what they should be within")
    return Obstacle(query, table.name, trouble)


COUNTING = Counting(_named, quoted, text)

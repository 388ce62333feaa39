"""What a migration's steps mean in SQLite: statements, and what is to be looked for before them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from freehold.stores.migrate import Change, Step
from freehold.stores.obstacles import Counting, Obstacle, no_form
from freehold.stores.schema import Column, Index, Table
from freehold.stores.sqlite.ddl import column, create_index, create_table, index_name, literal, text
from freehold.stores.sqlite.statements import quoted

CONVERTED = "freehold_converted"
"""The SQL function of three arguments that is `freehold.stores.forms.converted`."""


Action = str | Obstacle


def created(table: Table) -> Iterator[Action]:
    """A new table with its indexes."""
    yield create_table(table)
    yield from (create_index(table, index) for index in table.indexes)


def changed(old: Table, new: Table, steps: Sequence[Step]) -> Iterator[Action]:
    """A table that stays, with what changes in it."""
    yield from (obstacle for step in steps for obstacle in _obstacles(step))
    if any(map(_needs_rebuild, steps)):
        yield from _rebuilt(old, new)
        yield from _indexed(new, new.indexes)
    else:
        yield from (statement for step in steps for statement in _in_place(step))
        yield from _indexed(new, [step.index for step in steps if step.index and step.change is Change.CREATE_INDEX])


def dropped(table: Table) -> Iterator[Action]:
    """A table that goes."""
    yield f"DROP TABLE {quoted(table.name)}"


def _needs_rebuild(step: Step) -> bool:
    """SQLite adds and drops columns where they are; it alters none, and adds none that nothing fills."""
    match step:
        case Step(Change.ADD_COLUMN, column=Column() as added):
            return (added.default is None and not added.nullable) or "\x00" in str(added.default)
        case Step(Change.ALTER_COLUMN):
            return not step.is_on_paper
    return step.change is Change.MOVE_TABLE


def _in_place(step: Step) -> Iterator[Action]:
    table = quoted(step.table.name)
    match step:
        case Step(Change.ADD_COLUMN, column=Column() as added):
            yield f"ALTER TABLE {table} ADD COLUMN {column(added)}"
        case Step(Change.DROP_COLUMN, column=Column() as gone):
            yield f"ALTER TABLE {table} DROP COLUMN {quoted(gone.name)}"
        case Step(Change.DROP_INDEX, index=Index() as index):
            yield f"DROP INDEX {index_name(step.table, index)}"


def _rebuilt(old: Table, new: Table) -> Iterator[Action]:
    """Make the table anew and copy, as SQLite's documentation says (lang_altertable, 7). Indexes go with it."""
    before = {of.name: of for of in old.columns}
    names = ", ".join(("tenant", *(quoted(of.name) for of in new.columns)))
    values = ", ".join(("tenant", *(_value(before.get(of.name), of) for of in new.columns)))
    table, copy = quoted(new.name), f"{new.name}__new"
    yield create_table(new, copy)
    yield f"INSERT INTO {quoted(copy)} ({names}) SELECT {values} FROM {table}"
    yield f"DROP TABLE {table}"
    yield f"ALTER TABLE {quoted(copy)} RENAME TO {table}"


def _value(old: Column | None, new: Column) -> str:
    """What a copied row has in a column: what it had, in its new form; or what it gets where it had nothing."""
    if old is None:
        return literal(new)
    value = quoted(new.name) if old.form == new.form else _converted(old, new)
    return value if new.nullable or new.default is None else f"coalesce({value}, {literal(new)})"


def _converted(old: Column, new: Column) -> str:
    return f"{CONVERTED}({quoted(old.name)}, {text(old.form)}, {text(new.form)})"


def _indexed(table: Table, indexes: Sequence[Index]) -> Iterator[Action]:
    for index in indexes:
        if index.unique:
            yield COUNTING.doubles(table, index)
        yield create_index(table, index)


def _obstacles(step: Step) -> Iterator[Obstacle]:
    yield from COUNTING.of(step)
    new, old = step.column, step.before
    if new is not None and old is not None and step.why is not None and old.form != new.form:
        lost = f"{quoted(new.name)} IS NOT NULL AND {_converted(old, new)} IS NULL"
        counting = f"SELECT count(*) FROM {_named(step.table)} WHERE {lost}"
        yield Obstacle(counting, step.subject, no_form(new.form))


def _named(table: Table) -> str:
    return quoted(table.name)


COUNTING = Counting(_named, quoted, text)

"""What stands in the way of a migration: what is wrong with rows, and what can be done. Every store says it so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from freehold.stores.forms import Form
from freehold.stores.migrate import Change, Step
from freehold.stores.schema import Index, Table


class Trouble(NamedTuple):
    """What is wrong with rows, as it follows on "rows that", and what can be done about it."""

    wrong: str
    fix: str


NO_VALUE = Trouble("have no value for it", "give the field a default, or let it be None")
NO_CHOICE = Trouble("hold a value that is not among its choices any more", "keep the value until nothing has it")


def no_form(form: Form) -> Trouble:
    """Of values that cannot be converted."""
    return Trouble(f"hold what is no {form}", "give the new field another name, and fill it by a command of yours")


def twice(keys: tuple[str, ...]) -> Trouble:
    """Of values that must be unique and are not."""
    return Trouble(f"have the same {' and '.join(keys)} as another", "make them differ, or let the lookup find many")


class Obstacle(NamedTuple):
    """Rows that would stand in the way: the statement that counts them, and what is wrong with them."""

    counting: str
    subject: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Counting:
    """How a database is asked in SQL for what stands in the way."""

    named: Callable[[Table], str]
    """A table as its SQL writes it."""
    quoted: Callable[[str], str]
    """A column as its SQL writes it."""
    text: Callable[[str], str]
    """A text as its SQL writes it."""

    def of(self, step: Step) -> Iterator[Obstacle]:
        """What may be wrong with the values of a column, but for those that are converted."""
        new, old, rows = step.column, step.before, f"SELECT count(*) FROM {self.named(step.table)}"
        if new is None or step.why is None:
            return
        name = self.quoted(new.name)
        if step.change is Change.ADD_COLUMN:
            yield Obstacle(rows, step.subject, NO_VALUE)
        if step.change is not Change.ALTER_COLUMN or old is None:
            return
        if old.nullable and not new.nullable and new.default is None:
            yield Obstacle(f"{rows} WHERE {name} IS NULL", step.subject, NO_VALUE)
        if old.form == new.form and new.choices:
            known = ", ".join(self.text(value) if isinstance(value, str) else str(value) for value in new.choices)
            yield Obstacle(f"{rows} WHERE {name} NOT IN ({known})", step.subject, NO_CHOICE)

    def doubles(self, table: Table, index: Index) -> Obstacle:
        """Values that are to be unique in each tenant and are there more than once."""
        keys = ", ".join(("tenant", *map(self.quoted, index.keys)))
        there = " AND ".join(f"{self.quoted(key)} IS NOT NULL" for key in index.keys)
        several = f"SELECT 1 FROM {self.named(table)} WHERE {there} GROUP BY {keys} HAVING count(*) > 1"
        counting = f"SELECT count(*) FROM ({several}) AS several"
        return Obstacle(counting, f"{table.name}.{index.name}", twice(index.keys))

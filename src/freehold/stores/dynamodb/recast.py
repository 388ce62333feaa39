"""Items of one schema as items of another: each field converted as every store converts it."""

from __future__ import annotations

from collections.abc import Callable

from freehold.model.finding import Finding, Place
from freehold.stores import forms
from freehold.stores.dynamodb.items import CODECS, TYPES, Attribute, Item
from freehold.stores.forms import Codec, Form, Plain, converted, plainly
from freehold.stores.migrate import Change, Step
from freehold.stores.obstacles import NO_CHOICE, NO_VALUE, Trouble, no_form
from freehold.stores.schema import Column, Table


class Blocked(Exception):
    """An item that stands in the way of a migration: what of, and what is wrong with it."""

    def __init__(self, subject: str, trouble: Trouble) -> None:
        """Say so."""
        super().__init__(f"{subject}: {trouble.wrong}")
        self.subject, self.trouble = subject, trouble

    def finding(self, place: Place, tenant: str) -> Finding:
        """As it is told."""
        message = f"tenant {tenant}: {self.subject}: items that {self.trouble.wrong}"
        return Finding("FH304", place, message, self.trouble.fix)


def touches(step: Step) -> bool:
    """Whether a step changes what items are to hold. A field that is new does not: its default is read without it."""
    if step.change is Change.DROP_INDEX:
        return step.index is not None and step.index.unique
    if step.change is Change.ADD_COLUMN and step.column is not None:
        return not (step.column.nullable or step.column.has_default)
    return step.change is not Change.CREATE_TABLE and not step.is_on_paper


def recast(item: Item, old: Table, new: Table) -> dict[str, Attribute]:
    """The fields of an item that was written by `old`, as `new` has them. Raises `Blocked` for what has no meaning."""
    before = {column.name: column for column in old.columns}
    fields: dict[str, Attribute] = {}
    for column in new.columns:
        held, was = item.get(column.name), before.get(column.name)
        value = _filled(f"{new.name}.{column.name}", column, was, held)
        if value is not None:
            fields[column.name] = value
    return fields


def _filled(subject: str, column: Column, was: Column | None, held: Attribute | None) -> Attribute | None:
    if was is not None and held is not None:
        made = held
        if was.form != column.form:
            value = _converted(_plain(held), was.form, column.form)
            if value is None:
                raise Blocked(subject, no_form(column.form))
            made = {_type(column.form): value}
        if column.choices and _plain(made) not in column.choices:
            raise Blocked(subject, NO_CHOICE)
        return made
    if column.nullable:
        return None
    if column.has_default and column.default is not None:
        return {_type(column.form): _items_own(column.default, column.form)}
    raise Blocked(subject, NO_VALUE)


def _converted(value: Plain, old: Form, new: Form) -> Plain:
    """A value of an item in another form: converted as it is everywhere, between the ways in which items write."""
    meant = converted(_through(value, CODECS.get(old), forms.CODECS.get(old)), old, new)
    return None if meant is None else _items_own(meant, new)


def _items_own(value: Plain, form: Form) -> Plain:
    """What a schema says of a value, as items write it."""
    return _through(value, forms.CODECS.get(form), CODECS.get(form))


def _through(value: Plain, read: Codec | None, write: Codec | None) -> Plain:
    if read is None or write is None:  # JSON is the same everywhere
        return value
    decode: Callable[[Plain], object] = read.decode or (lambda plain: plain)
    meant = decode(value)
    return plainly(meant) if write.encode is None else write.encode(meant)


def _type(form: Form) -> str:
    return TYPES.get(form, "S")


def _plain(held: Attribute) -> Plain:
    kind, value = next(iter(held.items()))
    return int(str(value)) if kind == "N" else plainly(value)

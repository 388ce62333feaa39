"""Entities as lines of JSON that are the same whichever store they come from, and come back as they were."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic_core import from_json, to_json

from freehold.model.data import Entity
from freehold.model.names import ID_FORM
from freehold.runtime.failures import Invalid
from freehold.stores.forms import Form, Plain
from freehold.stores.rows import RowCodec
from freehold.stores.schema import Column, Table

LONGEST = 16 * 1024 * 1024
"""Bytes that a line may have: what is longer is no line of ours."""

_NUMBERS = {Form.INTEGER: (int,), Form.BOOLEAN: (int,), Form.REAL: (float,)}


class Unreadable(ValueError):
    """A line is none of ours, or does not fit the model. The message says why, and quotes nothing of it."""


class Lines:
    """One kind of entity as lines: its fields by name, sorted, each in the form that stores keep."""

    def __init__(self, kind: type[Entity], table: Table) -> None:
        """`table` is the kind in the schema of the model that reads and writes."""
        self.kind = kind
        self._codec = RowCodec(kind)
        self._columns = {column.name: column for column in table.columns}
        self._order = sorted(range(len(self._codec.names)), key=lambda place: self._codec.names[place])
        self._unordered = {name for name, info in kind.model_fields.items() if "set[" in str(info.annotation)}

    def write(self, entity: Entity) -> bytes:
        """The line of an entity, with its end. Raises `Unreadable` for one that is too long to be read again."""
        row, names = self._codec.encode(entity, ""), self._codec.names
        fields = {names[place]: row[place] for place in self._order}
        for name in self._unordered:
            if isinstance(held := entity.__dict__[name], (set, frozenset)) and held:
                fields[name] = _sorted(str(fields[name]))
        line = to_json(fields) + b"\n"
        if len(line) > LONGEST:
            message = f"one {self.kind.__name__} is longer than {LONGEST} bytes"
            raise Unreadable(message)
        return line

    def read(self, line: bytes) -> Entity:
        """The entity of a line. What the line lacks is as the model says. Raises `Unreadable`."""
        found = from_json(line)
        if not isinstance(found, dict) or not found.keys() <= self._columns.keys():
            message = f"a line holds no {self.kind.__name__}"
            raise Unreadable(message)
        row = [self._value(self._columns[name], found) for name in self._codec.names]
        try:
            entity = self._codec.decode([*row, ""])[1]
            again = self._codec.encode(entity, "")
        except (ArithmeticError, Invalid, LookupError, TypeError, ValueError) as error:
            message = f"a line holds no {self.kind.__name__}: {type(error).__name__}"
            raise Unreadable(message) from None
        for name, one, other in zip(self._codec.names, row, again, strict=False):  # what is read leniently is not ours
            if one != other and self._columns[name].form is not Form.JSON:
                message = f"{name} of a {self.kind.__name__} is not as it would be written"
                raise Unreadable(message)
        return entity

    def _value(self, column: Column, found: Mapping[str, object]) -> Plain:
        if column.name not in found and not (column.has_default or column.nullable):
            message = f"a {self.kind.__name__} has no {column.name}"
            raise Unreadable(message)
        value = found.get(column.name, column.default)
        fits = value is None and column.nullable
        if not fits and type(value) in _NUMBERS.get(column.form, (str,)):
            is_id = column.form is not Form.ID or ID_FORM.fullmatch(str(value)) is not None
            fits = is_id and (not column.choices or value in column.choices)
        if not fits:
            message = f"{column.name} of a {self.kind.__name__} is no {column.form.value}"
            raise Unreadable(message)
        return value  # type: ignore[return-value]  # it is what its form says


def _sorted(text: str) -> str:
    """A set in JSON, in an order of its own: Python's differs from process to process."""
    return json.dumps(sorted(json.loads(text), key=json.dumps), separators=(",", ":"), ensure_ascii=False)

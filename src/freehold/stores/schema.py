"""What the model means for a database: tables, columns and indexes, as values that can be written down and compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Literal, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticUndefined

from freehold.model.check import parent_field
from freehold.model.data import Entity, Id
from freehold.model.lookup import Lookup, is_optional, plain
from freehold.model.model import Model, table_of

TEXT, INTEGER, REAL, JSON = "text", "integer", "real", "json"


class Column(BaseModel, frozen=True):
    """A column: one field of an entity. `default` is what rows that exist get when it is added."""

    name: str
    type: str
    nullable: bool = False
    default: str | int | float | None = None
    has_default: bool = False


class Index(BaseModel, frozen=True):
    """An index: the tenant, the key fields, then the order field and the id."""

    name: str
    keys: tuple[str, ...]
    order: str = "id"
    unique: bool = False


class Table(BaseModel, frozen=True):
    """A table: one kind of entity."""

    name: str
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...] = ()
    parent: str | None = None
    parent_field: str | None = None


class Schema(BaseModel, frozen=True):
    """All tables, by name."""

    tables: dict[str, Table] = {}


@dataclass(frozen=True, slots=True)
class Kept:
    """How a type is kept: the column type, and whether it goes through JSON."""

    type: str
    python: type | None


def kept(hint: object) -> Kept:
    """Decide for a type hint. What is neither text nor number is kept as JSON."""
    kind = plain(hint)
    if get_origin(kind) is Id:
        return Kept(TEXT, str)
    if get_origin(kind) is Literal and all(isinstance(value, str) for value in get_args(kind)):
        return Kept(TEXT, str)
    if isinstance(kind, type) and not get_args(kind):
        for python, column in _SIMPLE.items():
            if kind is python:
                return Kept(column, python)
        if issubclass(kind, Enum) and all(isinstance(member.value, str) for member in kind):
            return Kept(TEXT, kind)
    return Kept(JSON, None)


_SIMPLE: dict[type, str] = {
    str: TEXT, bool: INTEGER, int: INTEGER, float: REAL, datetime: TEXT, date: TEXT, time: TEXT, Decimal: TEXT, UUID: TEXT,
}  # fmt: skip


def schema_of(model: Model) -> Schema:
    """The schema that serves a model."""
    return Schema(tables={name: _table(model, name, entity) for name, entity in model.entities.items()})


def _table(model: Model, name: str, entity: type[Entity]) -> Table:
    parent = entity.facts.within
    columns = tuple(_column(entity, field) for field in entity.model_fields)
    indexes = {pattern.index: _index(pattern) for pattern in model.lookups_of(entity)}
    above = parent_field(entity, parent) if parent else None
    if above:
        indexes.setdefault(f"of_{above}", Index(name=f"of_{above}", keys=(above,)))
    return Table(
        name=name, columns=columns, indexes=tuple(sorted(indexes.values(), key=lambda index: index.name)),
        parent=table_of(parent) if parent else None, parent_field=above,
    )  # fmt: skip


def _index(pattern: Lookup) -> Index:
    return Index(name=pattern.index, keys=pattern.keys, order=pattern.order, unique=pattern.unique)


def _column(entity: type[Entity], field: str) -> Column:
    info = entity.model_fields[field]
    hint, nullable = kept(info.annotation), is_optional(info.annotation)
    default = info.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined:
        return Column(name=field, type=hint.type, nullable=nullable)
    encoded = _default(hint, default, info.annotation)
    return Column(name=field, type=hint.type, nullable=nullable, default=encoded, has_default=True)


def _default(hint: Kept, value: object, annotation: object) -> str | int | float | None:
    if value is None or (isinstance(value, (str, int, float)) and not isinstance(value, Enum)):
        return int(value) if isinstance(value, bool) else value
    adapter: TypeAdapter[object] = TypeAdapter(annotation)
    if hint.type == JSON:
        return adapter.dump_json(value).decode()
    if isinstance(value, Enum):
        return str(value.value)
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else str(value)

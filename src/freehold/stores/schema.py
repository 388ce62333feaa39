"""What the model means for a database: tables, columns and indexes, as values that can be written down and compared."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from freehold.model.data import Entity
from freehold.model.fields import parent_field
from freehold.model.finding import Finding, ModelError
from freehold.model.lookup import Lookup
from freehold.model.model import Model, table_of
from freehold.stores.forms import Form, Plain, codec, kept, may_lack


class Column(BaseModel, frozen=True):
    """A column: one field of an entity. `default` is what rows that exist get when it is added."""

    name: str
    form: Form
    nullable: bool = False
    default: Plain = None
    has_default: bool = False
    choices: tuple[str, ...] | tuple[int, ...] = ()
    """All that it may hold, for a field of an enumerated type."""


class Index(BaseModel, frozen=True):
    """An index: the tenant, the key fields, then the order field and the id."""

    name: str
    keys: tuple[str, ...]
    order: str = "id"
    unique: bool = False


class Lies(StrEnum):
    """On whose ground a kind of entity lies."""

    TENANTS = "tenants"
    PLATFORM = "platform"
    BOTH = "both"


class Table(BaseModel, frozen=True):
    """A table: one kind of entity."""

    name: str
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...] = ()
    parent: str | None = None
    parent_field: str | None = None
    lies: Lies = Lies.TENANTS

    def is_on(self, *, platform: bool) -> bool:
        """Whether a ground has it: the platform's, or a tenant's."""
        return self.lies is not (Lies.TENANTS if platform else Lies.PLATFORM)


class Schema(BaseModel, frozen=True):
    """All tables, by name."""

    tables: dict[str, Table] = {}


def schema_of(model: Model) -> Schema:
    """The schema that serves a model. Raises `ModelError` (FH302) when two lookups want two indexes of one name."""
    return Schema(tables={name: _table(model, name, entity) for name, entity in model.entities.items()})


def _table(model: Model, name: str, entity: type[Entity]) -> Table:
    parent = entity.facts.within
    indexes: dict[str, Index] = {}
    for pattern in model.lookups_of(entity):
        index = indexes.setdefault(pattern.index, _index(pattern))
        if index != _index(pattern):
            raise ModelError([_clash(pattern, index)])
    above = parent_field(entity, parent) if parent else None
    if above:
        indexes.setdefault(f"of_{above}", Index(name=f"of_{above}", keys=(above,)))
    return Table(
        name=name,
        columns=tuple(_column(field, info) for field, info in entity.model_fields.items()),
        indexes=tuple(sorted(indexes.values(), key=lambda index: index.name)),
        parent=table_of(parent) if parent else None,
        parent_field=above,
        lies=_lies(entity),
    )


def _lies(entity: type[Entity]) -> Lies:
    if entity.facts.platform:
        return Lies.PLATFORM
    return Lies.BOTH if entity.__module__.startswith("freehold.runtime.") else Lies.TENANTS


def _index(pattern: Lookup) -> Index:
    return Index(name=pattern.index, keys=pattern.keys, order=pattern.order, unique=pattern.unique)


def _clash(pattern: Lookup, index: Index) -> Finding:
    title, keys = f"{pattern.store}.{pattern.name}", ", ".join(index.keys)
    message = f"{title} needs an index called {index.name}, as does a lookup by {keys} in another order of things"
    return Finding("FH302", pattern.place, message, "rename one of the fields")


def _column(name: str, info: FieldInfo) -> Column:
    how, nullable = kept(info.annotation), may_lack(info.annotation)
    plain = Column(name=name, form=how.form, nullable=nullable, choices=how.choices)
    if info.is_required() or info.default_factory_takes_validated_data:
        return plain
    value = info.get_default(call_default_factory=True)
    encode = codec(info.annotation).encode
    default = value if value is None or encode is None else encode(value)
    return plain.model_copy(update={"default": default, "has_default": True})

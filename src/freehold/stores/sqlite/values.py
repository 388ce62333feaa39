"""Between entities and rows: what each field becomes in a column, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from uuid import UUID

from pydantic import TypeAdapter

from freehold.model.data import Entity
from freehold.runtime.failures import Invalid
from freehold.runtime.ports import Found
from freehold.stores.schema import JSON, kept

Value = str | int | float | None
Encode = Callable[[object], Value]
Decode = Callable[[Value], object]

LARGEST = 2**63 - 1


def moment(value: object) -> str:
    """A time as text that sorts: UTC, always with microseconds."""
    if not isinstance(value, datetime):
        raise TypeError(value)
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")


def _whole(value: object) -> int:
    if not isinstance(value, int) or not -LARGEST - 1 <= value <= LARGEST:
        raise Invalid(details=[{"loc": [], "msg": "A number is out of range: 64 bits is the limit."}])
    return int(value)


_BOTH: dict[type, tuple[Encode | None, Decode | None]] = {
    str: (None, None),
    float: (None, None),
    int: (_whole, None),
    bool: (_whole, bool),
    datetime: (moment, datetime.fromisoformat),  # type: ignore[dict-item]  # the column holds text
    date: (str, date.fromisoformat),  # type: ignore[dict-item]  # the column holds text
    time: (str, time.fromisoformat),  # type: ignore[dict-item]  # the column holds text
    Decimal: (str, Decimal),  # type: ignore[dict-item]  # the column holds text
    UUID: (str, UUID),  # type: ignore[dict-item]  # the column holds text
}


def codec(hint: object) -> tuple[Encode | None, Decode | None]:
    """How a field is written and read; None where the value goes as it is."""
    how = kept(hint)
    if how.type == JSON:
        adapter: TypeAdapter[object] = TypeAdapter(hint)
        return (lambda value: adapter.dump_json(value).decode()), (lambda text: adapter.validate_json(str(text)))
    if how.python is not None and issubclass(how.python, Enum):
        return (lambda value: value.value if isinstance(value, Enum) else str(value)), how.python
    return _BOTH[how.python or str]


class RowCodec:
    """One kind of entity to a row and back. The tenant is the first value of every row."""

    def __init__(self, kind: type[Entity]) -> None:
        """Work out how each field goes."""
        self.kind = kind
        self.names = tuple(kind.model_fields)
        self.codecs = {name: codec(info.annotation) for name, info in kind.model_fields.items()}
        self._encoders = [(name, self.codecs[name][0]) for name in self.names]
        self._decoders = [(name, decode) for name in self.names if (decode := self.codecs[name][1])]
        self._fields = set(self.names)

    def encode(self, entity: Entity) -> list[Value]:
        """The values of an entity, in the order of `names`. Raises `Invalid` for a number no column can hold."""
        row: list[Value] = []
        for name, encode in self._encoders:
            value = entity.__dict__[name]
            row.append(value if value is None or encode is None else encode(value))
        return row

    def decode(self, row: Sequence[Value]) -> Found:
        """The tenant and the entity of a row. What we wrote was valid, so it is not validated again."""
        have: dict[str, object] = dict(zip(self.names, row[1:], strict=True))
        for name, decode in self._decoders:
            value = have[name]
            if value is not None:
                have[name] = decode(value)  # type: ignore[arg-type]  # a column's value
        entity = object.__new__(self.kind)
        _set(entity, "__dict__", have)
        _set(entity, "__pydantic_fields_set__", self._fields.copy())
        _set(entity, "__pydantic_extra__", None)
        _set(entity, "__pydantic_private__", None)
        return str(row[0]), entity

    def key(self, field: str, value: object) -> Value:
        """One value as its column holds it, for use as a key."""
        encode = self.codecs[field][0]
        return value if value is None or encode is None else encode(value)  # type: ignore[return-value]  # text or number


_set = object.__setattr__

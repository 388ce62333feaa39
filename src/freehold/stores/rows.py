"""Between entities and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from freehold.model.data import Entity
from freehold.runtime.failures import Invalid
from freehold.runtime.ports import Found
from freehold.stores.forms import Codec, Form, Plain, Unkept, codec, plainly


class RowCodec:
    """One kind of entity to a row and back. The tenant is the last value of every row."""

    def __init__(self, kind: type[Entity], simple: Mapping[Form, Codec] | None = None) -> None:
        """Work out how each field goes. `simple` is how the store writes what is plain; by default as SQLite does."""
        self.kind = kind
        self.names = tuple(kind.model_fields)
        codecs = [(name, codec(info.annotation, simple)) for name, info in kind.model_fields.items()]
        self._encode = {name: of.encode for name, of in codecs}
        self._encoders = tuple(self._encode.items())
        self._decoders = tuple((name, of.decode) for name, of in codecs if of.decode is not None)
        self._fields = set(self.names)
        self._finishes = kind.__pydantic_post_init__ is not None

    def encode(self, entity: Entity, tenant: str) -> list[Plain]:
        """The row of an entity: its fields in the order of `names`, and the tenant. Raises `Invalid`, as `key` does."""
        held = vars(entity)
        row: list[Plain] = []
        name = ""
        try:
            for name, encode in self._encoders:
                value = held[name]
                row.append(value if value is None or encode is None else encode(value))
        except Unkept as error:
            raise refused(name, str(error)) from None
        row.append(tenant)
        return row

    def decode(self, row: Sequence[Plain]) -> Found:
        """The tenant and the entity of a row. What we wrote was valid, so it is not validated again."""
        entity = _new(self.kind)
        held = vars(entity)
        held.update(zip(self.names, row))  # noqa: B905  # the tenant is left over
        for name, decode in self._decoders:
            value = held[name]
            if value is not None:
                held[name] = decode(value)
        _set_fields(entity, self._fields.copy())
        _set_extra(entity, None)
        _set_private(entity, None)
        if self._finishes:
            entity.model_post_init(None)
        return str(row[-1]), entity

    def key(self, field: str, value: object) -> Plain:
        """One value as its column holds it. Raises `Invalid` for what no column can hold."""
        encode = self._encode[field]
        try:
            return plainly(value) if value is None or encode is None else encode(value)
        except Unkept as error:
            raise refused(field, str(error)) from None


def refused(field: str, message: str) -> Invalid:
    """What is told of a value that cannot be kept."""
    return Invalid(details=[{"loc": [field], "msg": message}])


def unreadable(entity: Entity) -> Invalid:
    """What is told of text that is no Unicode: half of a surrogate pair."""
    fields = [name for name, value in entity.__dict__.items() if isinstance(value, str) and not is_text(value)]
    return refused(next(iter(fields), "id"), "This is not text: it has half of a surrogate pair in it.")


def is_text(value: str) -> bool:
    """Whether it can be written in UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


_new = object.__new__
_set_fields, _set_extra, _set_private = (
    vars(BaseModel)[f"__pydantic_{part}__"].__set__ for part in ("fields_set", "extra", "private")
)

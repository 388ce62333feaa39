"""The forms that values are kept in: every type of field becomes text, a number or bytes, and comes back as it was.

The texts of dates and times sort as what they stand for, so every store that sorts texts by their bytes can use them.
What cannot come back as it was is refused with `Unkept`, and never altered.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Literal, NamedTuple, get_args, get_origin
from uuid import UUID

from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from freehold.model.data import Id
from freehold.model.lookup import is_optional, plain

Plain = str | int | float | None
"""What stores keep."""

Encode = Callable[[Any], Plain]
Decode = Callable[[Any], object]

LARGEST = 2**63 - 1
MOST_DIGITS = 1000


class Form(StrEnum):
    """What a column holds."""

    ID = "id"
    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    REAL = "real"
    MOMENT = "moment"
    DATE = "date"
    TIME = "time"
    DECIMAL = "decimal"
    UUID = "uuid"
    BYTES = "bytes"
    JSON = "json"


class Unkept(ValueError):
    """A value that no store can keep and give back as it was. The message is for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How a type is kept. `python` is what its values are, unless that is left to Pydantic."""

    form: Form
    python: type | None = None
    choices: tuple[str, ...] | tuple[int, ...] = ()
    """All there are, for an enumerated type."""


class Codec(NamedTuple):
    """How values are written and read; None where they go as they are."""

    encode: Encode | None
    decode: Decode | None


_SIMPLE: dict[type, Form] = {
    str: Form.TEXT, bool: Form.BOOLEAN, int: Form.INTEGER, float: Form.REAL, datetime: Form.MOMENT, date: Form.DATE,
    time: Form.TIME, Decimal: Form.DECIMAL, UUID: Form.UUID, bytes: Form.BYTES,
}  # fmt: skip


def kept(hint: object) -> Kept:
    """Decide for a type hint. What is neither text nor number nor bytes is kept as JSON."""
    kind = plain(hint)
    if kind is Id or get_origin(kind) is Id:
        return Kept(Form.ID, str)
    if get_origin(kind) is Literal:
        return _enumerated(get_args(kind), None)
    if isinstance(kind, type) and not get_args(kind):
        if kind in _SIMPLE:
            return Kept(_SIMPLE[kind], kind)
        if issubclass(kind, Enum):
            return _enumerated(tuple(member.value for member in kind), kind)
    return Kept(Form.JSON)


def _enumerated(values: tuple[object, ...], kind: type[Enum] | None) -> Kept:
    if all(type(value) is str for value in values):
        return Kept(Form.TEXT, kind or str, tuple(map(str, values)))
    if all(type(value) is int for value in values):
        return Kept(Form.INTEGER, kind or int, tuple(int(str(value)) for value in values))
    return Kept(Form.JSON)


def may_lack(hint: object) -> bool:
    """Whether None is among what a type allows, so that its column may be empty."""
    if is_optional(hint) or kept(hint).form is not Form.JSON:
        return is_optional(hint)
    try:
        _adapter(hint).validate_python(None)
    except ValidationError:
        return False
    return True


def codec(hint: object, simple: Mapping[Form, Codec] | None = None) -> Codec:
    """How values of a type are written and read. `simple` says so of the forms that need no more than their name."""
    how = kept(hint)
    if how.form is Form.JSON:
        return _json(hint)
    plain = (simple or CODECS)[how.form]
    if how.python is not None and issubclass(how.python, Enum):
        members: dict[object, object] = {member.value: member for member in how.python}
        read = plain.decode
        return Codec(
            _of_member(plain.encode), members.__getitem__ if read is None else lambda text: members[read(text)]
        )
    return plain


def _of_member(encode: Encode | None) -> Encode:
    """How a member of an enumerated type is written: as its value is."""
    if encode is None:
        return lambda value: value.value if isinstance(value, Enum) else value
    return lambda value: encode(value.value if isinstance(value, Enum) else value)


def moment(value: datetime) -> str:
    """A time as text that sorts: UTC, always with microseconds. One without a zone is taken as UTC."""
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:
        raise Unkept("In UTC this is before the year 1, or after the year 9999.") from None


def whole(value: int) -> int:
    """A whole number. Raises `Unkept` for one that not every store can hold."""
    if -LARGEST - 1 <= value <= LARGEST:
        return int(value)
    raise Unkept("A number is out of range: 64 bits is the limit.")


def amount(value: Decimal) -> str:
    """A decimal in plain digits, its trailing zeros kept: `1.50`, and `100` for 1E+2. So every store writes it."""
    if value and not -MOST_DIGITS < value.adjusted() < MOST_DIGITS:
        raise Unkept(f"A decimal is out of range: {MOST_DIGITS} digits before or after the point is the limit.")
    return format(abs(value) if value.is_zero() else value, "f")


CODECS: dict[Form, Codec] = {
    Form.ID: Codec(None, None),
    Form.TEXT: Codec(None, None),
    Form.REAL: Codec(None, None),
    Form.INTEGER: Codec(whole, None),
    Form.BOOLEAN: Codec(int, bool),
    Form.MOMENT: Codec(moment, datetime.fromisoformat),
    Form.DATE: Codec(str, date.fromisoformat),
    Form.TIME: Codec(str, time.fromisoformat),
    Form.DECIMAL: Codec(amount, Decimal),
    Form.UUID: Codec(str, UUID),
    Form.BYTES: Codec(lambda value: b64encode(value).decode(), b64decode),
}
"""How the forms that need no more than their name are written and read."""

_LENIENT: dict[Form, TypeAdapter[Any]] = {
    Form.ID: TypeAdapter(Id),
    **{form: TypeAdapter(python) for python, form in _SIMPLE.items()},
}


def plainly(value: object) -> Plain:
    """A value that goes as it is. Raises `TypeError` for any other."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(type(value))


def converted(value: Plain, old: Form, new: Form) -> Plain:
    """A kept value in another form, or None when it has no meaning there."""
    read, write = (CODECS.get(form) or _json(object) for form in (old, new))
    try:
        meant = value if read.decode is None else read.decode(value)
        if new is Form.TEXT:
            return meant if isinstance(meant, str) else str(value)
        if new is not Form.JSON:
            meant = _LENIENT[new].validate_python(meant)
        return plainly(meant) if write.encode is None else write.encode(meant)
    except (ArithmeticError, TypeError, ValueError):
        return None


def _json(hint: object) -> Codec:
    """JSON, read back at once: what a serializer hides or rounds is noticed when it is written, not when missed."""
    adapter = _adapter(hint)

    def decode(text: str) -> object:
        return adapter.validate_json(text, by_alias=False, by_name=True)

    def encode(value: object) -> str:
        try:
            text = adapter.dump_json(value, by_alias=False).decode()
            if _alike(decode(text), value):
                return text
        except (PydanticSerializationError, ValidationError):
            pass
        raise Unkept("This value does not come back from JSON as it is.")

    return Codec(encode, decode)


def _adapter(hint: Any) -> TypeAdapter[object]:  # noqa: ANN401  # a type hint
    try:
        return TypeAdapter(hint, config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64"))
    except PydanticUserError:  # a model says for itself how its bytes become text
        return TypeAdapter(hint)


def _alike(one: object, other: object) -> bool:
    """Whether two values are equal. A tuple may come back as a list, where the type says no more than `Sequence`."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_alike, one, other))
    return one == other

"""Values in keys: texts that sort as the values do, and that no value can break out of.

`#` ends a part. It sorts before everything that can be in one, so a shorter value comes before a longer one that
begins with it; the 37 characters up to `$` are written as `$` and another one, in the same order.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256

from freehold.model.data import Entity
from freehold.model.layout import TENANT, Slot, label, tag
from freehold.model.lookup import Lookup
from freehold.stores.forms import Form, Unkept, kept, moment, whole
from freehold.stores.rows import refused

END = "#"
LAST = "$"
"""The character after `#`: more than every key that begins with what stands before it."""

LONGEST_VALUE = 400
"""Bytes of a value in a partition key. A longer one is there as its hash: only whether it is equal matters there."""

LONGEST_ORDER = 800
"""Bytes of a value that is ordered by: DynamoDB's sort keys have 1,024 in all."""

LONGEST_SORT_KEY, LONGEST_PARTITION_KEY = 1024, 2048
"""Bytes that DynamoDB takes. A key of many long values has all of them as their hashes."""

_ESCAPED = {code: f"${chr(code + 0x40)}" for code in range(0x25)}
NONE = "~"


def ground(tenant: str) -> str:
    """The partition key of a tenant's ground. A scope has seen to it that a tenant's id is one."""
    return f"{TENANT}#{tenant}"


def tenant_in(partition: str) -> str:
    """Whose ground a partition key is of."""
    return partition.split(END, 2)[1]


def place(kind: type[Entity], id: str) -> str:
    """The sort key of an entity in the table."""
    return f"{tag(kind)}#{escaped(id)}"


def guard(lookup: Lookup, values: Mapping[str, object]) -> str | None:
    """The sort key of what keeps a unique value for its owner. None when one of the values is: None is no value."""
    if any(values[key] is None for key in lookup.keys):
        return None
    return _bounded(f"UNIQUE#{tag(lookup.entity)}", lookup.entity, lookup.keys, values, LONGEST_SORT_KEY)


def partition(slot: Slot, tenant: str, values: Mapping[str, object]) -> str:
    """The partition key of a slot, for these values."""
    return _bounded(ground(tenant), slot.kind, slot.keys, values, LONGEST_PARTITION_KEY)


def sort(kind: type[Entity], order: str, value: object, id: str) -> str:
    """The sort key of a slot: the kind, the value it is ordered by, and the id."""
    return f"{tag(kind)}#{id}" if order == "id" else f"{tag(kind)}#{ordered(kind, order, value)}#{id}"


def ordered(kind: type[Entity], field: str, value: object) -> str:
    """A value as text that sorts as the value does; nothing, which comes first, for None. Raises `Invalid`."""
    if value is None:
        return ""
    try:
        text = _ORDER[form_of(kind, field)](value)
    except Unkept as error:
        raise refused(field, str(error)) from None
    if len(text.encode()) > LONGEST_ORDER:
        raise refused(field, f"Lists are in the order of this: {LONGEST_ORDER} bytes are the limit.")
    return text


def value_in_key(kind: type[Entity], field: str, value: object, longest: int = LONGEST_VALUE) -> str:
    """A value as part of a partition key, where only whether it is equal matters."""
    if value is None:
        return NONE
    text = ordered_text(kind, field, value).replace(NONE, "$~")
    raw = text.encode()
    return text if len(raw) <= longest else f"{NONE}{sha256(raw).hexdigest()}"


def _bounded(opening: str, kind: type[Entity], keys: Sequence[str], values: Mapping[str, object], most: int) -> str:
    """A key of several values, each behind its label, no longer than DynamoDB takes."""
    made = _joined(opening, kind, keys, values, LONGEST_VALUE)
    return made if len(made.encode()) <= most else _joined(opening, kind, keys, values, 0)


def _joined(opening: str, kind: type[Entity], keys: Sequence[str], values: Mapping[str, object], longest: int) -> str:
    parts = (f"#{label(kind, key)}#{value_in_key(kind, key, values[key], longest)}" for key in keys)
    return "".join((opening, *parts))


def ordered_text(kind: type[Entity], field: str, value: object) -> str:
    """A value in its one form of text, however long."""
    form = form_of(kind, field)
    try:
        return escaped(str(value)) if form is Form.TEXT else _ORDER[form](value)
    except Unkept as error:
        raise refused(field, str(error)) from None


@cache
def form_of(kind: type[Entity], field: str) -> Form:
    """How the values of a field are kept."""
    return kept(kind.model_fields[field].annotation).form


def escaped(text: str) -> str:
    """A text without `#`, in the same order."""
    return text if text.isalnum() else text.translate(_ESCAPED)  # ids are: most keys hold nothing else


def real(value: float) -> str:
    """A number as 16 hexadecimal digits that sort as it does (IEEE 754, with the sign turned over)."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", value or 0.0))
    return f"{bits ^ 0xFFFFFFFFFFFFFFFF if bits >> 63 else bits | 1 << 63:016x}"


_ORDER: Mapping[Form, Callable[..., str]] = {
    Form.ID: lambda value: escaped(str(value)),
    Form.TEXT: lambda value: "=" + escaped(str(value)),
    Form.INTEGER: lambda value: f"{whole(value) + 2**63:020d}",
    Form.REAL: real,
    Form.BOOLEAN: lambda value: "1" if value else "0",
    Form.MOMENT: moment,
    Form.DATE: str,
    Form.TIME: str,
    Form.UUID: str,
}

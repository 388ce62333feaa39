"""What a field is in PostgreSQL: the type of its column, and how its values are sent and come back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from uuid import UUID

from freehold.stores.forms import Codec, Form, Unkept, amount, moment, whole

COLUMNS: Mapping[Form, str] = {
    Form.ID: "uuid",
    Form.TEXT: 'text COLLATE "C"',
    Form.INTEGER: "bigint",
    Form.BOOLEAN: "boolean",
    Form.REAL: "double precision",
    Form.MOMENT: "timestamp with time zone",
    Form.DATE: "date",
    Form.TIME: 'text COLLATE "C"',
    Form.DECIMAL: "numeric",
    Form.UUID: "uuid",
    Form.BYTES: "bytea",
    Form.JSON: "json",
}
"""The types of columns. Texts sort by their bytes, as in every store.

A time of day is text because `time` has no zone and `timetz` no rules; JSON is `json`, which keeps it as it was
written, and not `jsonb`, which has no negative zero and no NUL.
"""

_LOWEST: Mapping[Form, str] = {
    Form.ID: "coalesce({}::text COLLATE \"C\", '')",
    Form.TEXT: "coalesce('=' || {}, '')",
    Form.INTEGER: "coalesce({}::numeric, '-Infinity')",
    Form.BOOLEAN: "coalesce({}::integer, -1)",
    Form.REAL: "coalesce({}, '-Infinity')",
    Form.MOMENT: "coalesce({}, '-infinity')",
    Form.DATE: "coalesce({}, '-infinity')",
}
"""What is less than every value, where there is none; for the forms that have an order."""

_AS_TEXT = frozenset({Form.ID, Form.UUID, Form.JSON})
"""What is made text by the server: Python wants it so."""


def bare(form: Form) -> str:
    """The type without its collation, for casts."""
    return COLUMNS[form].partition(" COLLATE")[0]


def shown(name: str, form: Form) -> str:
    """A column as it is selected."""
    return f"{name}::text" if form in _AS_TEXT else name


def lowest(value: str, form: Form) -> str:
    """An expression that sorts as `value` does, and before all others where it is null; for what may be null.

    An index and a comparison must write it the same way.
    """
    return _LOWEST[form].format(value)


def _text(value: str) -> str:
    if "\x00" in value:
        raise Unkept("Text with the character NUL in it cannot be kept.")
    return value


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


CODECS: Mapping[Form, Codec] = {
    Form.ID: Codec(_text, None),
    Form.TEXT: Codec(_text, None),
    Form.INTEGER: Codec(lambda value: str(whole(value)), None),
    Form.BOOLEAN: Codec(lambda value: "t" if value else "f", None),
    Form.REAL: Codec(repr, None),
    Form.MOMENT: Codec(moment, _in_utc),
    Form.DATE: Codec(str, None),
    Form.TIME: Codec(str, time.fromisoformat),
    Form.DECIMAL: Codec(amount, None),
    Form.UUID: Codec(str, UUID),
    Form.BYTES: Codec(lambda value: "\\x" + value.hex(), None),
}
"""Values are sent as the texts that PostgreSQL reads, and come back as what psycopg makes of its types."""

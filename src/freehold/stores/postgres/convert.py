"""A column's values in another form. Python says what they mean there, as it does for every store."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence

import psycopg

from freehold.stores.forms import CODECS, Form, Plain, converted
from freehold.stores.postgres.changes import Conversion
from freehold.stores.postgres.names import quoted
from freehold.stores.postgres.types import bare, shown

BATCH = 500
"""So many rows are converted at a time."""


def convert(connection: psycopg.Connection, of: Conversion, table: str) -> None:
    """Fill the new column of one ground's table. What has no meaning there is left out: somebody has looked before."""
    update = f"UPDATE {table} SET {quoted(of.into)} = %s::{bare(of.new.form)} WHERE tenant = %s AND id = %s"
    for rows in _batches(connection, of, table):
        with connection.cursor() as cursor:
            values = [(_sent(_meant(value, of), of.new.form), tenant, id) for tenant, id, value in rows]
            cursor.executemany(update.encode(), [row for row in values if row[0] is not None])


def lost(connection: psycopg.Connection, of: Conversion, table: str) -> int:
    """How many rows of a ground's table hold what has no meaning in the new form."""
    return sum(_meant(value, of) is None for rows in _batches(connection, of, table) for _, _, value in rows)


def _batches(
    connection: psycopg.Connection, of: Conversion, table: str
) -> Iterator[Sequence[tuple[object, object, object]]]:
    name = quoted(of.old.name)
    query = f"""SELECT tenant, id, {shown(name, of.old.form)} FROM {table}
    WHERE (tenant, id) > (%s, %s) AND {name} IS NOT NULL ORDER BY tenant, id LIMIT {BATCH}"""
    nil = "00000000-0000-0000-0000-000000000000"
    after: tuple[object, object] = (nil, nil)
    while rows := connection.execute(query.encode(), after).fetchall():
        yield rows
        after = rows[-1][:2]


def _meant(value: object, of: Conversion) -> Plain:
    encode = CODECS[of.old.form].encode if of.old.form is not Form.JSON else None
    kept = value if encode is None else encode(value)
    if not isinstance(kept, (str, int, float)):
        return None
    return converted(kept, of.old.form, of.new.form)


def _sent(value: Plain, form: Form) -> str | None:
    """A value as PostgreSQL reads it, from the form that every store starts from."""
    if value is None:
        return None
    match form:
        case Form.BOOLEAN:
            return "true" if value else "false"
        case Form.BYTES:
            return "\\x" + b64decode(str(value)).hex()
        case Form.REAL:
            return repr(float(value))
    return str(value)

"""PartiQL: which action a statement is, and on which table. What keys it reaches is not worked out.

Source: Amazon DynamoDB Developer Guide, "PartiQL statements for DynamoDB".
"""

from __future__ import annotations

import re

from freehold.testing.iam.refusal import Unsupported
from freehold.testing.iam.shape import text

_NAME = r'(?:"(?P<quoted>[\w.-]+)"|(?P<bare>\w+))'
_TABLE = rf"{_NAME}(?:\.\"(?P<index>[\w.-]+)\")?"
_FORMS = {
    "PartiQLSelect": rf"SELECT\s+(?:\*|[\w\".,\[\]\s]+?)\s+FROM\s+{_TABLE}(?:\s+WHERE\s.*)?",
    "PartiQLInsert": rf"INSERT\s+INTO\s+{_NAME}\s+VALUE\s.*",
    "PartiQLUpdate": rf"UPDATE\s+{_NAME}\s+(?:SET|REMOVE)\s.*",
    "PartiQLDelete": rf"DELETE\s+FROM\s+{_NAME}(?:\s+WHERE\s.*)?",
}
_READERS = {action: re.compile(rf"\s*{form}\s*;?\s*", re.IGNORECASE | re.DOTALL) for action, form in _FORMS.items()}


def read_statement(statement: object) -> tuple[str, str, str]:
    """Action, table and index of a statement; the index is empty where it names none.

    Raises `Unsupported` for a statement of any other form, such as one within another.
    """
    written = text(statement, "Statement")
    for action, reader in _READERS.items():
        if (found := reader.fullmatch(written)) is not None:
            parts = found.groupdict(default="")
            _once(written)
            return action, parts["quoted"] or parts["bare"], parts.get("index", "")
    raise Unsupported("BAD_STATEMENT", "the PartiQL statement is of no form that is understood here")


def _once(statement: str) -> None:
    outside = re.sub(r"""'(?:[^']|'')*'|"[^"]*\"""", "''", statement)
    if len(re.findall(r"\b(?:SELECT|FROM|INSERT|UPDATE|DELETE|EXISTS)\b", outside, re.IGNORECASE)) > 2:  # noqa: PLR2004  # SELECT and FROM
        raise Unsupported("BAD_STATEMENT", "a PartiQL statement within another is not understood here")

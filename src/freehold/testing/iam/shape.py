"""The shape of what is read: objects, lists and strings where they are expected, and a refusal where they are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from freehold.testing.iam.refusal import Unsupported


def entries(value: object, what: str) -> Mapping[str, object]:
    """An object that is not empty. Raises `Unsupported` for anything else."""
    if not isinstance(value, Mapping) or not value or not all(isinstance(name, str) for name in value):
        raise Unsupported("BAD_SHAPE", f"{what} is not an object with something in it")
    return cast("Mapping[str, object]", value)


def items(value: object, what: str) -> Sequence[object]:
    """A list that is not empty. Raises `Unsupported` for anything else."""
    if not isinstance(value, list | tuple) or not value:
        raise Unsupported("BAD_SHAPE", f"{what} is not a list with something in it")
    return cast("Sequence[object]", value)


def listed(value: object, what: str) -> Sequence[object]:
    """A list that is not empty, of which a policy may write the only entry without brackets."""
    return items(value if isinstance(value, list | tuple) else [value], what)


def text(value: object, what: str) -> str:
    """A string that is not empty. Raises `Unsupported` for anything else."""
    if not isinstance(value, str) or not value:
        raise Unsupported("BAD_SHAPE", f"{what} is not a string with something in it")
    return value

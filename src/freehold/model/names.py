"""The one rule for every derived name: tables, routes, codes, events."""

from __future__ import annotations

import re
from collections.abc import Callable

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

ID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""What the id of a tenant, and of everything else, looks like: a UUID in canonical lower case (RFC 9562)."""

PLATFORM = "00000000-0000-0000-0000-000000000000"
"""The ground that is no tenant's: people, and which tenants there are. The nil UUID, which no tenant can have."""

MAX = "ffffffff-ffff-ffff-ffff-ffffffffffff"
"""The max UUID (RFC 9562), which no tenant can have either: a store may name by it what several tenants share."""


def is_id(value: object) -> bool:
    """Whether a value can be an id at all: what cannot is nobody's, and some stores would not even read it."""
    return isinstance(value, str) and ID_FORM.fullmatch(value) is not None


def is_ours(declared: type | Callable[..., object]) -> bool:
    """Whether freehold has declared it itself, and no app has."""
    return declared.__module__.startswith("freehold.")


def snake(name: str) -> str:
    """`TaskDone` -> `task_done`."""
    return _HUMP.sub("_", name).lower()


def shout(name: str) -> str:
    """`TaskDone` -> `TASK_DONE`, for error codes and keys."""
    return snake(name).upper()


def words(name: str) -> str:
    """`TaskDone` or `task_done` -> `task done`, for sentences."""
    return snake(name).replace("_", " ")

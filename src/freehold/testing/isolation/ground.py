"""What the suite attacks: a store of its own, with everything before it that is before it in production."""

from __future__ import annotations

from collections.abc import Callable

from freehold.model.model import Model
from freehold.runtime.ports import Database
from freehold.settings import Settings


def opener(settings: Settings) -> Callable[[Model, Settings], Database] | None:
    """What opens the store, when it is another way than the settings' own.

    An emulator of DynamoDB asks no policy. So IAM is put before it: on this store it is the last layer.
    """
    if settings.store != "dynamodb" or not settings.table_endpoint:
        return None
    from freehold.testing.amazon import scratch  # noqa: PLC0415  # the store's own parts, when it is chosen

    return scratch

"""Cursors: the place where the next page begins, sealed to one tenant and one question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from freehold.model.data import Entity
from freehold.model.lookup import Lookup
from freehold.runtime.failures import BadRequest
from freehold.runtime.ports import Seal, SealBroken

LIFETIME = timedelta(days=1)


class Cursors:
    """Seals and opens the places that pages end at."""

    def __init__(self, seal: Seal, lookups: Sequence[Lookup]) -> None:
        """Prepare to read the order values of these lookups."""
        self._seal = seal
        self._adapters: dict[tuple[type[Entity], str], TypeAdapter[object]] = {}
        for pattern in lookups:
            if pattern.order != "id":
                hint = pattern.entity.model_fields[pattern.order].annotation
                self._adapters[pattern.entity, pattern.order] = TypeAdapter(hint or str)

    def seal(self, place: tuple[object, str], question: Sequence[str], now: datetime) -> str:
        """Text that marks `place` in the answer to `question`, good for a day."""
        expires = int((now + LIFETIME).timestamp())
        return self._seal.seal(to_json([*place, expires]), question)

    def open(self, cursor: str, lookup: Lookup, question: Sequence[str], now: datetime) -> tuple[object, str]:
        """The place. Raises `BadRequest` (INVALID_CURSOR) for anything but an unaltered cursor of this question."""
        try:
            value, id, expires = from_json(self._seal.open(cursor, question))
            if now > datetime.fromtimestamp(expires, UTC):
                raise _invalid()
            adapter = self._adapters.get((lookup.entity, lookup.order))
            return (adapter.validate_python(value) if adapter else value), id
        except (SealBroken, ValidationError, ValueError, TypeError):
            raise _invalid() from None


def _invalid() -> BadRequest:
    return BadRequest("INVALID_CURSOR", "This cursor does not belong to this list. Start again without one.")

"""What things are called in a PostgreSQL database, and the one kind of text that is ever sent to it as SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import NewType

Statement = NewType("Statement", bytes)
"""SQL made of declarations alone. Values are bound to it, never built in; only modules that compile make one."""

GROUND = '"ground"'
"""Stands for the schema in a template."""

LONGEST = 63
"""Bytes of a name that PostgreSQL looks at."""

MOST_KEPT = 4096


def quoted(name: str) -> str:
    """An identifier of the model's as SQL writes it. One that is too long ends in a hash: cut off, two would be one."""
    raw = name.encode()
    if len(raw) > LONGEST:
        name = f"{raw[: LONGEST - 9].decode(errors='ignore')}_{sha256(raw).hexdigest()[:8]}"
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tenant's rows lie, and as whom they are reached."""

    schema: str
    role: str
    tier: str = "schema"
    """`schema`: tables of the tenant's own. `pool`: tables of many, which the database shows a part of."""

    @property
    def is_shared(self) -> bool:
        """Whether others' rows lie in the same tables."""
        return self.tier == "pool"


@dataclass(slots=True)
class Template:
    """A statement for whichever schema."""

    text: str
    _made: dict[str, Statement] = field(default_factory=dict)

    def on(self, place: Place) -> Statement:
        """The statement for this place."""
        made = self._made.get(place.schema)
        if made is None:
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
            made = Statement(self.text.replace(GROUND, quoted(place.schema)).encode())
            self._made[place.schema] = made
        return made

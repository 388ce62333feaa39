"""What was migrated, noted in the table itself: one item for each migration, in a partition that is no tenant's.

Notes are only ever added, and the last word of the newest counts. Undoing a migration adds a note, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic_core import from_json, to_json

from freehold.stores.dynamodb.items import Item, number, text
from freehold.stores.schema import Schema

PARTITION = "FREEHOLD"
PLACE = "MIGRATION#"


class State(StrEnum):
    """How far a migration is."""

    BEGUN = "begun"
    """Items are being written; programs still have to be of the version before."""
    MADE = "made"
    BEHIND = "behind"
    """It counts, and items are still as another one has left them."""


@dataclass(frozen=True, slots=True)
class Note:
    """One migration: what it was, the schema it led to, and which index each slot has since."""

    place: int
    """Which note it is."""
    number: int
    """Which migration: one that was undone gives its number to the next."""
    at: str
    label: str
    state: State
    generation: int
    """How often what items hold has changed: each item says of which generation it is."""
    schema: Schema
    assigned: Mapping[str, str]

    def with_state(self, state: State) -> Note:
        """The same, as far as that."""
        return replace(self, state=state)

    def of(self, generation: int, state: State) -> Note:
        """The same for items of another generation."""
        return replace(self, generation=generation, state=state)

    def keeping(self, assigned: Mapping[str, str]) -> Note:
        """The same, with what has an index since."""
        return replace(self, assigned={**assigned, **self.assigned})

    @property
    def item(self) -> Item:
        """As the table keeps it."""
        return {
            "PK": text(PARTITION), "SK": text(f"{PLACE}{self.place:06d}"), "number": number(self.number),
            "at": text(self.at), "label": text(self.label), "state": text(self.state),
            "generation": number(self.generation), "schema": text(self.schema.model_dump_json()),
            "assigned": text(to_json(self.assigned).decode()),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Log:
    """All notes, oldest first."""

    notes: tuple[Note, ...] = ()

    @classmethod
    def of(cls, items: Iterable[Item]) -> Log:
        """The notes that items are."""
        return cls(tuple(map(_note, items)))

    @property
    def applied(self) -> list[Note]:
        """What counts, oldest first: a note of a number takes the place of that number, and of what came after it."""
        counting: list[Note] = []
        for note in self.notes:
            if note.state is not State.BEGUN:
                counting = [*(one for one in counting if one.number < note.number), note]
        return counting

    @property
    def last(self) -> Note | None:
        """What programs have to fit."""
        applied = self.applied
        return applied[-1] if applied else None

    @property
    def begun(self) -> Note | None:
        """What somebody has begun, and not finished."""
        return self.notes[-1] if self.notes and self.notes[-1].state is State.BEGUN else None

    @property
    def schemas(self) -> dict[int, Schema]:
        """What the items of each generation were written by."""
        return {note.generation: note.schema for note in self.notes}

    @property
    def newest(self) -> int:
        """The newest generation that any item may be of."""
        return max((note.generation for note in self.notes), default=0)

    def next(self, note: Note) -> Note:
        """The same note, behind all others."""
        return replace(note, place=len(self.notes) + 1)


def _note(item: Item) -> Note:
    words = {name: str(item[name]["S"]) for name in ("SK", "at", "label", "state", "schema", "assigned")}
    numbers = {name: int(str(item[name]["N"])) for name in ("number", "generation")}
    return Note(
        int(words["SK"].removeprefix(PLACE)), numbers["number"], words["at"], words["label"], State(words["state"]),
        numbers["generation"], Schema.model_validate_json(words["schema"]), from_json(words["assigned"]),
    )  # fmt: skip

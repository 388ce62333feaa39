"""Entities, events, ids and pages: the nouns of an app."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Generic, Never, Self, TypeVar, Unpack, get_args

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import core_schema

from freehold.model.names import ID_FORM

T_co = TypeVar("T_co", covariant=True)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Id(str, Generic[T_co]):
    """The id of a `T`: a UUIDv7 (RFC 9562) in its canonical text, so that ids sort by the time they were made.

    A type for people and type checkers. At run time an id is plain text that was checked when it came in.
    """

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Text in the form of a UUID; the JSON schema says of what."""
        of = getattr(next(iter(get_args(source)), None), "__name__", None)
        extra = {"format": "uuid", **({"description": f"The id of a {of}."} if of and of != "Self" else {})}
        return core_schema.str_schema(pattern=f"^{ID_FORM.pattern}$", metadata={"pydantic_js_updates": extra})


NO_ID: Id[Never] = Id("")
"""What stands where there is no id yet."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the class line of an entity says."""

    within: type[Entity] | None = None
    platform: bool = False


class Entity(BaseModel):
    """Something an app keeps, on the ground of the tenant it belongs to.

    The first four fields are the framework's: they are set when the entity is added and saved, and nobody can send
    them. `class Comment(Entity, within=Task)` lives and dies with its task, which a field of type `Id[Task]` names.
    `platform=True` is for what belongs to no tenant, such as people; only use cases with `scope="everyone"` reach it.
    """

    # A type that Pydantic does not know is let in here, so that the check can say what is wrong with it, and where.
    model_config = ConfigDict(
        extra="forbid",
        validate_default=False,
        ser_json_inf_nan="null",
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
    )
    facts: ClassVar[Facts] = Facts()

    id: Id[Self] = NO_ID
    version: int = 0
    created_at: datetime = EPOCH
    updated_at: datetime = EPOCH

    def __init_subclass__(
        cls, *, within: type[Entity] | None = None, platform: bool = False, **config: Unpack[ConfigDict]
    ) -> None:
        """Note what the class line says."""
        super().__init_subclass__(**config)
        cls.facts = Facts(within, platform)


class Event(BaseModel):
    """Something that has happened. Named in the past tense; never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """Some of a list, and where the rest begins. `next` is a sealed cursor, or None at the end."""

    items: list[T_co] = field(default_factory=list)
    next: str | None = None

    def __iter__(self) -> Iterator[T_co]:
        """Go through the items of this page."""
        return iter(self.items)

    def __len__(self) -> int:
        """How many items this page has."""
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is wanted: `limit` items (1 to 200), after the place that `cursor` marks."""

    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Range(Generic[T_co]):
    """From `start` up to but not including `stop`, like Python's own range. None leaves a side open."""

    start: T_co | None = None
    stop: T_co | None = None


FIRST = Paging()
"""The first page, of the usual size."""

ALL: Range[Never] = Range()
"""No bounds."""

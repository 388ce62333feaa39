"""What the contract keeps in a store: entities of its own, with every type of field and every shape of lookup."""
# ruff: noqa: RUF012  # Pydantic copies the default of a field

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Literal, Protocol
from uuid import UUID

from pydantic import BaseModel

from freehold.model.data import Entity, Id, Page, Paging
from freehold.model.finding import Place
from freehold.model.lookup import Lookup, lookup, lookups_of
from freehold.model.model import Model, table_of
from freehold.model.ports import Store
from freehold.runtime.idempotency import Receipt
from freehold.runtime.outbox import Deliveries, Delivery


class Team(Entity):
    """Something with unique values: `code`, which a team need not have, and `name` within its `league`."""

    name: str
    league: str = "first"
    code: str | None = None


class Teams(Store[Team], Protocol):
    """How teams are found."""

    @lookup(unique=True)
    def by_code(self, code: str | None) -> Team | None:
        """The team with this code."""
        ...

    @lookup(unique=True)
    def by_name(self, league: str, name: str) -> Team | None:
        """The team of this name in its league."""
        ...

    @lookup()
    def all(self, page: Paging) -> Page[Team]:
        """All of them, oldest first."""
        ...


class Player(Entity):
    """Something that others refer to, and that may itself refer to a team without belonging to it."""

    name: str = ""
    team: Id[Team] | None = None
    goals: int = 0


class Players(Store[Player], Protocol):
    """How players are found."""

    @lookup(newest_first=True)
    def of(self, team: Id[Team] | None, page: Paging) -> Page[Player]:
        """Those of a team, or of none, newest first."""
        ...


class Match(Entity, within=Team):
    """A child of a team, which refers to a player as well."""

    home: Id[Team]
    number: int = 0
    best: Id[Player] | None = None


class Matches(Store[Match], Protocol):
    """How matches are found."""

    @lookup()
    def of(self, home: Id[Team], page: Paging) -> Page[Match]:
        """Those of a team, oldest first."""
        ...

    @lookup(unique=True)
    def by_number(self, number: int) -> Match | None:
        """The match with this number."""
        ...


class Goal(Entity, within=Match):
    """A grandchild of a team."""

    match: Id[Match]
    minute: int = 0


class Goals(Store[Goal], Protocol):
    """How goals are found."""

    @lookup(order="minute")
    def of(self, match: Id[Match], page: Paging) -> Page[Goal]:
        """Those of a match, as they were shot."""
        ...


class Grade(IntEnum):
    """Numbers with names, whose order is not that of their digits."""

    POOR = 2
    FAIR = 10
    GOOD = 100


class Colour(StrEnum):
    """Texts with names, which are texts."""

    RED = "red"
    BLUE = "blue"


class Shape(Enum):
    """Texts with names, which are no texts."""

    ROUND = "a"
    SQUARE = "b"


class Sample(Entity):
    """A field of each type that has an order; and the same once more, where it may lack."""

    box: str = "box"
    text: str = ""
    whole: int = 0
    real: float = 0.0
    flag: bool = False
    day: date = date(2026, 1, 1)
    moment: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    grade: Grade = Grade.POOR
    text_or_none: str | None = None
    whole_or_none: int | None = None
    real_or_none: float | None = None
    day_or_none: date | None = None
    moment_or_none: datetime | None = None


NOT_UNIQUE = False


def ordered(field: str, *, descending: bool = False) -> Lookup:
    """The samples of a box in the order of a field: what a method with `@lookup(order=field)` would declare."""
    way = "down" if descending else "up"
    parameters = ("box", field, "page")
    return Lookup(
        Sample, "Samples", f"{way}_{field}", ("box",), field, descending, NOT_UNIQUE, field, "page", parameters, (),
        Place.of(Sample),
    )  # fmt: skip


SORTED = tuple(
    ordered(field, descending=way)
    for field in Sample.model_fields
    if field not in ("box", "id", "version", "updated_at")
    for way in (False, True)
)
"""Every order a list of samples can have, both ways."""


class Point(BaseModel):
    """A value within another one."""

    x: float
    y: float = 0.0
    names: list[str] = []


class Thing(Entity):
    """One field of every type that can be kept."""

    text: str = "text"
    whole: int = 0
    real: float = 0.0
    flag: bool = False
    amount: Decimal = Decimal(0)
    day: date = date(2026, 1, 1)
    moment: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    hour: time = time(12)
    span: timedelta = timedelta(0)
    key: UUID = UUID(int=0)
    raw: bytes = b""
    colour: Colour = Colour.RED
    shape: Shape = Shape.ROUND
    grade: Grade = Grade.POOR
    state: Literal["open", "shut"] = "open"
    step: Literal[1, 2, 3] = 1
    either: int | str = 0
    labels: list[str] = []
    pair: tuple[int, str] = (0, "")
    several: frozenset[str] = frozenset()
    prices: dict[str, Decimal] = {}
    place: Point = Point(x=0)
    path: list[Point] = []
    wish: str | None = None
    count: int | None = None
    until: datetime | None = None
    where: Point | None = None
    perhaps: list[int] | None = None


KINDS = (Team, Player, Match, Goal, Sample, Thing, Delivery, Receipt)
PATTERNS = (
    *(pattern for store in (Teams, Players, Matches, Goals, Deliveries) for pattern in lookups_of(store)),
    *SORTED,
)

SUBJECTS = Model(
    name="contract", roles=(), manager=None, use_cases={}, entities={table_of(kind): kind for kind in KINDS},
    lookups=PATTERNS, events={},
)  # fmt: skip
"""The model that a store under test is opened with."""


def pattern(name: str) -> Lookup:
    """A lookup by its store and name, as in `Teams.by_code`."""
    return next(found for found in PATTERNS if f"{found.store}.{found.name}" == name)

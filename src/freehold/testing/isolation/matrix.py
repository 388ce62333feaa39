"""The rows of the matrix: every use case with a route, and how to ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import get_origin
from urllib.parse import quote, urlencode

from pydantic_core import to_json

from freehold.model.data import Entity, Page
from freehold.model.lookup import plain
from freehold.model.model import Model
from freehold.model.ports import User
from freehold.model.rules import Access, Anyone, Both, Either, Role, SignedIn
from freehold.model.usecase import HOLE, Source, UseCase
from freehold.runtime.prepared import fields_of, input_model
from freehold.testing.isolation.http import Reply, Request
from freehold.testing.isolation.inputs import Schema, Trail, at, ids_in, replaced, schema_of

Values = Mapping[str, object]
"""What is sent, by the name of the input."""

COSTLY = frozenset({"sign_up", "sign_in", "accept_invitation"})
"""These hash a password each time: a hundred times the price of any other call."""


@dataclass(frozen=True, slots=True)
class IdPlace:
    """Where an operation takes an id, and of what."""

    input: str
    trail: Trail
    target: type[Entity]
    source: Source

    def get(self, values: Values) -> object:
        """The id that is there, if there is one."""
        return at(values.get(self.input), self.trail)

    def put(self, values: Values, id: object) -> Values:
        """The same values with this id there."""
        return {**values, self.input: replaced(values.get(self.input), self.trail, id)}

    def __str__(self) -> str:
        """As it is shown in a report."""
        return ".".join((self.input, *map(str, self.trail)))


@dataclass(frozen=True)
class Operation:
    """A use case with a route."""

    case: UseCase
    people: type[Entity]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.case.name

    @property
    def reads(self) -> bool:
        """Whether it is a query."""
        return not self.case.writes

    @property
    def lists(self) -> bool:
        """Whether it answers with a page."""
        return get_origin(self.case.returns) is Page

    @property
    def costly(self) -> bool:
        """Whether each call costs a password hash."""
        return self.case.built_in and self.name in COSTLY

    @property
    def is_open(self) -> bool:
        """Whether anyone may call it, signed in or not."""
        return self.case.is_open

    @property
    def everyone(self) -> bool:
        """Whether it belongs to no tenant."""
        return self.case.scope == "everyone"

    @property
    def bulk(self) -> bool:
        """Whether it takes many items at once."""
        return self.case.each is not None

    @cached_property
    def schema(self) -> Schema:
        """The JSON schema of its input."""
        return schema_of(input_model(self.case))

    @cached_property
    def ids(self) -> tuple[IdPlace, ...]:
        """Every place for an id of something that is kept for a tenant."""
        named = (
            (given, trail, self.people if target is User else target)
            for given in self.case.inputs
            for trail, target in ids_in(given)
        )
        return tuple(
            IdPlace(given.name, trail, target, given.source)
            for given, trail, target in named
            if issubclass(target, Entity) and not target.facts.platform
        )

    def ids_from(self, *sources: Source) -> tuple[IdPlace, ...]:
        """Those that come from there."""
        return tuple(place for place in self.ids if place.source in sources)

    def texts(self) -> list[str]:
        """The inputs that take a free text."""
        places = {place.input for place in self.ids}
        return [i.name for i in self.case.inputs if plain(i.hint) is str and i.name not in places]

    def request(self, values: Values) -> Request:
        """The request that sends these values. An input that is not among them is left out."""
        path, query, body = self.case.path, [], {}
        for given in self.case.inputs:
            for name in (one for one in fields_of(given) if one in values):
                value = values[name]
                if given.source is Source.PATH:
                    path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
                elif given.source is Source.QUERY:
                    several = value if isinstance(value, list) else [value]
                    query += [(name, _plain(one)) for one in several if one is not None]
                else:
                    body[name] = value
        content = to_json({"items": [body]} if self.bulk else body) if self._has_body else b""
        return Request(self.case.method, path, urlencode(query), content, self._key())

    def items(self, *items: Values) -> Request:
        """The request of a bulk with several items."""
        content = to_json({"items": [dict(item) for item in items]})
        return Request(self.case.method, self.case.path, body=content, headers=self._key())

    def refused(self, reply: Reply, statuses: tuple[int, ...]) -> bool:
        """Whether it was refused with one of these. A bulk answers 200, and refuses each item."""
        items = reply.data
        if self.bulk and reply.ok and isinstance(items, list):
            return all(isinstance(item, dict) and not item.get("success") for item in items)
        return reply.status in statuses

    def addresses(self) -> str:
        """Its path with a made-up segment for each hole."""
        return HOLE.sub("x", self.case.path)

    def _key(self) -> tuple[tuple[str, str], ...]:
        """A fresh Idempotency-Key, where one is a must."""
        return (("idempotency-key", f"{self.name}-{next(self._counted)}"),) if self.case.idempotent else ()

    @cached_property
    def _counted(self) -> count[int]:
        return count()

    @cached_property
    def _has_body(self) -> bool:
        return self.bulk or any(given.source is Source.BODY for given in self.case.inputs)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def operations(model: Model) -> tuple[Operation, ...]:
    """Every use case with a route, the accounts' own among them."""
    people = model.people or Entity
    return tuple(Operation(case, people) for case in model.use_cases.values() if case.path)


def allowed(access: Access | None, role: str, ranks: Mapping[str, int]) -> bool | None:
    """Whether a role alone opens a use case: yes, no, or None where a rule decides."""
    match access:
        case Anyone() | SignedIn():
            return True
        case Role(rank=rank):
            return ranks.get(role, -1) >= rank
        case Either(left=left, right=right):
            found = (allowed(left, role, ranks), allowed(right, role, ranks))
            return True if True in found else None if None in found else False
        case Both(left=left, right=right):
            found = (allowed(left, role, ranks), allowed(right, role, ranks))
            return False if False in found else None if None in found else True
        case _:
            return None

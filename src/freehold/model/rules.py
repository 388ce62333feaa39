"""Who may do what: roles and rules, combined with `|` and `&`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Never, ParamSpec

from freehold.model.finding import Finding, ModelError, Place
from freehold.model.names import snake

P = ParamSpec("P")


class Access:
    """Something a caller may satisfy. `a | b`: either will do. `a & b`: both are needed."""

    def __or__(self, other: Access) -> Access:
        """Either will do."""
        return Either(self, other)

    def __and__(self, other: Access) -> Access:
        """Both are needed."""
        return Both(self, other)

    def __bool__(self) -> Never:
        """Refuse: `owner and is_author` would quietly be `is_author` alone."""
        message = "`and`, `or`, `not` and `if` cannot tell who may do something before somebody calls"
        raise ModelError([Finding("FH161", Place.calling(), message, "write `&` for `and`, `|` for `or`")])

    def parts(self) -> Iterator[object]:
        """The roles and rules in it, and whatever else somebody has put there by mistake."""
        yield self

    def rules(self) -> Iterator[Rule[...]]:
        """The rules in it, so that what they need can be supplied."""
        return (part for part in self.parts() if isinstance(part, Rule))

    def __str__(self) -> str:
        """As it was written."""
        return snake(type(self).__name__)


class Anyone(Access):
    """Everybody, signed in or not."""


class SignedIn(Access):
    """Everybody who has signed in, whether or not they have entered a tenant."""


@dataclass(frozen=True, slots=True)
class Role(Access):
    """A member's part in a tenant. A role can do what the roles before it can."""

    name: str
    rank: int

    def __str__(self) -> str:
        """Its name."""
        return self.name


class Rule(Access, Generic[P]):
    """A predicate over the caller and the entity a call is about, made by `@app.rule`."""

    def __init__(self, function: Callable[P, bool]) -> None:
        """Wrap `function`, which stays callable as it is."""
        self.function = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """What the predicate says."""
        return self.function(*args, **kwargs)

    def __str__(self) -> str:
        """The name of its function."""
        return self.__name__


@dataclass(frozen=True, slots=True)
class Either(Access):
    """One of two will do."""

    left: Access
    right: Access

    def parts(self) -> Iterator[object]:
        """What is in both."""
        yield from _parts(self.left, self.right)

    def __str__(self) -> str:
        """As it was written."""
        return f"{self.left} | {self.right}"


@dataclass(frozen=True, slots=True)
class Both(Access):
    """Both are needed."""

    left: Access
    right: Access

    def parts(self) -> Iterator[object]:
        """What is in both."""
        yield from _parts(self.left, self.right)

    def __str__(self) -> str:
        """As it was written."""
        return " & ".join(f"({side})" if isinstance(side, Either) else str(side) for side in (self.left, self.right))


def _parts(*sides: object) -> Iterator[object]:
    for side in sides:
        yield from side.parts() if isinstance(side, Access) else (side,)


anyone = Anyone()
"""Open to everybody, signed in or not."""

signed_in = SignedIn()
"""Open to everybody who has signed in."""

"""Conditions: operators on the keys of a request's context.

Source: IAM User Guide, "Condition operators", "Conditions with multiple context keys or values" and "Single-valued
vs. multivalued context keys".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from freehold.testing.iam.arn import alike
from freehold.testing.iam.pattern import Pattern, Template, Wild, matches
from freehold.testing.iam.refusal import Unsupported
from freehold.testing.iam.shape import entries, listed, text

Value = str | tuple[str, ...] | None
"""What a request says under a key: one value, or the values of a key that may have several, or None: there is none."""


class Kind(Enum):
    """How one value of a policy is compared with one of the request."""

    EQUAL = auto()
    FOLDED = auto()
    LIKE = auto()
    ARN = auto()
    BOOL = auto()
    NULL = auto()


class Quantifier(Enum):
    """How many of the request's values have to fit."""

    THE = ""
    """The key has one value."""
    ALL = "ForAllValues:"
    """All, and so also none at all: this is why a policy that names keys needs a `Null` beside it."""
    ANY = "ForAnyValue:"


_OPERATORS: Mapping[str, tuple[Kind, bool]] = {
    "StringEquals": (Kind.EQUAL, False),
    "StringNotEquals": (Kind.EQUAL, True),
    "StringEqualsIgnoreCase": (Kind.FOLDED, False),
    "StringNotEqualsIgnoreCase": (Kind.FOLDED, True),
    "StringLike": (Kind.LIKE, False),
    "StringNotLike": (Kind.LIKE, True),
    "ArnEquals": (Kind.ARN, False),
    "ArnLike": (Kind.ARN, False),
    "ArnNotEquals": (Kind.ARN, True),
    "ArnNotLike": (Kind.ARN, True),
    "Bool": (Kind.BOOL, False),
    "Null": (Kind.NULL, False),
}
"""Name to kind, and whether it is negated."""
_WRITTEN = re.compile(r"(?P<quantifier>ForAllValues:|ForAnyValue:)?(?P<name>\w+?)(?P<optional>IfExists)?")
_TRUTHS = frozenset({"true", "false"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key, with the values of the policy."""

    operator: str
    """As the policy writes it."""
    key: str
    values: tuple[Template, ...]
    kind: Kind
    negated: bool
    quantifier: Quantifier
    optional: bool
    """Whether it is also met without the key (`IfExists`)."""

    def met(self, value: Value, tags: Mapping[str, str]) -> bool:
        """Whether a request with this value under the key, from a principal with these tags, meets the condition.

        Raises `Unsupported` where Amazon's pages leave the answer open.
        """
        if self.kind is Kind.NULL:
            self._no_empty(value)
            return (value in {None, ()}) == (self.values[0].text == "true")
        if self.quantifier is Quantifier.THE:
            if isinstance(value, tuple):
                raise Unsupported("NO_QUANTIFIER", f"{self.operator} on {self.key}, which may have several values")
            return (self.optional or self.negated) if value is None else self._fits(value, tags)
        self._no_empty(value)
        several = (value,) if isinstance(value, str) else value or ()
        fitting = [self._fits(one, tags) for one in several]  # all of them, so that no order hides a refusal
        # `IfExists` makes no difference to `ForAnyValue`: without a value, there is none that fits.
        return all(fitting) if self.quantifier is Quantifier.ALL else any(fitting)

    def _fits(self, one: str, tags: Mapping[str, str]) -> bool:
        """Whether one value fits any of the policy's; for a negated operator, none of them."""
        if self.kind is Kind.BOOL and one not in _TRUTHS:
            raise Unsupported("NO_TRUTH", f"{self.key} is {one!r}, and {self.operator} compares true and false")
        found = [value.matches(tags, lambda pattern: self._equal(pattern, one)) for value in self.values]
        return any(found) != self.negated

    def _equal(self, pattern: Pattern, one: str) -> bool:
        match self.kind:
            case Kind.ARN:
                return alike(pattern, one)
            case Kind.FOLDED:
                return _folded(pattern) == _folded(tuple(one))
            case _:
                return matches(pattern, one)

    def _no_empty(self, value: Value) -> None:
        # Amazon: "or if the context key value resolves to a null dataset, such as an empty string". Of several
        # values, it does not say; no key of an item is empty, so that nobody needs to know.
        if value == "" or (isinstance(value, tuple) and "" in value):
            raise Unsupported("EMPTY_VALUE", f"{self.operator} on {self.key} with an empty value")


def read_conditions(block: object) -> Iterator[Condition]:
    """The conditions of an element `Condition`. Raises `Unsupported` for an operator or a form that is not known."""
    for operator, keys in entries(block, "Condition").items():
        for key, values in entries(keys, operator).items():
            yield _condition(operator, key, values)


def _condition(operator: str, key: str, values: object) -> Condition:
    found = _WRITTEN.fullmatch(operator)
    kind, negated = _OPERATORS.get(found["name"] if found else "", (None, False))
    if found is None or kind is None:
        raise Unsupported("UNKNOWN_OPERATOR", f"the operator {operator!r} is not evaluated here")
    if kind in {Kind.NULL, Kind.BOOL}:
        written = [_truth(value, operator) for value in listed(values, operator)]
    else:
        written = [text(value, operator) for value in listed(values, operator)]
    if kind is Kind.NULL and (found["quantifier"] or found["optional"] or len(written) != 1):
        raise Unsupported("BAD_NULL", "`Null` takes one value, and neither a quantifier nor `IfExists`")
    templates = tuple(Template.parse(value, wildcards=kind in {Kind.LIKE, Kind.ARN}) for value in written)
    if kind is Kind.FOLDED and not all(value.isascii() for value in written):
        raise Unsupported("NOT_ASCII", f"{operator} with letters whose capitals are not of ASCII")
    quantifier = Quantifier(found["quantifier"] or "")
    return Condition(operator, key, templates, kind, negated, quantifier, bool(found["optional"]))


def _truth(value: object, operator: str) -> str:
    written = str(value).lower() if isinstance(value, bool) else text(value, operator)
    if written not in _TRUTHS:
        raise Unsupported("NO_TRUTH", f"{operator} compares true and false, not {written!r}")
    return written


def _folded(pattern: Pattern) -> Pattern:
    if not all(isinstance(part, Wild) or part.isascii() for part in pattern):
        raise Unsupported(
            "NOT_ASCII", "letters whose capitals are not of ASCII are not compared without regard to them"
        )
    return tuple(part if isinstance(part, Wild) else part.lower() for part in pattern)

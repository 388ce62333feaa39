"""Strings of a policy: literal text, wildcards, and variables that stand for a tag of whoever calls.

Source: IAM User Guide, "IAM policy elements: Variables and tags", and "Condition operators".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from freehold.testing.iam.refusal import Unsupported


class Wild(Enum):
    """A wildcard, as opposed to the character it is written with."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """`${aws:PrincipalTag/KEY}`, or with a default `${aws:PrincipalTag/KEY, 'text'}`."""

    tag: str
    default: str | None = None


Pattern = tuple[str | Wild, ...]
"""One entry a character: itself, or a wildcard."""

_VARIABLE = re.compile(r"aws:PrincipalTag/(?P<tag>[\w .:/=+@-]+)(?:, '(?P<default>[^'*?$]+)')?")
_LITERALS = frozenset("*?$")


@dataclass(frozen=True, slots=True)
class Template:
    """A string of a policy, read once and resolved for each principal."""

    text: str
    parts: tuple[str | Wild | Variable, ...]

    @classmethod
    def parse(cls, text: str, *, wildcards: bool = True) -> Template:
        """Read a string. Without `wildcards`, `*` and `?` are characters like any other.

        Raises `Unsupported` for a variable that is not the tag of a principal, and for one without an end.
        """
        return cls(text, tuple(_parts(text, wildcards=wildcards)))

    def lacks(self, tags: Mapping[str, str]) -> bool:
        """Whether it has a variable without a value."""
        return self._resolved(tags, (None,)) is None

    def matches(self, tags: Mapping[str, str], test: Callable[[Pattern], bool]) -> bool:
        """Whether the string, with the tags put in, passes `test`. One whose tag is missing passes nothing.

        Amazon does not say whether a tag with an empty value counts as missing: where that makes a difference,
        raises `Unsupported`.
        """
        readings = [self._resolved(tags, missing) for missing in ((None,), (None, ""))]
        passed, other = (reading is not None and test(reading) for reading in readings)
        if passed != other:
            raise Unsupported("EMPTY_TAG", f"the answer hangs on whether the empty tag in {self.text!r} counts as none")
        return passed

    def _resolved(self, tags: Mapping[str, str], missing: Sequence[str | None]) -> Pattern | None:
        resolved: list[str | Wild] = []
        for part in self.parts:
            if isinstance(part, Variable):
                value = tag(tags, part.tag)
                value = part.default if value in missing else value
                if value is None:
                    return None
                # Character by character, and so never a wildcard: a tenant called `*` reaches nobody else's.
                resolved.extend(value)
            else:
                resolved.append(part)
        return tuple(resolved)


def tag(tags: Mapping[str, str], key: str) -> str | None:
    """The value of a tag, None for one that is not there.

    Raises `Unsupported` for one that is there in other capitals only: Amazon's pages do not agree on what that means.
    """
    if key not in tags and key.lower() in map(str.lower, tags):
        raise Unsupported("OTHER_CAPITALS", f"the tag {key!r} of the policy is there, but in other capitals")
    return tags.get(key)


def matches(pattern: Sequence[str | Wild], text: str) -> bool:
    """Whether all of `text` is as the pattern says. Takes at most their lengths multiplied."""
    at = here = 0
    star, tried = -1, 0
    while here < len(text):
        token = pattern[at] if at < len(pattern) else None
        if token is Wild.ANY:
            star, tried = at, here
            at += 1
        elif token is Wild.ONE or token == text[here]:
            at, here = at + 1, here + 1
        elif star >= 0:
            # The last `*` takes one character more. An earlier one need never: what it could take, the last one can.
            tried += 1
            at, here = star + 1, tried
        else:
            return False
    return all(token is Wild.ANY for token in pattern[at:])


def _parts(text: str, *, wildcards: bool) -> Iterator[str | Wild | Variable]:
    at = 0
    while at < len(text):
        if text.startswith("${", at):
            end = text.find("}", at)
            if end < 0:
                raise Unsupported("BAD_VARIABLE", f"a variable in {text!r} has no end")
            yield _variable(text[at + 2 : end], text)
            at = end + 1
        else:
            yield Wild(text[at]) if wildcards and text[at] in "*?" else text[at]
            at += 1


def _variable(name: str, text: str) -> str | Variable:
    if name in _LITERALS:
        return name
    found = _VARIABLE.fullmatch(name)
    if found is None:
        raise Unsupported("UNKNOWN_VARIABLE", f"the variable ${{{name}}} in {text!r} is not evaluated here")
    return Variable(found["tag"], found["default"])

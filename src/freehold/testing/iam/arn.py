"""Amazon Resource Names, and the patterns that policies write for them.

Source: IAM User Guide, "IAM JSON policy elements: Resource", and "ARN condition operators".
"""

from __future__ import annotations

import re

from freehold.testing.iam.pattern import Pattern, Template, Wild, matches
from freehold.testing.iam.refusal import Unsupported

SEGMENTS = 6
_HEAD = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:[A-Za-z0-9*?-]*:[0-9*?]*:(?=.)")


def read_resource(text: str) -> Template | None:
    """What an element `Resource` writes: None for `*`, which is every resource.

    Raises `Unsupported` for anything but six segments, the first three without wildcards, and variables in the last
    only, which is what Amazon accepts.
    """
    if text == "*":
        return None
    if _HEAD.match(text) is None:
        raise Unsupported("BAD_RESOURCE", f"the resource {text!r} is neither `*` nor a whole ARN")
    return Template.parse(text)


def covers(pattern: Pattern, arn: str) -> bool:
    """Whether the pattern of an element `Resource` covers this resource.

    A `*` at the end of a segment can reach beyond its colon, Amazon says, and recommends that it should not. Where
    the two ways to read a pattern differ, raises `Unsupported`.
    """
    apart = alike(pattern, arn)
    if not apart and matches(pattern, arn):
        raise Unsupported("ACROSS_COLONS", f"whether {arn} is covered hangs on a wildcard reaching across a colon")
    return apart


def alike(pattern: Pattern, arn: str) -> bool:
    """Whether an ARN is as the pattern says, segment by segment, as `ArnLike` compares."""
    wanted, given = _segments(pattern), arn.split(":", SEGMENTS - 1)
    if len(wanted) != SEGMENTS:
        raise Unsupported("BAD_ARN", f"{text_of(pattern)!r} is compared with an ARN, and is none")
    return len(given) == SEGMENTS and all(map(matches, wanted, given))


def text_of(pattern: Pattern) -> str:
    """The pattern as it would be written."""
    return "".join(part.value if isinstance(part, Wild) else part for part in pattern)


def _segments(pattern: Pattern) -> list[list[str | Wild]]:
    segments: list[list[str | Wild]] = [[]]
    for part in pattern:
        if part == ":" and len(segments) < SEGMENTS:
            segments.append([])
        else:
            segments[-1].append(part)
    return segments

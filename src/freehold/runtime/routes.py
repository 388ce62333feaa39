"""Step 1, match: from method and path to a use case, in one walk down a tree of segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from freehold.runtime.failures import MethodNotAllowed, NotFound
from freehold.runtime.invoke import Ready

PREFIX = "/api/v1"


@dataclass(slots=True)
class _Node:
    fixed: dict[str, _Node] = field(default_factory=dict)
    hole: _Node | None = None
    answers: dict[str, tuple[Ready, tuple[str, ...]]] = field(default_factory=dict)


class Routes:
    """All routes of an app. A fixed segment goes before a hole, so `/tasks/due` is not a task's id."""

    def __init__(self, cases: Iterable[Ready]) -> None:
        """Build the tree."""
        self._root = _Node()
        for ready in cases:
            if ready.case.path:
                self._add(ready)

    def match(self, method: str, path: str) -> tuple[Ready, dict[str, str]]:
        """The use case and what is in the holes. `path` is as it was sent, still percent-encoded, without the prefix.

        Raises `NotFound` for an unknown path, and `MethodNotAllowed` for a known one with another method.
        """
        segments = path.split("/")[1:]
        if "%" in path:
            segments = [_decoded(segment) for segment in segments]
        found = _walk(self._root, segments, [])
        if found is None:
            raise NotFound("NO_SUCH_ADDRESS", "There is nothing at this address.")
        node, values = found
        answer = node.answers.get(method)
        if answer is None:
            raise MethodNotAllowed(details=[{"allow": sorted(node.answers)}])
        ready, names = answer
        return ready, dict(zip(names, values, strict=True))

    def _add(self, ready: Ready) -> None:
        node, names = self._root, []
        for segment in ready.case.path.split("/")[1:]:
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.hole = node = node.hole or _Node()
            else:
                node = node.fixed.setdefault(segment, _Node())
        node.answers[ready.case.method] = (ready, tuple(names))


def _walk(node: _Node, segments: list[str], values: list[str]) -> tuple[_Node, list[str]] | None:
    if not segments:
        return (node, values) if node.answers else None
    first, rest = segments[0], segments[1:]
    if first in node.fixed and (found := _walk(node.fixed[first], rest, values)) is not None:
        return found
    return _walk(node.hole, rest, [*values, first]) if node.hole is not None and first else None


def _decoded(segment: str) -> str:
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise NotFound("NO_SUCH_ADDRESS", "There is nothing at this address.") from None

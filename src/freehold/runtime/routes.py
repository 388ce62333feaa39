"""Step 1, match: from method and path to a use case, in one walk down a tree of segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from freehold.runtime.failures import MethodNotAllowed, NotFound
from freehold.runtime.invoke import Ready
from freehold.runtime.prepared import BAD_ESCAPE

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
        segments = path.split("/")
        if "%" in path:
            segments = [_decoded(segment) for segment in segments]
        values: list[str] = []
        node = _walk(self._root, segments, 1, values)
        if node is None or not path.startswith("/"):
            raise NotFound("NO_SUCH_ADDRESS", "There is nothing at this address.")
        answer = node.answers.get(method)
        if answer is None:
            allow = sorted({*node.answers, *(["HEAD"] if "GET" in node.answers else [])})
            raise MethodNotAllowed(details=[{"allow": allow}])
        return answer[0], dict(zip(answer[1], values, strict=True))

    def _add(self, ready: Ready) -> None:
        node, names = self._root, []
        for segment in ready.case.path.split("/")[1:]:
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.hole = node = node.hole or _Node()
            else:
                node = node.fixed.setdefault(segment, _Node())
        node.answers[ready.case.method] = (ready, tuple(names))


def _walk(node: _Node, segments: list[str], at: int, values: list[str]) -> _Node | None:
    """The node that the segments from `at` on lead to. What is in the holes on the way is put into `values`."""
    if at == len(segments):
        return node if node.answers else None
    segment = segments[at]
    if (fixed := node.fixed.get(segment)) is not None and (found := _walk(fixed, segments, at + 1, values)) is not None:
        return found
    if node.hole is None or not segment:
        return None
    values.append(segment)
    if (found := _walk(node.hole, segments, at + 1, values)) is None:
        values.pop()
    return found


def _decoded(segment: str) -> str:
    """A segment as it was meant. One that cannot be decoded is no address: nothing is guessed."""
    try:
        decoded = unquote(segment, errors="strict")
    except UnicodeDecodeError:
        decoded = "\0"
    if "\0" in decoded or BAD_ESCAPE.search(segment) is not None:
        raise NotFound("NO_SUCH_ADDRESS", "There is nothing at this address.")
    return decoded

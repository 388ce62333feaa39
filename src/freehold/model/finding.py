"""Findings: what is wrong with a model, a setting or an archive, where, and how to put it right."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line in somebody's source."""

    file: str
    line: int

    def __str__(self) -> str:
        """The way editors and terminals make clickable."""
        return f"{self.file}:{self.line}"

    @classmethod
    def of(cls, thing: Callable[..., object] | type, field: str = "") -> Place:
        """Where a function or class is written, or a field of a class, as well as Python can tell."""
        if isinstance(thing, type):
            return _place_of_class(thing, field)
        code = getattr(inspect.unwrap(thing), "__code__", None)
        return cls(relative(code.co_filename), code.co_firstlineno) if code else cls(thing.__module__ or "?", 0)

    @classmethod
    def calling(cls) -> Place:
        """The line that is being run: the nearest that is not freehold's own."""
        frame = inspect.currentframe()
        while frame is not None and str(frame.f_globals.get("__name__")).startswith("freehold."):
            frame = frame.f_back
        return cls(relative(frame.f_code.co_filename), frame.f_lineno) if frame else cls("?", 0)

    def down(self, lines: int) -> Place:
        """So many lines further down in the same file."""
        return Place(self.file, self.line + lines)


def relative(file: str) -> str:
    """A path as somebody who works here would write it."""
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else file


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong: a code with a page in the docs, the place, the matter, and the fix."""

    code: str
    place: Place
    message: str
    fix: str

    def __str__(self) -> str:
        """Two lines: the matter and the fix."""
        return f"{self.place}: {self.code} {self.message}\n    fix: {self.fix}"


class ModelError(Exception):
    """A model, a setting or an archive does not hold together. `findings` says what, where, and how to put it right."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Gather what was found, each once, in the order of the source."""
        self.findings = sorted(dict.fromkeys(findings), key=lambda finding: (finding.place, finding.code))
        super().__init__("\n".join(map(str, self.findings)))


def _place_of_class(kind: type, field: str) -> Place:
    module = sys.modules.get(kind.__module__)
    codes = (getattr(member, "__code__", None) for member in vars(kind).values())
    written = [code.co_filename for code in codes if code is not None]
    file = getattr(module, "__file__", None) or next(iter(written), None)
    if file is None:
        return Place(kind.__module__, 0)
    nodes = _definitions(file, kind.__qualname__)
    if not nodes:
        return Place(relative(file), getattr(kind, "__firstlineno__", 0))
    # A name that is defined twice means the second class; the first one lives on where it was used before.
    node = nodes[-1] if getattr(module, kind.__name__, None) is kind else nodes[0]
    line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return Place(relative(file), _field_lines(node).get(field, line))


def _definitions(file: str, qualname: str) -> list[ast.ClassDef]:
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return []
    return [node for name, node in _classes(tree, "") if name == qualname]


def _classes(scope: ast.AST, prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for node in ast.iter_child_nodes(scope):
        inner = prefix
        if isinstance(node, ast.ClassDef):
            yield prefix + node.name, node
            inner = f"{prefix}{node.name}."
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inner = f"{prefix}{node.name}.<locals>."
        yield from _classes(node, inner)


def _field_lines(of: ast.ClassDef) -> dict[str, int]:
    fields = (node for node in of.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name))
    return {node.target.id: node.lineno for node in fields if isinstance(node.target, ast.Name)}

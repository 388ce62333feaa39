"""The source of the repository, parsed once, and how a rule is held against it.

A rule is a function from a module to the places that break it. Its docstring is what it
demands, and what a reader is told when something breaks it.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef
Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True)
class Module:
    """A file of Python, its path relative to the repository."""

    path: Path
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, text: str, path: str = "src/freehold/planted.py") -> "Module":
        """Parse some text as if it were the file at `path`."""
        return cls(Path(path), text, ast.parse(text, path))

    @property
    def name(self) -> str:
        """As it is imported."""
        parts = self.path.with_suffix("").parts
        parts = parts[1:] if parts[0] == "src" else parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def is_test(self) -> bool:
        """Whether pytest runs it."""
        return self.path.name.startswith("test_") or self.path.name == "conftest.py"

    def at(self, node: ast.AST | int, what: str) -> str:
        """A place, and what is wrong there, the way editors and terminals make clickable."""
        return f"{self.path}:{node if isinstance(node, int) else getattr(node, 'lineno', 1)}: {what}"

    def find(self, *kinds: type[Node]) -> Iterator[Node]:
        """Every node of these kinds, wherever it is."""
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))

    def imports(self, *, top: bool = False) -> Iterator[tuple[ast.AST, str]]:
        """Every module that is imported, by its full name; with `top`, only when the file is loaded."""
        for node in self.tree.body if top else ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node, node.module or "."

    def surface(self) -> Iterator[tuple[str, Definition]]:
        """Every public class, function and method, with its name as one would write it after an import."""
        yield from _public(self.tree, "")


def _public(scope: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, Definition]]:
    for node in scope.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{prefix}{node.name}.")


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every file of Python under these folders of the repository, hidden ones left out."""
    paths = sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))
    shown = [path for path in paths if not any(part.startswith(".") for part in path.parts)]
    return tuple(Module.of((ROOT / path).read_text(), str(path)) for path in shown)


def package() -> tuple[Module, ...]:
    """What is published."""
    return modules("src/freehold")


def everything() -> tuple[Module, ...]:
    """All that is ours."""
    return modules("src", "examples", "tests", "bench", "docs")


Rule = Callable[[Module], Iterator[str]]


def assert_kept(rule: Rule, where: Iterable[Module]) -> None:
    """Nothing in these modules breaks the rule; or else, say every place that does."""
    __tracebackhide__ = True
    assert_none((place for module in where for place in rule(module)), rule.__doc__ or rule.__name__)


def assert_none(places: Iterable[str], rule: str) -> None:
    """There are no such places; or else, say what the rule is, and list them."""
    __tracebackhide__ = True
    listed = sorted(places)
    assert not listed, "\n".join([rule, *listed])

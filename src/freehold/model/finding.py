"""Findings: what is wrong with a model, where, and how to put it right."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
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
    def of(cls, thing: Callable[..., object] | type) -> Place:
        """Where a function or class is written, as well as Python can tell."""
        code = getattr(inspect.unwrap(thing), "__code__", None) if not isinstance(thing, type) else None
        if code is not None:
            return cls(_relative(code.co_filename), code.co_firstlineno)
        try:
            return cls(_relative(inspect.getsourcefile(thing) or "?"), inspect.getsourcelines(thing)[1])
        except (OSError, TypeError):
            return cls(getattr(thing, "__module__", "?"), 0)


def _relative(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


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
    """The model does not hold together. `findings` says what, where, and how to put it right."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Gather what was found, in the order of the source."""
        self.findings = sorted(set(findings), key=lambda finding: (finding.place, finding.code))
        super().__init__("\n".join(map(str, self.findings)))

"""Case files: a small app in one or more files, and all that is found wrong with it.

The first line says what the case shows. Then come the files, each after a line `--- name`, and `--- findings`.
"""

import importlib
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from freehold.accounts.routes import accounts
from freehold.model.app import App
from freehold.model.clash import check_joined
from freehold.model.finding import Finding, ModelError

FOLDER = Path(__file__).parent / "cases"
FUTURE = "from __future__ import annotations; "


@dataclass(frozen=True)
class Case:
    """One file of `cases/`."""

    path: Path
    says: str
    files: dict[str, str]
    expected: str

    @classmethod
    def read(cls, path: Path) -> "Case":
        says, *parts = re.split(r"^--- (.+)\n", path.read_text(), flags=re.MULTILINE)
        files = dict(zip(parts[::2], parts[1::2], strict=True))
        return cls(path, says.strip(), files, files.pop("findings"))

    @property
    def joins(self) -> bool:
        """Whether the app is read together with the accounts."""
        return "With the accounts" in self.says

    def update(self, found: str) -> None:
        """Expect what was found."""
        parts = {**self.files, "findings": found}
        self.path.write_text(f"{self.says}\n" + "".join(f"--- {name}\n{text}" for name, text in parts.items()))


CASES = {path.stem: Case.read(path) for path in sorted(FOLDER.glob("*.txt"))}


def findings_in(case: Case, folder: Path, patch: pytest.MonkeyPatch, *, lazily: bool = False) -> list[Finding]:
    """Load the app of a case from `folder` and read it. With `lazily`, its annotations are left as text."""
    for name, text in case.files.items():
        (folder / name).write_text(FUTURE + text if lazily else text)
    patch.chdir(folder)
    patch.syspath_prepend(folder)
    patch.setattr(sys, "dont_write_bytecode", True)
    names = [Path(name).stem for name in case.files]
    try:
        return _read(names, joins=case.joins)
    finally:
        _forget(names)


def _read(names: Iterable[str], *, joins: bool) -> list[Finding]:
    _forget(names)
    try:
        app = _app(importlib.import_module("app"))
        model = app.model()
        if joins:
            check_joined(model, accounts(model))
    except ModelError as error:
        return error.findings
    return []


def _app(module: ModuleType) -> App:
    assert isinstance(module.app, App)
    return module.app


def _forget(names: Iterable[str]) -> None:
    for name in names:
        sys.modules.pop(name, None)

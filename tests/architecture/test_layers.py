"""The contracts of `.importlinter` bite. (That they are kept is what `make layers` says.)"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, to plant violations in."""
    shutil.copytree(ROOT / "src" / "freehold", tmp_path / "freehold", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def lint(folder: Path) -> str:
    """What the linter says about the package in this folder."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"]
    options = ["--no-cache", "--no-logo", "--config", ".importlinter"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [*command, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_the_package_keeps_every_contract(copy: Path) -> None:
    assert " 0 broken" in lint(copy)


@pytest.mark.parametrize(
    ("file", "planted", "report"),
    [
        ("runtime/planted.py", "import freehold.stores", "freehold.runtime.planted -> freehold.stores (l.1)"),
        ("edges/planted.py", "import freehold.stores", "freehold.edges.planted -> freehold.stores (l.1)"),
        ("accounts/planted.py", "import freehold.edges", "freehold.accounts.planted -> freehold.edges (l.1)"),
        ("model/planted.py", "def f():\n    import sqlite3", "freehold.model.planted -> sqlite3 (l.2)"),
        ("runtime/planted.py", "from starlette import routing", "freehold.runtime.planted -> starlette (l.1)"),
        ("payments/__init__.py", "", "freehold.payments"),
    ],
)
def test_an_arrow_that_points_the_wrong_way_is_reported(copy: Path, file: str, planted: str, report: str) -> None:
    (copy / "freehold" / file).parent.mkdir(exist_ok=True)
    (copy / "freehold" / file).write_text(planted)
    assert report in lint(copy)


def test_a_cycle_within_a_layer_is_reported(copy: Path) -> None:
    (copy / "freehold" / "stores" / "hen.py").write_text("import freehold.stores.egg")
    (copy / "freehold" / "stores" / "egg.py").write_text("import freehold.stores.hen")
    assert "No cycles BROKEN" in lint(copy)

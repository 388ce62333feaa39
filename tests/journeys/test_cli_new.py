"""What `freehold new` makes works as it is."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.cli_kit import PATIENCE, Shell


@pytest.fixture
def acme(tmp_path: Path) -> Shell:
    """A new app."""
    Shell(tmp_path).run("new", "acme")
    return Shell(tmp_path / "acme")


def python(shell: Shell, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of Python's in the new app."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=shell.folder, env=shell.environment(), timeout=PATIENCE, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def test_a_new_app_has_all_that_a_repository_needs(acme: Shell) -> None:
    made = {str(path.relative_to(acme.folder)) for path in acme.folder.rglob("*") if path.is_file()}
    assert made == {
        ".github/workflows/ci.yml", ".gitignore", "AGENTS.md", "README.md", "app.py", "pyproject.toml",
        "tests/test_app.py",
    }  # fmt: skip
    assert not [path for path in acme.folder.rglob("*") if path.is_file() and "myapp" in path.read_text()]


def test_a_new_app_passes_its_own_tests(acme: Shell) -> None:
    done = python(acme, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def test_a_new_app_holds_together(acme: Shell) -> None:
    assert acme.run("check").startswith("ok  acme:")
    assert acme.json("check") == []


def test_a_new_app_is_plain_to_a_strict_type_checker(acme: Shell) -> None:
    done = python(acme, "-m", "mypy", "--strict", "--cache-dir=/dev/null", "app.py", "tests")
    assert done.returncode == 0, done.stdout


def test_a_new_app_withstands_the_attacks_on_its_isolation(acme: Shell) -> None:
    report = acme.json("test", "isolation", "--effort", "0.3")
    assert isinstance(report, dict)
    assert report["ok"]
    assert report["leaks"] == []


def test_an_empty_folder_may_be_there_already(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    assert "freehold dev" in Shell(tmp_path / "acme").run("new", ".")
    assert (tmp_path / "acme" / "app.py").read_text().count('App("acme")') == 1


def test_nothing_is_overwritten(acme: Shell) -> None:
    before = (acme.folder / "app.py").read_text()
    assert "FH406" in Shell(acme.folder.parent).run("new", "acme", code=1)
    assert (acme.folder / "app.py").read_text() == before


@pytest.mark.parametrize("name", ["Acme", "1st", "two words", "-x/_y"])
def test_what_cannot_be_the_name_of_an_app_is_refused(tmp_path: Path, name: str) -> None:
    assert "FH406" in Shell(tmp_path).run("new", "--", name, code=1)
    assert list(tmp_path.iterdir()) == []

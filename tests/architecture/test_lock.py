"""The locked requirements are whole, and name no place to get them from."""

import re
import tomllib
from collections.abc import Iterable

import pytest

from tests.architecture.source import ROOT

LOCKS = ["core.txt", "dev.txt"]
PINNED = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>\S+)(?P<rest>.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def pins(lock: str) -> dict[str, str]:
    """Name to version."""
    return {found["name"]: found["version"] for found in PINNED.finditer(text(lock))}


def text(lock: str) -> str:
    """A file of locked requirements."""
    return (ROOT / "requirements" / lock).read_text()


def names(requirements: Iterable[str]) -> set[str]:
    """The names in some requirements, without their versions and markers."""
    return {re.split(r"[\s<>=!~;\[]", requirement)[0].lower() for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_locked_has_a_hash(lock: str) -> None:
    found = list(PINNED.finditer(text(lock)))
    assert found
    assert [pin["name"] for pin in found if "--hash=sha256:" not in pin["rest"]] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index(lock: str) -> None:
    assert not re.findall(r"^--.*|\S+://\S+", text(lock), re.MULTILINE)


def test_everything_asked_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert names(project["project"]["dependencies"]) <= pins("core.txt").keys()
    assert names(project["dependency-groups"]["dev"]) <= pins("dev.txt").keys()


def test_we_develop_with_what_users_get() -> None:
    assert pins("core.txt").items() <= pins("dev.txt").items()

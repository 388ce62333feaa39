"""Both type checkers accept what is right and refuse what is wrong, line by line.

A line of this folder that ends in `# refused` must be an error to mypy and to basedpyright; no other line may be one.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.py"))

Lines = set[str]


def refused() -> Lines:
    """The lines that are marked, as file:line."""
    return {
        f"{path.name}:{number}"
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.endswith("# refused")
    }


def by_mypy(folder: Path) -> Lines:
    """The lines in which mypy finds an error."""
    told = run("mypy", "--no-pretty", "--no-error-summary", *map(str, FILES))
    return {f"{Path(file).name}:{line}" for file, line in re.findall(r"^(.+?):(\d+): error:", told, re.MULTILINE)}


def by_basedpyright(folder: Path) -> Lines:
    """The lines in which basedpyright finds an error. The project's own settings leave out what is refused."""
    settings = {"include": [str(FOLDER)], "extraPaths": [str(ROOT)], "typeCheckingMode": "strict"}
    (folder / "pyrightconfig.json").write_text(json.dumps({**settings, "pythonVersion": "3.11"}))
    told = run("basedpyright", "--outputjson", "--pythonpath", sys.executable, "--project", str(folder))
    errors = [found for found in json.loads(told)["generalDiagnostics"] if found["severity"] != "information"]
    return {f"{Path(found['file']).name}:{found['range']['start']['line'] + 1}" for found in errors}


def run(checker: str, *arguments: str) -> str:
    """What a checker prints. That it finds errors, and so fails, is what it is run for."""
    command = [str(Path(sys.executable).with_name(checker)), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("checker", [by_mypy, by_basedpyright])
def test_what_is_wrong_is_refused_and_what_is_right_is_not(checker: Callable[[Path], Lines], tmp_path: Path) -> None:
    assert checker(tmp_path) == refused()


def test_there_is_something_to_refuse() -> None:
    assert len(refused()) > len(FILES)

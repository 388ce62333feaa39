"""Every way an app can be wrong, each in a small app: what is found, where, and how to put it right."""

import re
from pathlib import Path

import pytest

from tests.unit.model.case_files import CASES, Case, findings_in

SOURCE = Path(__file__).parents[3] / "src" / "freehold" / "model"
ALL = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@ALL
def test_what_is_wrong_is_found(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    found = "".join(f"{finding}\n" for finding in findings_in(case, tmp_path, monkeypatch))
    if request.config.getoption("--update"):
        case.update(found)
    assert Case.read(case.path).expected == found


@ALL
def test_annotations_that_are_left_as_text_change_nothing(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = findings_in(case, tmp_path, monkeypatch, lazily=True)
    assert "".join(f"{finding}\n" for finding in found) == case.expected


@ALL
def test_a_finding_names_a_line_of_the_app_and_a_fix(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for finding in findings_in(case, tmp_path, monkeypatch):
        lines = case.files[finding.place.file].splitlines()
        assert lines[finding.place.line - 1].strip()
        assert finding.fix


@ALL
def test_a_case_is_called_after_the_code_it_shows(case: Case) -> None:
    code = re.match(r"FH1\d\d", case.path.stem)
    assert code is None or set(re.findall(r"\bFH1\d\d\b", case.expected)) == {code[0]}


def test_every_code_of_the_model_has_a_case() -> None:
    codes = {code for path in SOURCE.rglob("*.py") for code in re.findall(r"\bFH1\d\d\b", path.read_text())}
    assert codes == {name[:5] for name in CASES if name.startswith("FH")}

"""Which app is meant, and where it went wrong."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.cli.target import Target, failed_files, load, loaded_files, locate
from freehold.model.finding import ModelError

APP = 'from freehold import App\n\napp = App("found")\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to stand in. What is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    path, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def write(folder: Path, *names: str, text: str = APP) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def codes(error: ModelError) -> list[str]:
    return [finding.code for finding in error.findings]


def test_a_file_is_the_module_of_its_own_name(here: Path) -> None:
    write(here, "shop.py")
    assert locate("shop.py") == Target(here, "shop", here / "shop.py")


def test_a_file_whose_name_is_no_identifier_is_loaded_all_the_same(here: Path) -> None:
    write(here, "01_shop.py")
    assert load(locate("01_shop.py")).name == "found"


def test_a_file_in_a_package_is_a_module_of_that_package(here: Path) -> None:
    write(here, "shop/__init__.py", "shop/web/__init__.py", text="")
    write(here, "shop/web/main.py")
    assert locate("shop/web/main.py") == Target(here, "shop.web.main", here / "shop" / "web" / "main.py")


def test_the_only_app_of_a_folder_is_meant(here: Path) -> None:
    write(here, "shop.py")
    write(here, "other.py", text="x = 1\n")
    write(here, "test_shop.py", ".hidden.py")
    assert locate().source == here / "shop.py"


def test_a_package_in_a_folder_counts_and_so_does_src(here: Path) -> None:
    write(here, "src/shop/__init__.py", text="")
    write(here, "src/shop/app.py")
    assert locate() == Target(here / "src", "shop", here / "src" / "shop")
    assert load(locate()).name == "found"
    assert locate("shop") == locate()


def test_an_attribute_may_be_named(here: Path) -> None:
    write(here, "shop.py", text=APP + 'other = App("other")\n')
    assert load(locate("shop.py:other")).name == "other"
    assert load(locate("shop:app")).name == "found"
    with pytest.raises(ModelError) as error:
        load(locate("shop.py"))
    assert codes(error.value) == ["FH403"]


def test_the_same_app_by_two_names_is_one(here: Path) -> None:
    write(here, "shop.py", text=APP + "alias = app\n")
    assert load(locate("shop.py")).name == "found"


def test_several_apps_in_a_folder_are_told(here: Path) -> None:
    write(here, "one.py", "two.py")
    with pytest.raises(ModelError, match=r"one\.py, two\.py") as error:
        locate()
    assert codes(error.value) == ["FH403"]


@pytest.mark.parametrize("target", [None, "nothing.py", "nothing", "no such thing", "json"])
def test_where_there_is_no_app_that_is_told(here: Path, target: str | None) -> None:
    with pytest.raises(ModelError) as error:
        load(locate(target))
    assert codes(error.value) == ["FH402"]


def test_pyproject_goes_first_and_must_be_toml(here: Path) -> None:
    write(here, "one.py", "two.py")
    write(here, "pyproject.toml", text='[tool.freehold]\napp = "two.py"\n')
    assert locate().source == here / "two.py"
    write(here, "pyproject.toml", text='[tool.freehold]\napp = "one:app"\n')
    assert locate() == Target(here, "one", here / "one.py", "app")
    write(here, "pyproject.toml", text="[tool\n")
    with pytest.raises(ModelError) as error:
        locate()
    assert codes(error.value) == ["FH405"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("x = 1\ndef f(:\n", 2, "SyntaxError"),
        ("import json\njson.loads('{')\n", 2, "JSONDecodeError"),
        ("import nowhere_to_be_found\n", 1, "ModuleNotFoundError"),
        ("raise SystemExit(3)\n", 1, "SystemExit"),
    ],
)
def test_what_python_says_is_told_with_the_line_of_the_app_s_own(here: Path, text: str, line: int, said: str) -> None:
    write(here, "deeper.py", text=text)
    write(here, "shop.py", text="import deeper\n" + APP)
    target = locate("shop.py")
    with pytest.raises(ModelError) as error:
        load(target)
    (finding,) = error.value.findings
    assert (finding.code, str(finding.place)) == ("FH404", f"deeper.py:{line}")
    assert said in finding.message
    assert failed_files(error.value, target) == {here / "shop.py", here / "deeper.py"}


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ('@app.command("POST /a")\ndef a() -> None: ...\n', "say who may"),
        ('@app.get("/a", allow=member)\ndef a() -> None: ...\n', 'write `@app.query("GET /path", allow=...)`'),
        ('@app.patch("/a", allow=member)\ndef a() -> None: ...\n', 'write `@app.command("PATCH /path", allow=...)`'),
        ("@lookup\ndef a() -> None: ...\n", "write `@lookup()`"),
        ("@app.rule()\ndef a() -> bool: ...\n", "without brackets"),
        ("def a(b: Taks) -> None: ...\n", "correct its name"),
        ("from freehold import Stores\n", "correct its name"),
        ("import freeholt\n", "install what provides `freeholt`"),
        ("def a(:\n", "put right the syntax"),
        ("App.nothing\n", "see to what Python says"),
    ],
)
def test_the_mistakes_that_are_made_most_are_told_what_is_meant(here: Path, text: str, fix: str) -> None:
    roles = 'from freehold import lookup\n(member,) = app.roles("member")\n'
    write(here, "shop.py", text=APP + roles + text)
    with pytest.raises(ModelError) as error:
        load(locate("shop.py"))
    (finding,) = error.value.findings
    assert finding.code == "FH404"
    assert fix in finding.fix


def test_a_file_that_is_gone_is_not_taken_for_a_package(here: Path) -> None:
    write(here, "shop.py", text=APP)
    target = locate("shop.py")
    (here / "shop.py").unlink()
    with pytest.raises(ModelError) as error:
        load(target)
    assert error.value.findings[0].fix.startswith("put the file back")


def test_the_files_of_an_app_are_its_own_and_no_others(here: Path) -> None:
    write(here, "deeper.py", text="import json\n")
    write(here, "shop.py", text="import deeper\n" + APP)
    target = locate("shop.py")
    load(target)
    assert loaded_files(target) == {here / "shop.py", here / "deeper.py"}

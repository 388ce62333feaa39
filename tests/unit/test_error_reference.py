"""Every code has a section in the reference, and the examples there are wrong, and right, in the way they say."""

import importlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from freehold import wiring
from freehold.accounts.routes import accounts
from freehold.model.app import App
from freehold.model.clash import check_joined
from freehold.model.data import Entity, Event
from freehold.model.finding import ModelError
from freehold.model.lookup import is_store
from freehold.model.ports import Emit, Store
from freehold.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "errors.md").read_text()
CODE = re.compile(r"\bFH\d{3}\b")


@dataclass(frozen=True)
class Section:
    """What the reference says about one code."""

    code: str
    text: str

    @property
    def examples(self) -> list[str]:
        """Its blocks of Python."""
        return re.findall(r"^```py\n(.*?)^```", self.text, re.MULTILINE | re.DOTALL)


OPENING, *REST = re.split(r"^### (?=FH)", PAGE, flags=re.MULTILINE)
SECTIONS = [Section(text[:5], text) for text in REST]
DECLARATIONS = [section for section in SECTIONS if section.code.startswith("FH1")]
WRONG = pytest.mark.parametrize("section", DECLARATIONS, ids=lambda section: section.code)
RIGHT = pytest.mark.parametrize(
    "section", [section for section in DECLARATIONS if section.examples[1:]], ids=lambda section: section.code
)


def codes_found(example: str, folder: Path, patch: pytest.MonkeyPatch) -> set[str]:
    """The codes of all that is wrong with an example, from reading it to starting it."""
    (prelude,) = Section("", OPENING).examples
    (folder / "example.py").write_text(prelude + example)
    patch.syspath_prepend(folder)
    patch.setattr(sys, "dont_write_bytecode", True)
    sys.modules.pop("example", None)
    try:
        app = with_takers(importlib.import_module("example"))
        model = wiring.complete(app)
        check_joined(app.model(), accounts(model))
        wiring._adapters(model, Settings())
    except ModelError as error:
        return {finding.code for finding in error.findings}
    finally:
        sys.modules.pop("example", None)
    return set()


def with_takers(module: ModuleType) -> App:
    """The app of an example, with a use case that takes the last class it declares."""
    own = [kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
    last = own[-1]
    hint: object = None
    if is_store(last):
        hint = last
    elif issubclass(last, Entity):
        hint = Store[last]  # type: ignore[valid-type]  # a type made at run time
    elif issubclass(last, Event):
        hint = Emit[last]  # type: ignore[valid-type]  # a type made at run time

    def take(thing: object) -> None:
        """Take it."""

    if hint is not None:
        take.__annotations__["thing"] = hint
        module.app.operation(scope="everyone" if getattr(last, "facts", Entity.facts).platform else "tenant")(take)
    assert isinstance(module.app, App)
    return module.app


def test_every_code_has_a_section_and_every_section_a_code() -> None:
    used = {code for path in (ROOT / "src").rglob("*.py") for code in CODE.findall(path.read_text())}
    assert sorted(section.code for section in SECTIONS) == sorted(used)


def test_every_section_says_how_to_put_it_right() -> None:
    assert [section.code for section in SECTIONS if "**Fix:**" not in section.text] == []


def test_every_declaration_has_an_example_of_the_mistake() -> None:
    assert [section.code for section in DECLARATIONS if not section.examples] == []


@WRONG
def test_the_first_example_has_the_mistake_and_no_other(
    section: Section, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert codes_found(section.examples[0], tmp_path, monkeypatch) == {section.code}


@RIGHT
def test_the_example_that_follows_has_no_mistake(
    section: Section, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert codes_found(section.examples[1], tmp_path, monkeypatch) == set()

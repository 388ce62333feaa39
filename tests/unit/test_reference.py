"""What the reference promises is there, and what is there is in the reference."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from typer.core import TyperGroup
from typer.main import get_command

import freehold
from freehold.cli.calling import OPTIONS
from freehold.cli.listing import WHOLE
from freehold.cli.verbs import app
from freehold.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
COMMON = {"--app", "--data", "--store", "--json"}
PAGES = {page: page.read_text() for page in (*DOCS.rglob("*.md"), DOCS.parent / "README.md")}


def test_every_setting_is_in_the_reference_with_its_default() -> None:
    page = (DOCS / "reference" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `(FREEHOLD_\w+)` \| (?:`([^`]*)`)? ?\|", page, re.MULTILINE))
    assert rows == {f"FREEHOLD_{field.name.upper()}": str(field.default) for field in fields(Settings)}


def test_every_public_name_occurs_in_the_docs() -> None:
    text = "\n".join(PAGES.values())
    assert [name for name in freehold.__all__ if not re.search(rf"\b{name}\b", text)] == []


def test_every_verb_is_in_the_reference_with_its_options() -> None:
    page = (DOCS / "reference" / "command-line.md").read_text()
    rows = re.findall(r"^\| `freehold ([a-z ]+?)(?: [A-Z_ ]+)?` \| (.*?) \|(.*) \|$", page, re.MULTILINE)
    assert {verb: (says, re.findall("`(--[a-z-]+)`", options)) for verb, says, options in rows} == dict(verbs())


def verbs() -> Iterator[tuple[str, tuple[str, list[str]]]]:
    """Every verb with the first sentence about it and its options, but for those that most verbs have."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    for name, command in group.commands.items():
        inner = command.commands if isinstance(command, TyperGroup) and name != "call" else {"": command}
        for inside, verb in inner.items():
            options = [given.opts[0] for given in verb.params if given.opts[0].startswith("--")]
            options = [f"--{key.rstrip('_')}" for key in OPTIONS] if name == "call" else options
            says = verb.get_short_help_str(WHOLE)
            yield f"{name} {inside}".strip(), (says, [one for one in options if one not in COMMON])


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {link}"
        for page, text in PAGES.items()
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
        if not (page.parent / link).exists()
    ]
    assert broken == []

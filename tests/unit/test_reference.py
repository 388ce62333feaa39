"""What the reference promises is there, and what is there is in the reference."""

import re
from dataclasses import fields
from pathlib import Path

import freehold
from freehold.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {page: page.read_text() for page in (*DOCS.rglob("*.md"), DOCS.parent / "README.md")}


def test_every_setting_is_in_the_reference_with_its_default() -> None:
    page = (DOCS / "reference" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `(FREEHOLD_\w+)` \| (?:`([^`]*)`)? ?\|", page, re.MULTILINE))
    assert rows == {f"FREEHOLD_{field.name.upper()}": str(field.default) for field in fields(Settings)}


def test_every_public_name_occurs_in_the_docs() -> None:
    text = "\n".join(PAGES.values())
    assert [name for name in freehold.__all__ if not re.search(rf"\b{name}\b", text)] == []


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {link}"
        for page, text in PAGES.items()
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
        if not (page.parent / link).exists()
    ]
    assert broken == []

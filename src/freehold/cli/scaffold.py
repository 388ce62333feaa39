"""Makes a new app of the files in `template`. They are a working app called `myapp`; only its name changes."""

from __future__ import annotations

import re
from pathlib import Path

from freehold.model.finding import Finding, ModelError, Place

TEMPLATE = Path(__file__).parent / "template"
SUFFIX = "-tpl"
"""Keeps the files from meaning anything where they lie: no test is run, and no settings are read from them."""
NAME = re.compile(r"[a-z][a-z0-9-]*")
CALLED = "myapp"
HARMLESS = {".git"}


def make(folder: Path) -> Path:
    """Make an app in `folder`. Raises `ModelError` (FH406) when that cannot be its name, or something is there."""
    whole = folder.absolute()
    place = Place(str(folder), 0)
    if not NAME.fullmatch(whole.name):
        fix = "lower case, digits and hyphens, beginning with a letter: `freehold new acme`"
        raise ModelError([Finding("FH406", place, f"`{whole.name}` cannot be the name of an app", fix)])
    if whole.exists() and (not whole.is_dir() or {path.name for path in whole.iterdir()} - HARMLESS):
        raise ModelError(
            [Finding("FH406", place, "something is there already", "take another name, or an empty folder")]
        )
    for source in sorted(TEMPLATE.rglob(f"*{SUFFIX}")):
        target = whole / source.relative_to(TEMPLATE).with_name(source.name.removesuffix(SUFFIX))
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8").replace(CALLED, whole.name)
        target.write_text(text, encoding="utf-8")
    return whole

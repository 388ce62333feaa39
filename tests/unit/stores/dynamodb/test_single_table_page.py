"""The page about the single table says what the code does: `--update` writes its tables again."""

import json
import re
from pathlib import Path

import pytest

from examples.teamflow import app
from freehold.model.layout import layout_of
from freehold.stores.dynamodb.commit import MOST_AT_ONCE
from freehold.stores.dynamodb.keys import LONGEST_ORDER
from freehold.stores.dynamodb.sizes import LARGEST_ITEM, LARGEST_TRANSACTION
from freehold.synth.iam import tenant_policy

PAGE = Path(__file__).resolve().parents[4] / "docs" / "howto" / "single-table.md"
ARN = "arn:aws:dynamodb:eu-central-1:111122223333:table/freehold"


def lookups_table() -> str:
    """How each lookup of TeamFlow is served."""
    rows = ["| lookup | served by | PK | SK | sees |", "|---|---|---|---|---|"]
    for way in layout_of(app.model()).ways:
        name = f"{way.lookup.store}.{way.lookup.name}"
        sees = "what is" if way.is_strong else "what was a moment ago"
        rows.append(f"| `{name}` | {way.index or way.served} | `{way.partition}` | `{way.sort}` | {sees} |")
    return "\n".join(rows)


def policy_text() -> str:
    """What a tenant's session may do, as the lookups of TeamFlow need it."""
    return f"```json\n{json.dumps(tenant_policy(layout_of(app.model()), ARN), indent=2)}\n```"


@pytest.mark.parametrize(("part", "made"), [("lookups", lookups_table), ("policy", policy_text)])
def test_the_page_shows_what_the_code_makes(part: str, made: object, request: pytest.FixtureRequest) -> None:
    assert callable(made)
    found = re.compile(rf"(<!-- {part} -->\n).*?(<!-- end -->)", re.DOTALL)
    if request.config.getoption("--update"):
        PAGE.write_text(found.sub(lambda match: f"{match[1]}{made()}\n{match[2]}", PAGE.read_text()))
    match = found.search(PAGE.read_text())
    assert match is not None
    assert match[0] == f"{match[1]}{made()}\n{match[2]}"


@pytest.mark.parametrize(
    "limit",
    [f"{MOST_AT_ONCE} items", f"{LARGEST_TRANSACTION >> 20} MB", f"{LARGEST_ITEM >> 10} KB", f"{LONGEST_ORDER} bytes"],
)
def test_the_page_says_each_limit_as_it_is(limit: str) -> None:
    assert limit in PAGE.read_text()

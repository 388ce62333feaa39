"""Every way an app finds its entities is served by one index, from the first byte of the tenant to the order wanted."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.model.app import App
from freehold.model.lookup import Lookup
from freehold.model.model import Model, table_of
from freehold.runtime.ports import Span
from freehold.stores.sqlite import Sqlite
from freehold.stores.sqlite.database import AUDIT, BUSY
from freehold.testing.contract.subjects import SUBJECTS
from freehold.wiring import complete
from tests.unit.stores.stored import migrated, reading

EXAMPLES = Path(__file__).parents[3] / "examples"
TENANT = "018f0000-0000-7000-8000-000000000000"


def apps() -> Iterator[Model]:
    """The contract's model, and that of every example there is."""
    yield SUBJECTS
    sys.path.insert(0, str(EXAMPLES.parent))
    files = [*EXAMPLES.glob("[0-9][0-9]_*.py"), *EXAMPLES.glob("*/__init__.py")]
    for file in sorted(files):
        name = file.stem if file.name != "__init__.py" else file.parent.name
        module = importlib.import_module(f"examples.{name}")
        if isinstance(app := getattr(module, "app", None), App):
            yield complete(app)


MODELS = list(apps())


@pytest.fixture(params=MODELS, ids=lambda model: model.name)
def store(request: pytest.FixtureRequest, file: str) -> Iterator[tuple[Model, Sqlite]]:
    """A store for each of the apps."""
    database = migrated(request.param, file)
    yield request.param, database
    database.close()


def plan(database: Sqlite, statement: str) -> list[str]:
    """How SQLite means to run a statement."""
    with reading(database, TENANT) as connection:
        holes = statement.count("?")
        return [
            str(row[3]).replace("main.", "")
            for row in connection.raw.execute(f"EXPLAIN QUERY PLAN {statement}", [None] * holes)
        ]


def variants(lookup: Lookup) -> Iterator[Span]:
    """With and without bounds, at the start and further on."""
    for start in (None, "a"):
        for stop in (None, "b"):
            for after in (None, ("a", TENANT)):
                if (start is None and stop is None) or lookup.span:
                    yield Span(9, start, stop, after)


def test_every_app_is_looked_at() -> None:
    assert {"contract", "tasks", "teamflow"} <= {model.name for model in MODELS}


def test_every_lookup_is_one_search_in_one_index(store: tuple[Model, Sqlite]) -> None:
    model, database = store
    for lookup in model.lookups:
        table = table_of(lookup.entity)
        for span in variants(lookup):
            steps = plan(database, database._book.listings[lookup].text(span))
            assert len(steps) == 1, f"{lookup.store}.{lookup.name}: {steps}"
            assert steps[0].startswith(f"SEARCH {table} USING INDEX {table}."), steps
            assert "(tenant=?" in steps[0], steps
            equal = {f"{key}=?" for key in ("tenant", *lookup.keys)}
            assert equal <= set(steps[0].partition("(")[2].rstrip(")").split(" AND ")), steps


def test_an_entity_is_found_by_its_primary_key(store: tuple[Model, Sqlite]) -> None:
    model, database = store
    for kind in model.entities.values():
        for statement in (database._book.of[kind].get, database._book.of[kind].exists):
            (step,) = plan(database, statement)
            assert "INDEX sqlite_autoindex_" in step
            assert step.endswith("(tenant=? AND id=?)")


def test_the_end_of_a_chain_is_found_at_once(database: Sqlite) -> None:
    (step,) = plan(database, AUDIT)
    assert step == "SEARCH freehold_audit USING PRIMARY KEY (tenant=? AND number>?)"


def test_busy_grounds_are_found_without_reading_a_delivery(database: Sqlite) -> None:
    touching = [step for step in plan(database, BUSY) if "freehold_delivery" in step]
    assert touching
    assert all("USING COVERING INDEX freehold_busy (state=?" in step for step in touching)

"""What `freehold explain` says of TeamFlow on each store, held against golden files: `--update` writes them again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from examples.teamflow import app
from freehold.cli.accesses import Accesses
from freehold.cli.indexes import Served
from freehold.cli.plans import planned
from freehold.cli.verbs import app as verbs
from freehold.wiring import complete

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = Path(__file__).parent / "explained"
TEAMFLOW = str(ROOT / "examples" / "teamflow")


def said(*arguments: str) -> str:
    """What the verb prints."""
    done = CliRunner().invoke(verbs, ["explain", TEAMFLOW, *arguments])
    assert done.exit_code == 0, done.output
    return "\n".join(line.rstrip() for line in done.output.splitlines())


@pytest.fixture
def check_golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with a file, or writes the file."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--update"):
            file.write_text(f"{text}\n")
        assert file.read_text() == f"{text}\n"

    return check


def test_the_single_table_of_teamflow_is_told_with_keys_units_and_prices(
    check_golden: Callable[[str, str], None],
) -> None:
    check_golden("teamflow_dynamodb.txt", said("--store", "dynamodb").partition("Lookups")[2].strip())


def test_machines_are_told_the_same_of_the_single_table(check_golden: Callable[[str, str], None]) -> None:
    told = json.loads(said("--store", "dynamodb", "--json"))
    kept = {name: told[name] for name in ("store", "prices", "items", "bytes", "by_id", "lookups", "entities")}
    check_golden("teamflow_dynamodb.json", json.dumps(kept, indent=2))


def test_how_many_and_how_large_change_what_it_costs() -> None:
    few, many = (
        {read.way.lookup.name: read.units for read in Accesses(complete(app), items, size, built_in=False).reads()}
        for items, size in ((8, 512), (100, 8192))
    )
    assert (few["in_project"], many["in_project"]) == (0.5, 100.0)
    assert (few["all"], many["all"]) == (1.0, 200.0)
    assert (few["by_number"], many["by_number"]) == (2.0, 3.0)


@pytest.mark.postgres
def test_the_indexes_of_teamflow_are_told_as_postgres_plans_them(check_golden: Callable[[str, str], None]) -> None:
    check_golden("teamflow_postgres.txt", said("--store", "postgres").partition("Lookups")[2].strip())


@pytest.mark.postgres
def test_every_lookup_of_teamflow_is_searched_by_postgres_in_an_index_that_begins_with_the_tenant() -> None:
    found = list(planned(complete(app)))
    assert [one.lookup.name for one in found if not one.is_well] == []
    by = {f"{one.lookup.store}.{one.lookup.name}": (one.index, one.by) for one in found if one.lookup.unique}
    assert by["Tasks.by_number"] == ("task.one_project_number", ("tenant=?", "project=?", "number=?"))
    assert by["Projects.by_name"] == ("project.one_name", ("tenant=?", "name=?"))


def test_an_order_that_no_index_gives_is_not_well_served() -> None:
    pattern = next(pattern for pattern in complete(app).lookups if pattern.name == "about")
    nodes = ("Limit", "Sort", "Index Scan using comment.of_task on comment")
    by = ("tenant=?", "task=?")
    assert not Served(pattern, "comment.of_task", by, nodes).is_well
    assert Served(pattern, "comment.of_task", by, (nodes[0], nodes[2])).is_well

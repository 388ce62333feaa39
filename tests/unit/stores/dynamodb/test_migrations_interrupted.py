"""A migration of a table that is ended early goes on where it was."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import count

import pytest

from freehold.aws.client import AwsClient
from freehold.model.data import Entity
from freehold.runtime.ports import Span, Verb
from freehold.runtime.scope import Scope
from freehold.stores.migrate import Stage as Progressed
from freehold.testing.contract.stage import changes
from tests.unit.stores import versions
from tests.unit.stores.dynamodb.clients import Watched
from tests.unit.stores.dynamodb.tables import TestTable
from tests.unit.stores.dynamodb.test_migrations import ids, new
from tests.unit.stores.stored import model_of

GROUNDS, TASKS = 3, 3


class Ended(BaseException):
    """The program is no more."""


def furnished(table: TestTable) -> list[str]:
    """Grounds with tasks on them, written by the first version."""
    (task,) = versions.first()
    before = model_of(task)
    table.up(before)
    tenants = [ids.new() for _ in range(GROUNDS)]
    with closing(table.opened(before)) as database:
        for tenant in tenants:
            tasks = [new(task, title=str(number)) for number in range(TASKS)]
            with Scope(tenant) as scope:
                database.commit([changes(scope, Verb.ADD, *tasks)])
    return tenants


def check_migrated(table: TestTable, tenants: list[str]) -> None:
    """Everything is as the last version has it, and found by all its lookups."""
    after = model_of(*versions.everything_changed())
    patterns = {pattern.name: pattern for pattern in after.lookups}
    assert table.up(after, breaking=True) is not None
    assert table.up(after) == []
    with closing(table.opened(after)) as database:
        for tenant in tenants:
            with Scope(tenant) as scope:
                view = database.snapshot(scope)
                listed = [entity for _, entity in view.page(patterns["of"], [7], Span(100))]
                assert sorted(_title(entity) for entity in listed) == list(range(TASKS))
                assert [_title(view.page(patterns["by_title"], [n], Span(2))[0][1]) for n in range(TASKS)] == [0, 1, 2]
    assert all("note" not in item for tenant in tenants for item in table.items(tenant, "TASK#"))


def _listed(value: object) -> list[Mapping[str, object]]:
    assert isinstance(value, list)
    return value


def _title(entity: Entity) -> object:
    return entity.__dict__["title"]


def ends_at(table: TestTable, number: int) -> bool:
    """Whether a migration that ends before this call ended, and was not done before."""
    calls = count(1)

    def before(operation: str, request: Mapping[str, object]) -> None:
        if next(calls) == number:
            raise Ended

    def watched(client: AwsClient) -> AwsClient:
        return Watched(client, before)

    with table.migrations(model_of(*versions.everything_changed()), watched) as migrations:
        try:
            migrations.up(breaking=True)
        except Ended:
            return True
    return False


def steps() -> Iterator[int]:
    """Calls that a migration has more of than anybody counts."""
    return iter(range(1, 200, 3))


def test_a_migration_that_ends_anywhere_is_gone_on_with(table_url: str) -> None:
    ended = 0
    for number in steps():
        table = TestTable(table_url)
        tenants = furnished(table)
        if not ends_at(table, number):
            break
        ended += 1
        check_migrated(table, tenants)
    assert ended > 10


def test_a_migration_that_ends_again_and_again_comes_to_its_end(table: TestTable) -> None:
    tenants = furnished(table)
    times = sum(ends_at(table, number) for number in range(8, 60, 4))
    assert times > 1
    check_migrated(table, tenants)


@pytest.mark.parametrize("calls", [30, 60])
def test_a_migration_that_is_killed_is_gone_on_with(table: TestTable, calls: int) -> None:
    tenants = furnished(table)
    command = [sys.executable, "-m", "tests.unit.stores.dynamodb.migrating", table.url, table.name, str(calls)]
    assert subprocess.run(command, check=False).returncode == -9
    check_migrated(table, tenants)


def test_progress_is_told_ground_by_ground(table: TestTable) -> None:
    furnished(table)
    seen: list[Progressed] = []
    with table.migrations(model_of(*versions.everything_changed())) as migrations:
        migrations.up(breaking=True, progress=seen.append)
    assert [(stage.done, stage.total, stage.failed) for stage in seen] == [(1, 3, 0), (2, 3, 0), (3, 3, 0)]


def test_a_table_is_given_one_index_at_a_time(table: TestTable) -> None:
    furnished(table)
    asked: list[str] = []

    def before(operation: str, request: Mapping[str, object]) -> None:
        asked.append(operation)
        if operation == "UpdateTable":
            updates = request["GlobalSecondaryIndexUpdates"]
            assert isinstance(updates, list)
            assert len(updates) == 1
            defined = [str(one["AttributeName"]) for one in _listed(request["AttributeDefinitions"])]
            assert len(set(defined)) == len(defined)

    def watched(client: AwsClient) -> AwsClient:
        return Watched(client, before)

    with table.migrations(model_of(*versions.listed_twice()), watched) as migrations:
        migrations.up()
    at = [place for place, operation in enumerate(asked) if operation == "UpdateTable"]
    assert len(at) == 2
    assert all(asked[place + 1] == "DescribeTable" for place in at)
    assert "Scan" not in asked

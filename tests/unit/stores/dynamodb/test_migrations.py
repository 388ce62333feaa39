"""Migrations of a table: indexes, and the items that exist."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest

from freehold.model.data import Entity
from freehold.model.finding import ModelError
from freehold.model.model import Model
from freehold.runtime.ids import TimeIds
from freehold.runtime.ports import Span, Verb
from freehold.runtime.scope import Scope
from freehold.runtime.system import SystemClock, SystemRandom
from freehold.stores.dynamodb import DynamoDb
from freehold.testing.contract.stage import changes
from tests.unit.stores import versions
from tests.unit.stores.dynamodb.tables import TestTable
from tests.unit.stores.stored import model_of

ids = TimeIds(SystemClock(), SystemRandom())


def new(kind: type[Entity], **fields: object) -> Entity:
    """An entity that is not kept yet."""
    return kind.model_validate({"id": ids.new(), **fields})


@contextmanager
def opened(table: TestTable, model: Model, tenant: str) -> Iterator[tuple[DynamoDb, Scope]]:
    """The store of a program with this model, and a call of a tenant's."""
    with closing(table.opened(model)) as database, Scope(tenant) as scope:
        yield database, scope


def add(table: TestTable, model: Model, tenant: str, *entities: Entity) -> None:
    """Write entities as a program with this model does."""
    with opened(table, model, tenant) as (database, scope):
        database.commit([changes(scope, Verb.ADD, *entities)])


def remove(table: TestTable, model: Model, tenant: str, entity: Entity) -> None:
    """Remove an entity as a program with this model does."""
    with opened(table, model, tenant) as (database, scope):
        database.commit([changes(scope, Verb.REMOVE, entity)])


def page(table: TestTable, model: Model, tenant: str, *values: object) -> list[str]:
    """The ids that the model's only lookup finds."""
    with opened(table, model, tenant) as (database, scope):
        return [str(entity.id) for _, entity in database.snapshot(scope).page(model.lookups[0], values, Span(100))]


def value(table: TestTable, model: Model, tenant: str, id: str, field: str) -> object:
    """What a field of a task holds, as a program with this model sees it."""
    with opened(table, model, tenant) as (database, scope):
        found = database.snapshot(scope).get(model.entities["task"], id)
    assert found is not None
    return getattr(found[1], field)


def test_a_new_lookup_finds_what_was_there_before(table: TestTable) -> None:
    (task,) = versions.first()
    before, after = model_of(task), model_of(*versions.listed())
    table.up(before)
    grounds = [ids.new() for _ in range(30)]
    added = {tenant: [new(task, title="a", note=note) for note in ("z", None, "b")] for tenant in grounds}
    for tenant, tasks in added.items():
        add(table, before, tenant, *tasks)
    steps = [str(step) for step in table.up(after)]
    assert steps == [
        "safe      create index task.of_title_by_note", "safe      add to the table task.GSI1",
        "safe      write again every task",
    ]  # fmt: skip
    for tenant, (last, first, middle) in added.items():
        assert page(table, after, tenant, "a") == [first.id, middle.id, last.id]
    assert table.up(after) == []


def test_a_program_that_has_written_on_after_the_migration_is_noticed_and_gone_over(table: TestTable) -> None:
    (task,) = versions.first()
    before, after = model_of(task), model_of(*versions.listed())
    table.up(before)
    tenant = ids.new()
    late = new(task, title="a", note="late")
    with opened(table, before, tenant) as (old, scope):
        add(table, before, tenant, new(task, title="a"))
        table.up(after)
        old.commit([changes(scope, Verb.ADD, late)])
    with table.migrations(after) as migrations:
        assert [str(step) for step in migrations.plan()] == ["safe      write again every task"]
        migrations.up()
        assert migrations.plan() == []
    assert late.id in page(table, after, tenant, "a")


def test_what_becomes_unique_is_held_for_who_has_it(table: TestTable) -> None:
    kinds = versions.unique()
    task, before, after = kinds[0], model_of(kinds[0]), model_of(*kinds)
    table.up(before)
    tenant, one = ids.new(), new(task, title="a")
    add(table, before, tenant, one, new(task, title="b"))
    table.up(after, breaking=True)
    assert page(table, after, tenant, "a") == [one.id]
    with pytest.raises(Exception, match="by_title"):
        add(table, after, tenant, new(task, title="a"))


def test_values_that_exist_twice_stand_in_the_way_of_being_unique(table: TestTable) -> None:
    (task,) = versions.first()
    table.up(model_of(task))
    bad, good = ids.new(), ids.new()
    add(table, model_of(task), bad, new(task, title="a"), new(task, title="a"))
    add(table, model_of(task), good, new(task, title="a"))
    with pytest.raises(ModelError, match=f"(?s)FH304.*tenant {bad}.*have the same title as another"):
        table.up(model_of(*versions.unique()), breaking=True)
    with pytest.raises(ModelError, match="FH303"):
        table.opened(model_of(*versions.unique()))


def test_a_unique_lookup_that_is_gone_and_comes_back_holds_nothing_of_before(table: TestTable) -> None:
    kinds = versions.unique()
    plain, unique = model_of(kinds[0]), model_of(*kinds)
    table.up(unique)
    tenant, one = ids.new(), new(kinds[0], title="a")
    add(table, unique, tenant, one)
    table.up(plain, breaking=True)
    assert table.items(tenant, "UNIQUE#") == []
    remove(table, plain, tenant, one)
    table.up(unique, breaking=True)
    other = new(kinds[0], title="a")
    add(table, unique, tenant, other)
    assert page(table, unique, tenant, "a") == [other.id]


@pytest.mark.parametrize(
    ("version", "title", "becomes"),
    [
        (versions.title_number, "12", 12),
        (versions.title_moment, "2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (versions.title_json, 'so "it" is', 'so "it" is'),
        (versions.title_chosen, "b", "b"),
    ],
)
def test_a_field_of_another_type_is_converted_as_in_every_store(
    table: TestTable, version: object, title: str, becomes: object
) -> None:
    assert callable(version)
    (task,), (after,) = versions.first(), version()
    table.up(model_of(task))
    tenant, one = ids.new(), new(task, title=title)
    add(table, model_of(task), tenant, one)
    table.up(model_of(after), breaking=True)
    assert value(table, model_of(after), tenant, one.id, "title") == becomes


def test_what_has_no_meaning_in_the_new_type_stands_in_the_way(table: TestTable) -> None:
    (task,) = versions.first()
    table.up(model_of(task))
    tenant = ids.new()
    add(table, model_of(task), tenant, new(task, title="many"))
    with pytest.raises(ModelError, match=r"(?s)FH304.*task\.title: items that hold what is no integer"):
        table.up(model_of(*versions.title_number()), breaking=True)


def test_a_field_that_is_gone_is_gone_from_every_item(table: TestTable) -> None:
    (task,), (after,) = versions.first(), versions.without_note()
    table.up(model_of(task))
    tenant, one = ids.new(), new(task, title="a", note="secret")
    add(table, model_of(task), tenant, one)
    table.up(model_of(after), breaking=True)
    assert [set(item) & {"title", "note"} for item in table.items(tenant, "TASK#")] == [{"title"}]
    table.up(model_of(task), breaking=True)
    assert value(table, model_of(task), tenant, one.id, "note") is None


def test_a_field_that_was_empty_gets_its_default_where_it_must_not_be(table: TestTable) -> None:
    (task,), (after,) = versions.first(), versions.note_filled()
    table.up(model_of(task))
    tenant, one = ids.new(), new(task, title="a")
    add(table, model_of(task), tenant, one)
    table.up(model_of(after), breaking=True)
    assert value(table, model_of(after), tenant, one.id, "note") == "none"


def test_a_kind_that_is_gone_and_comes_back_begins_empty(table: TestTable) -> None:
    area, project = versions.Area, versions.Project
    both, one = model_of(area, project), model_of(project)
    table.up(both)
    tenant, it = ids.new(), new(area, name="a")
    add(table, both, tenant, it, new(project, name="p"))
    table.up(one, breaking=True)
    assert table.items(tenant, "AREA#") == []
    assert len(table.items(tenant, "PROJECT#")) == 1


def test_a_kind_that_moves_into_another_is_counted_there_and_goes_with_it(table: TestTable) -> None:
    kinds = versions.apart()
    project, _, task, _ = kinds
    before = model_of(*kinds)
    table.up(before)
    tenant = ids.new()
    home = new(project, name="home")
    tasks = [new(task, project=home.id) for _ in range(3)]
    add(table, before, tenant, home, *tasks)
    after = model_of(*versions.within_project())
    table.up(after, breaking=True)
    remove(table, after, tenant, home)
    assert table.items(tenant, "TASK#") == []


def test_what_would_lie_within_nothing_stands_in_the_way(table: TestTable) -> None:
    kinds = versions.apart()
    before, task = model_of(*kinds), kinds[2]
    table.up(before)
    add(table, before, ids.new(), new(task, project=ids.new()))
    with pytest.raises(ModelError, match=r"(?s)FH304.*lie within what is not there"):
        table.up(model_of(*versions.within_project()), breaking=True)


def test_a_migration_that_is_undone_is_followed_by_the_program_of_before(table: TestTable) -> None:
    (task,) = versions.first()
    before, after = model_of(task), model_of(*versions.title_number())
    table.up(before)
    tenant, one = ids.new(), new(task, title="12")
    add(table, before, tenant, one)
    table.up(after, breaking=True)
    with table.migrations(after) as migrations:
        assert len(migrations.status()) == 2
        with pytest.raises(ModelError, match=r"FH317 2 came after migration 1"):
            migrations.down(number=1)
        assert migrations.down(number=2, breaking=True)
        assert migrations.down(number=2, breaking=True) == []
        assert len(migrations.status()) == 1
    with pytest.raises(ModelError, match="FH303"):
        table.opened(before)
    table.up(before)
    assert value(table, before, tenant, one.id, "title") == "12"
    with table.migrations(before) as migrations:
        assert migrations.down() == []


def test_a_migration_without_items_to_write_needs_no_going_over(table: TestTable) -> None:
    (task,), (after,) = versions.first(), versions.with_default()
    table.up(model_of(task))
    tenant, one = ids.new(), new(task, title="a")
    add(table, model_of(task), tenant, one)
    with table.migrations(model_of(after)) as migrations:
        generation = migrations.generation()
        migrations.up()
        assert migrations.generation() == generation
    assert value(table, model_of(after), tenant, one.id, "tags") == ["new"]

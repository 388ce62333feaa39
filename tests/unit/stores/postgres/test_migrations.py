"""Migrations of databases with data in them, in both tiers: what is done, what is refused, and nothing half done."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from freehold.model.finding import ModelError
from freehold.servers.postgres import PostgresServer
from freehold.stores.migrate import Stage
from freehold.stores.postgres import fleet
from tests.unit.stores import versions
from tests.unit.stores.postgres.fleets import (
    ACME,
    CROWD,
    GLOBEX,
    IDS,
    POOLED,
    TIERS,
    Version,
    add,
    down,
    fill,
    nothing,
    read,
    shape,
    up,
)
from tests.unit.stores.postgres.servers import Database, schema_name
from tests.unit.stores.stored import model_of

pytestmark = pytest.mark.postgres

LATE = "018f0000-0000-7000-8000-0000000000b0"
DEFAULTS = {"done": False, "size": 1.5, "tags": ["new"]}
Values = list[dict[str, object]]
DONE: list[tuple[Version, Values, Version, Values]] = [
    (versions.first, [{"title": "a"}], versions.with_some_defaults, [{"title": "a", "note": None, **DEFAULTS}]),
    (versions.first, [{"title": "a"}], versions.with_optional, [{"title": "a", "note": None, "due": None}]),
    (versions.first, [], versions.with_required, []),
    (versions.first, [{"title": "a", "note": "b"}], versions.without_note, [{"title": "a"}]),
    (versions.first, [{"title": "a", "note": "b"}], versions.note_required, [{"title": "a", "note": "b"}]),
    (versions.first, [{"title": "a"}], versions.note_filled, [{"title": "a", "note": "none"}]),
    (versions.note_required, [{"title": "a", "note": "b"}], versions.first, [{"title": "a", "note": "b"}]),
    (versions.first, [{"title": "a"}], versions.title_optional, [{"title": "a", "note": None}]),
    (versions.first, [{"title": "12"}, {"title": "-7"}], versions.title_number, [{"title": 12}, {"title": -7}]),
    (versions.title_number, [{"title": 12}], versions.first, [{"title": "12"}]),
    (versions.first, [{"title": "it's"}], versions.title_json, [{"title": "it's"}]),
    (versions.first, [{"title": "a"}], versions.title_chosen, [{"title": "a"}]),
    (versions.first, [{"title": "a"}], versions.renamed, [{"name": ""}]),
    (versions.first, [{"title": "a"}, {"title": "a"}], versions.listed, [{"title": "a"}, {"title": "a"}]),
    (versions.first, [{"title": "a"}, {"title": "b"}], versions.unique, [{"title": "a"}, {"title": "b"}]),
    (versions.first, [{"title": "1"}], versions.everything_changed, [{"title": 1, "number": 7, "due": None}]),
]
EACH = pytest.mark.parametrize(("old", "values", "new", "expected"), DONE, ids=lambda one: getattr(one, "__name__", ""))


@EACH
def test_what_is_there_lives_on_and_is_as_if_made_anew(
    old: Version, values: Values, new: Version, expected: Values, database: Database
) -> None:
    fill(database, old, *values)
    before = shape(database)
    up(database, new, breaking=True)
    for tenant in TIERS:
        found = read(database, new, tenant)
        assert [one | wanted for one, wanted in zip(found, expected, strict=True)] == found
    assert up(database, new) == []
    kinds = new()
    late = database.opened(model_of(*kinds))
    if values:
        add(late, LATE, kinds[0](id=IDS[0], **expected[0]))
        ours, theirs = of_one(database, ACME), of_one(database, LATE)
        assert ours == theirs
    late.close()
    if new is versions.renamed:  # and what was called otherwise before has no value to go back to
        database.do(*(f"DELETE FROM {place}.task" for place in places(database)))
    down(database, breaking=True)
    assert {key: text for key, text in shape(database).items() if key[0] != schema_name(LATE)} == before


def places(database: Database) -> list[str]:
    """The schemas of all grounds."""
    return [
        str(name) for (name,) in database.rows("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename = 'task'")
    ]


def of_one(database: Database, tenant: str) -> dict[tuple[object, ...], str]:
    """The tables of a tenant, as if it were any tenant."""
    short = schema_name(tenant)[2:]
    found = {key[1:]: text for key, text in shape(database).items() if key[0] == schema_name(tenant)}
    return {key: text.replace(short, "SHORT").replace(tenant, "TENANT") for key, text in found.items()}


REFUSED: list[tuple[Version, Values, Version, str]] = [
    (
        versions.first, [{"title": "a"}, {"title": "b"}], versions.with_required,
        "task.number {}: rows that have no value for it: 2",
    ),
    (
        versions.first, [{"title": "a"}, {"title": "b", "note": "c"}], versions.note_required,
        "task.note {}: rows that have no value for it: 1",
    ),
    (
        versions.first, [{"title": "1"}, {"title": "one"}, {"title": "2.5"}], versions.title_number,
        "task.title {}: rows that hold what is no integer: 2",
    ),
    (
        versions.first, [{"title": "2026-01-01"}, {"title": "tomorrow"}], versions.title_moment,
        "task.title {}: rows that hold what is no moment: 1",
    ),
    (
        versions.title_chosen, [{"title": "a"}, {"title": "c"}], versions.title_chosen_less,
        "task.title {}: rows that hold a value that is not among its choices any more: 1",
    ),
    (
        versions.first, [{"title": "a"}, {"title": "a"}, {"title": "b"}], versions.unique,
        "task.one_title {}: rows that have the same title as another: 1",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "values", "new", "why"), REFUSED, ids=lambda one: getattr(one, "__name__", ""))
@pytest.mark.parametrize("whose", ["schema", "pool"])
def test_what_would_lose_or_break_rows_is_refused_before_anything_is_done(
    old: Version, values: Values, new: Version, why: str, whose: str, database: Database
) -> None:
    up(database, old)
    tenant = ACME if whose == "schema" else POOLED
    kinds = old()
    for each in (GLOBEX, CROWD, tenant):
        store = database.opened(model_of(*kinds), tier=TIERS[each])
        chosen = values if each == tenant else []
        add(store, each, *(kinds[0](id=IDS[number], **given) for number, given in enumerate(chosen)))
        store.close()
    before = shape(database), database.rows("SELECT * FROM freehold.ground ORDER BY 1")
    with pytest.raises(ModelError) as error:
        up(database, new, breaking=True)
    (finding,) = error.value.findings
    assert finding.code == "FH304"
    assert finding.message == why.format(f"of tenant {tenant}") + "; nothing was changed"
    assert (shape(database), database.rows("SELECT * FROM freehold.ground ORDER BY 1")) == before
    assert len(read(database, old, tenant)) == len(values)
    assert up(database, old) == []


def test_the_same_value_in_two_tenants_is_no_obstacle_to_a_unique_index(database: Database) -> None:
    fill(database, versions.first, {"title": "a"})
    assert len(up(database, versions.unique, breaking=True)) == 1


def test_a_breaking_step_needs_to_be_asked_for(database: Database) -> None:
    fill(database, versions.first, {"title": "a"})
    with pytest.raises(ModelError, match=r"FH301 BREAKING  drop column task.note"):
        up(database, versions.without_note)
    with pytest.raises(ModelError, match=r"FH301 BREAKING  drop table task"):
        up(database, nothing)
    assert read(database, versions.first) == [{"title": "a", "note": None}]


def family(database: Database, version: Version, *, area: str | None) -> None:
    """A project and an area, a task in the project (and perhaps the area), and a remark about it, in both tiers."""
    project, area_kind, task, remark = version()
    up(database, version)
    for tenant in (ACME, POOLED):
        store = database.opened(model_of(project, area_kind, task, remark), tier=TIERS[tenant])
        add(
            store, tenant, project(id=IDS[0]), area_kind(id=IDS[1]), task(id=IDS[2], project=IDS[0], area=area),
            remark(id=IDS[3], task=IDS[2]),
        )  # fmt: skip
        store.close()


def counts(database: Database) -> list[list[tuple[object, ...]]]:
    """How many tasks and remarks there are on both grounds."""
    places = (schema_name(ACME), "freehold_pool")
    return [database.rows(f"SELECT count(*) FROM {place}.{name}") for place in places for name in ("task", "remark")]


def test_a_table_that_is_moved_into_a_parent_keeps_its_rows_and_their_children(database: Database) -> None:
    family(database, versions.apart, area=None)
    up(database, versions.within_project, breaking=True)
    assert counts(database) == [[(1,)]] * 4
    database.do(f"DELETE FROM {schema_name(ACME)}.project", "DELETE FROM freehold_pool.project")
    assert counts(database) == [[(0,)]] * 4


def test_a_table_that_is_moved_out_of_its_parent_keeps_its_rows(database: Database) -> None:
    family(database, versions.within_project, area=None)
    up(database, versions.apart)
    database.do(f"DELETE FROM {schema_name(ACME)}.project", "DELETE FROM freehold_pool.project")
    assert counts(database) == [[(1,)]] * 4


def test_a_table_whose_parents_are_not_there_is_not_moved(database: Database) -> None:
    family(database, versions.apart, area=IDS[8])
    before = shape(database)
    with pytest.raises(ModelError, match=r"FH304 task .*: rows that have no area: 1; nothing was changed"):
        up(database, versions.within_area, breaking=True)
    assert shape(database) == before


def test_a_parent_that_was_dropped_takes_its_children_along(database: Database) -> None:
    family(database, versions.within_project, area=None)
    up(database, nothing, breaking=True)
    assert {key[1] for key in shape(database)} == {"freehold_audit"}


def test_what_was_applied_is_noted_with_its_label_and_who_has_it(database: Database) -> None:
    fill(database, versions.first, {"title": "a"})
    up(database, versions.with_optional)
    up(database, versions.without_note, breaking=True)
    with database.migrations(model_of()) as migrations:
        noted = [(one.number, one.label, one.grounds) for one in migrations.status()]
    assert noted == [(1, "safe", 0), (2, "safe", 0), (3, "breaking", len(TIERS) + 2)]
    down(database, breaking=True)
    assert up(database, versions.without_note, breaking=True)


def test_a_migration_that_is_named_is_undone_once(database: Database) -> None:
    for version in (versions.first, versions.with_optional, versions.without_note):
        up(database, version, breaking=True)
    with pytest.raises(ModelError, match=r"FH317 3 came after migration 2"):
        down(database, number=2, breaking=True)
    assert down(database, number=3, breaking=True)
    assert down(database, number=3, breaking=True) == []
    with database.migrations(model_of()) as migrations:
        assert [one.number for one in migrations.status()] == [1, 2]


def test_there_is_nothing_below_the_first_migration(database: Database) -> None:
    up(database, versions.first)
    assert down(database, breaking=True) == []


def test_a_store_does_not_open_what_is_behind_its_model(database: Database) -> None:
    with pytest.raises(ModelError, match=r"FH303 there is no database of freehold's yet"):
        database.opened(model_of(*versions.first()))
    up(database, versions.first)
    with pytest.raises(ModelError, match=r"FH303 the database is behind the model: safe +add column task.due"):
        database.opened(model_of(*versions.with_optional()))


def test_a_program_goes_on_while_the_next_version_is_there_already(database: Database) -> None:
    task, *_ = versions.first()
    up(database, versions.first)
    old = database.opened(model_of(task))
    for number, at in enumerate((versions.first, versions.with_some_defaults)):
        up(database, at)
        for tenant in (ACME, f"018f0000-0000-7000-8000-0000000000a{number}"):
            add(old, tenant, task(id=IDS[number], title="x"))
    old.close()
    assert len(read(database, versions.with_some_defaults)) == 2


def test_a_canary_that_fails_stops_a_migration_before_anybody_else_is_touched(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, versions.first, {"title": "a"})
    monkeypatch.setattr(fleet, "TRIES", 1)
    database.do(f"ALTER TABLE {schema_name(GLOBEX)}.task ADD COLUMN due int")  # in the way, and nobody's to look for
    with (
        database.migrations(model_of(*versions.with_optional()), canaries=[GLOBEX]) as migrations,
        pytest.raises(ModelError, match=rf"FH307 tenant {GLOBEX} stays at version 1: .* already exists"),
    ):
        migrations.up()
    assert database.rows("SELECT version FROM freehold.ground WHERE tenant = %s", ACME) == [(1,)]
    assert read(database, versions.first) == [{"title": "a", "note": None}]
    database.do(f"ALTER TABLE {schema_name(GLOBEX)}.task DROP COLUMN due")
    up(database, versions.with_optional)
    assert database.rows("SELECT DISTINCT version FROM freehold.ground") == [(2,)]


def test_a_table_that_is_in_use_is_left_for_later_and_all_others_go_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "TRIES", 2)
    monkeypatch.setattr(fleet, "LOCK_SECONDS", 0.05)
    fill(database, versions.first, {"title": "a"})
    stages: list[Stage] = []
    with database.raw() as holder, holder.transaction():
        holder.execute(f"LOCK TABLE {schema_name(ACME)}.task IN ACCESS SHARE MODE".encode())
        with (
            database.migrations(model_of(*versions.with_optional())) as migrations,
            pytest.raises(ModelError, match=rf"FH307 tenant {ACME} stays at version 1: .*lock timeout"),
        ):
            migrations.up(progress=stages.append)
    assert (stages[-1].done, stages[-1].failed, stages[-1].total) == (3, 1, 4)
    assert read(database, versions.with_optional, GLOBEX) == [{"title": "a", "note": None, "due": None}]
    assert up(database, versions.with_optional) == []
    assert read(database, versions.with_optional) == [{"title": "a", "note": None, "due": None}]


def test_a_default_that_the_database_cannot_keep_is_told_and_changes_nothing(database: Database) -> None:
    fill(database, versions.first, {"title": "a"})
    before = shape(database)
    with pytest.raises(ModelError, match=r"FH30\d .*NUL"):
        up(database, versions.with_default)
    assert shape(database) == before
    assert up(database, versions.with_some_defaults)


def test_migrating_several_times_at_once_does_it_once(database: Database) -> None:
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: up(database, versions.first), range(4)))
    assert sum(map(bool, done)) == 1
    assert database.rows("SELECT count(*) FROM freehold.migration") == [(1,)]


def test_who_migrates_need_be_no_superuser(database: Database, server: PostgresServer) -> None:
    database.do(
        "CREATE ROLE chief LOGIN CREATEROLE", f"ALTER DATABASE {database.name} OWNER TO chief",
    )  # fmt: skip
    try:
        database.url = database.url.replace("postgres@", "chief@")
        fill(database, versions.first, {"title": "1"}, {"title": "2"})
        up(database, versions.everything_changed, breaking=True)
        for tenant in TIERS:
            assert [one["title"] for one in read(database, versions.everything_changed, tenant)] == [1, 2]
        down(database, breaking=True)
        with pytest.raises(ModelError, match=r"FH304 task.number"):
            up(database, versions.with_required, breaking=True)
        for tenant in (ACME, GLOBEX):
            database.do(f"DELETE FROM {schema_name(tenant)}.task")
        with pytest.raises(ModelError, match=rf"FH304 task.number of tenant {POOLED}: .*: 2;"):
            up(database, versions.with_required, breaking=True)
    finally:
        database.url = database.url.replace("chief@", "postgres@")
        database.do(f"ALTER DATABASE {database.name} OWNER TO postgres", "REASSIGN OWNED BY chief TO postgres")
        database.do("DROP OWNED BY chief", "DROP ROLE chief")

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

import pytest

from freehold import App, Emit, Entity, Event, Id, Now, Page, Paging, Port, Range, ReadOnly, Store, User, lookup
from freehold.model.ports import Across
from freehold.model.usecase import ROUTE, Capability, Kind, Need, Source, UseCase, capability, events_in, subjects

app = App("tasks")
member, owner = app.roles("member", "owner")


class Task(Entity):
    title: str


class TaskDone(Event):
    task: Id[Task]


class TaskMoved(Event):
    task: Id[Task]


class Tasks(Store[Task], Protocol):
    @lookup()
    def all(self, page: Paging) -> Page[Task]: ...


class Payments(Port, Protocol):
    def charge(self, amount: int) -> None: ...


@app.rule
def is_early(me: User, task: Task, now: Now) -> bool:
    return True


@app.command("POST /lists/{list_id}/tasks/{id}/done", allow=owner | is_early, limit="9/hour", idempotent=True)
def finish_task(list_id: str, id: Id[Task], note: str, me: User, tasks: Tasks, emit: Emit[TaskDone]) -> Task:
    """Say that it is done."""
    return tasks.get(id)


@app.command("POST /tasks", allow=member)
def create_task(title: str, tasks: Tasks, done: bool = False) -> Task: ...


@app.query("GET /tasks", allow=member)
def list_tasks(due: Range[date], page: Paging, tasks: ReadOnly[Tasks]) -> Page[Task]: ...


@app.on(TaskDone)
def follow(event: TaskDone, tasks: Store[Task]) -> None: ...


@app.every("day", scope="everyone")
def count(tasks: Across[ReadOnly[Tasks]], payments: Payments, now: Now) -> None: ...


app.provide(Payments, local="shop:Stripe")
app.bulk("POST /tasks/bulk", create_task, at_most=7)
CASES = app.model().use_cases


def test_a_use_case_has_the_name_and_the_words_of_its_function() -> None:
    case = CASES["finish_task"]
    assert (case.name, case.doc, case.function) == ("finish_task", "Say that it is done.", finish_task)
    assert (case.limit, case.idempotent, case.scope) == ("9/hour", True, "tenant")
    assert str(case.allow) == "owner | is_early"


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("finish_task", "POST /lists/{list_id}/tasks/{id}/done"),
        ("follow", "on TaskDone"),
        ("count", "every day"),
        ("create_task_in_bulk", "POST /tasks/bulk"),
    ],
)
def test_a_route_says_what_sets_a_use_case_off(name: str, route: str) -> None:
    assert CASES[name].route == route


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("finish_task", {"list_id": Source.PATH, "id": Source.PATH, "note": Source.BODY}),
        ("create_task", {"title": Source.BODY, "done": Source.BODY}),
        ("list_tasks", {"due": Source.QUERY, "page": Source.QUERY}),
        ("follow", {"event": Source.EVENT}),
        ("create_task_in_bulk", {"title": Source.BODY, "done": Source.BODY}),
    ],
)
def test_input_comes_from_the_path_the_query_the_body_or_the_event(name: str, sources: dict[str, Source]) -> None:
    assert {given.name: given.source for given in CASES[name].inputs} == sources


def test_input_without_a_default_is_required() -> None:
    assert {given.name: given.is_required for given in CASES["create_task"].inputs} == {"title": True, "done": False}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("finish_task", ["user", "Tasks rw", "emits TaskDone"]),
        ("list_tasks", ["Tasks r"]),
        ("follow", ["Store[Task] rw"]),
        ("count", ["across Tasks r", "port Payments", "now"]),
    ],
)
def test_everything_else_is_a_capability(name: str, shown: list[str]) -> None:
    assert list(map(str, CASES[name].capabilities)) == shown


def test_what_a_call_is_about_is_the_last_id_in_its_path() -> None:
    assert CASES["finish_task"].subject == ("id", Task)
    assert CASES["create_task"].subject is None


def test_a_post_that_gives_a_new_entity_creates_it() -> None:
    assert [name for name, case in CASES.items() if case.creates] == ["create_task", "create_task_in_bulk"]


def test_all_but_queries_write() -> None:
    assert [name for name, case in CASES.items() if not case.writes] == ["list_tasks"]


def test_a_bulk_does_one_command_for_many() -> None:
    bulk = CASES["create_task_in_bulk"]
    assert (bulk.each, bulk.at_most, bulk.kind) == (CASES["create_task"], 7, Kind.COMMAND)


def test_a_rule_is_about_entities() -> None:
    assert subjects(is_early) == (("task", Task),)


def test_a_use_case_is_itself_and_no_other() -> None:
    case = CASES["create_task"]
    assert len({case, CASES["list_tasks"], case}) == 2


@pytest.mark.parametrize(
    ("hint", "need"),
    [
        (Store[Task], Need.STORE),
        (Tasks, Need.STORE),
        (Tasks | None, Need.STORE),
        pytest.param(ReadOnly[Tasks], Need.STORE, id="ReadOnly"),
        (Emit[TaskDone], Need.EMIT),
        (User, Need.USER),
        pytest.param(Now, Need.NOW, id="Now"),
        pytest.param(Now | None, Need.NOW, id="Now or None"),
        (Payments, Need.PORT),
        (Across[Tasks], Need.ACROSS),
        (str, None),
        (datetime, None),
        (Id[User], None),
        (Task, None),
        (list[Task], None),
        (Paging, None),
    ],
    ids=str,
)
def test_a_capability_is_known_by_its_type(hint: object, need: Need | None) -> None:
    found = capability("parameter", hint)
    assert (found and found.need) == need


def test_read_only_marks_the_store_and_nothing_else() -> None:
    assert capability("tasks", ReadOnly[Tasks]) == Capability("tasks", Need.STORE, Tasks, Task, read_only=True)
    assert capability("tasks", Tasks) == Capability("tasks", Need.STORE, Tasks, Task)


def test_one_emit_can_name_several_events() -> None:
    assert events_in(TaskDone) == (TaskDone,)
    assert events_in(TaskDone | TaskMoved) == (TaskDone, TaskMoved)
    assert events_in(Task) == ()


@pytest.mark.parametrize("route", ["GET /", "GET /a", "POST /a-b/{c_1}/d.e", "DELETE /~x/{y}", "PATCH /...", "PUT /.a"])
def test_what_is_a_route(route: str) -> None:
    assert ROUTE.fullmatch(route)


@pytest.mark.parametrize(
    "route",
    ["", "/", "GET", "GET ", "GET  /a", "GET //", "GET /a//b", "GET /.", "GET /a/..", "GET /ä", "TRACE /a", "GET /{}"],
)
def test_what_is_no_route(route: str) -> None:
    assert not ROUTE.fullmatch(route)


def test_a_seed_is_not_among_the_use_cases() -> None:
    other = App("other")
    other.roles("member")
    other.seed(follow_nothing)
    model = other.model()
    assert (list(model.use_cases), [seed.name for seed in model.seeds]) == ([], ["follow_nothing"])
    assert isinstance(model.case(follow_nothing), UseCase)


def follow_nothing(tasks: Tasks) -> None: ...

from __future__ import annotations

from typing import Protocol

import pytest

from freehold import App, Emit, Entity, Event, Id, Page, Paging, Port, Store, User, lookup
from freehold.accounts.records import Member
from freehold.accounts.routes import accounts
from freehold.model.clash import check_joined
from freehold.model.fields import parent_field
from freehold.model.finding import ModelError
from freehold.model.model import table_of

app = App("tasks")
member, owner = app.roles("member", "owner")
app.members(managed_by=member)


class Project(Entity):
    name: str


class Task(Entity, within=Project):
    project: Id[Project]
    after: Id[Task] | None = None
    assignee: Id[User] | None = None


class Comment(Entity, within=Task):
    task: Id[Task]


class TaskDone(Event):
    task: Id[Task]


class Comments(Store[Comment], Protocol):
    @lookup()
    def about(self, task: Id[Task], page: Paging) -> Page[Comment]: ...


@app.command("POST /comments", allow=member)
def write(task: Id[Task], comments: Comments, emit: Emit[TaskDone]) -> Comment: ...


@app.query("GET /comments/{id}", allow=member)
def read(id: Id[Comment], comments: Comments) -> Comment: ...


@app.on(TaskDone)
def follow(event: TaskDone) -> None: ...


MODEL = app.model()


def test_what_is_kept_is_what_use_cases_take_and_what_that_lies_in() -> None:
    assert dict(MODEL.entities) == {"comment": Comment, "project": Project, "task": Task}


def test_children_lie_in_their_parents() -> None:
    assert [MODEL.children(kind) for kind in (Project, Task, Comment)] == [(Task,), (Comment,), ()]
    assert (parent_field(Task, Project), parent_field(Task, Task), parent_field(Comment, Project)) == (
        "project",
        "after",
        None,
    )


def test_references_lead_to_entities_and_a_users_to_whatever_keeps_people() -> None:
    assert MODEL.references(Task) == (("project", Project), ("after", Task))
    joined = MODEL.joined(accounts(MODEL), people=Member)
    assert joined.references(Task) == (("project", Project), ("after", Task), ("assignee", Member))


def test_an_event_knows_its_handlers() -> None:
    assert [case.name for case in MODEL.handlers(TaskDone)] == ["follow"]
    assert dict(MODEL.events) == {"TaskDone": TaskDone}


def test_a_function_leads_to_its_use_case() -> None:
    assert MODEL.case(read).name == "read"
    with pytest.raises(StopIteration):
        MODEL.case(test_a_function_leads_to_its_use_case)


def test_the_lookups_of_an_entity_are_those_of_its_stores() -> None:
    assert [pattern.name for pattern in MODEL.lookups_of(Comment)] == ["about"]
    assert MODEL.lookups_of(Task) == ()


def test_what_the_accounts_bring_is_marked_as_built_in() -> None:
    joined = MODEL.joined(accounts(MODEL), people=Member)
    assert {case.name for case in joined.use_cases.values() if not case.built_in} == {"write", "read", "follow"}
    assert joined.use_cases["sign_in"].built_in


def test_what_freehold_brings_along_is_in_tables_of_its_own() -> None:
    assert (table_of(Comment), table_of(Member)) == ("comment", "freehold_member")


def test_an_app_that_takes_nothing_of_the_accounts_can_be_joined_with_them() -> None:
    check_joined(MODEL, accounts(MODEL))
    with pytest.raises(ModelError):
        check_joined(accounts(MODEL), accounts(MODEL))


def test_what_fills_a_port_can_be_said_for_each_environment_by_itself() -> None:
    class Mail(Port, Protocol):
        def send(self) -> None: ...

    class Printed:
        def send(self) -> None:
            """Print it."""

    app = App("post")
    app.roles("member")
    app.provide(Mail, local=Printed)
    app.provide(Mail, production="post.smtp:Mail")
    assert app.model().adapters[Mail] == {"local": Printed, "production": "post.smtp:Mail"}

"""Mistakes that both type checkers must refuse, each on a line that ends in `# refused`. It is never run."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from freehold import App, Emit, Event, Id, Page, Paging, Range, ReadOnly, Store, User, lookup
from tests.typing.app import Payments, Project, Task, TaskDone, TaskMoved, Tasks, app, create_task, is_assignee, member


def see(*values: object) -> None: ...


def ids(tasks: Tasks, project: Id[Project], me: User, text: str) -> None:
    tasks.get(project)  # refused
    tasks.get(text)  # refused
    tasks.get(me.id)  # refused
    tasks.get(tasks.get(Id("1")))  # refused
    tasks.remove(project)  # refused
    Task(project=me.id, title="Ship")  # refused
    TaskDone(task=project, by=me.id)  # refused


def lookups(tasks: Tasks, project: Id[Project], task: Id[Task]) -> None:
    tasks.due(task)  # refused
    tasks.due(project, Range(1, 2))  # refused
    tasks.by_number(project, "1")  # refused
    tasks.by_nummer(project, 1)  # refused
    tasks.by_number(project)  # refused
    tasks.due(project, limit=10)  # refused
    see(tasks.by_number(project, 1).title)  # refused
    tasks.filter(title="Ship")  # refused


def fields(task: Task, project: Id[Project], me: User) -> None:
    see(task.titel)  # refused
    task.title = 5  # refused
    task.due = "tomorrow"  # refused
    task.assignee = project  # refused
    task.colour = "red"  # refused
    Task(title="Ship")  # refused
    Task(project=project, title="Ship", colour="red")  # refused
    Task(project=project, title=5)  # refused
    me.name = "Eve"  # refused


def pages(page: Page[Task], paging: Paging, due: Range[date]) -> None:
    page.next = None  # refused
    paging.limit = 1000  # refused
    due.start = None  # refused
    other: Page[Project] = page  # refused
    see(other, page.total)  # refused


def stores(tasks: Tasks, projects: Store[Project], task: Task) -> None:
    projects.add(task)  # refused
    projects.by_number(task.project, 1)  # refused
    create_task(task.project, "Ship", projects)  # refused
    tasks.all()  # refused
    see(tasks.tenant)  # refused
    tasks.delete(task.id)  # refused


def emitting(emit: Emit[TaskDone], more: Emit[TaskDone | TaskMoved], task: Task, me: User) -> None:
    emit(TaskMoved(task=task.id, origin=task.project))  # refused
    emit(task)  # refused
    emit(TaskDone)  # refused
    wider: Emit[TaskDone | TaskMoved] = emit  # refused
    narrower: Emit[TaskMoved] = more
    see(wider, narrower)


def calling(tasks: Tasks, project: Id[Project], me: User, task: Task) -> None:
    create_task(project, "Ship")  # refused
    create_task(project, 5, tasks)  # refused
    create_task(project, "Ship", tasks, due=date.min)  # refused
    see(create_task(project, "Ship", tasks).titel)  # refused
    is_assignee(task, me)  # refused


@app.command("POST /a")  # refused
def nobody_is_allowed() -> None: ...


@app.command("POST /b", allow="member")  # refused
def a_role_as_text() -> None: ...


@app.command("POST /c", allow=member | "owner")  # refused
def half_a_role_as_text() -> None: ...


def is_late(task: Task) -> bool:
    return task.due is not None


@app.command("POST /d", allow=member | is_late)  # refused
def a_function_that_is_no_rule() -> None: ...


@app.command("POST /e", allow=member, scope="all")  # refused
def a_scope_that_is_none() -> None: ...


@app.command("POST /f", allow=member, limit=60)  # refused
def a_limit_that_is_a_number() -> None: ...


@app.query("GET /g", allow=member, idempotent=True)  # refused
def a_query_repeats_anyway() -> None: ...


@app.rule  # refused
def no_answer(me: User) -> str:
    return me.name


@app.on(TaskDone)  # refused
def of_another_event(event: TaskMoved) -> None: ...


@app.on(TaskDone)  # refused
def of_no_event() -> None: ...


@app.on(Task)  # refused
def of_an_entity(event: Task) -> None: ...


@app.every(15)  # refused
def every_number() -> None: ...


class Wrong(Store[str], Protocol):  # refused
    """A store of text."""


class Misspelt(Store[Task], Protocol):
    """A lookup with an option that does not exist."""

    @lookup(oder="due")  # refused
    def all(self, page: Paging) -> Page[Task]: ...

    @lookup(unique="number")  # refused
    def one(self, number: int) -> Task | None: ...


class Other(Event):
    """An event."""

    when: date


def writing(other: Other, tasks: ReadOnly[Tasks], payments: Payments) -> None:
    other.when = "now"  # refused
    Other(when=5)  # refused
    payments.charge("5")  # refused
    payments.refund(5)  # refused
    tasks.add(other)  # refused


class Cheap:
    """Asks for no amount."""

    def charge(self) -> str:
        return "nothing"


filled: Payments = Cheap()  # refused
app.members(managed_by="owner")  # refused
app.bulk(create_task, "POST /tasks")  # refused
App(name=5)  # refused
App("one", tenant="acme")  # refused

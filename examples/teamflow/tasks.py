"""Tasks: what is to be done, by whom and by when."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Protocol

from pydantic import Field, StringConstraints

from freehold import ALL, Emit, Entity, Event, Id, Page, Paging, Range, Store, User, lookup

from .app import admin, app, member, viewer
from .numbering import Numberings, next_number
from .projects import Project, Projects, get_open_project

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Description = Annotated[str, StringConstraints(max_length=20_000)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=30)]
Labels = Annotated[tuple[Label, ...], Field(max_length=20)]


class Status(StrEnum):
    TODO = "todo"
    DOING = "doing"
    DONE = "done"


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Task(Entity, within=Project):
    project: Id[Project]
    number: int
    title: Title
    description: Description = ""
    status: Status = Status.TODO
    priority: Priority = Priority.NORMAL
    labels: Labels = ()
    assignee: Id[User] | None = None
    due: date | None = None


class TaskCreated(Event):
    task: Id[Task]
    by: Id[User]


class Tasks(Store[Task], Protocol):
    """Every way TeamFlow finds tasks."""

    @lookup()
    def in_project(self, project: Id[Project], page: Paging) -> Page[Task]: ...

    @lookup()
    def with_status(self, project: Id[Project], status: Status, page: Paging) -> Page[Task]: ...

    @lookup(unique=True)
    def by_number(self, project: Id[Project], number: int) -> Task | None: ...

    @lookup(order="due")
    def assigned_to(self, assignee: Id[User], status: Status, page: Paging) -> Page[Task]: ...

    @lookup(order="due")
    def due(self, status: Status, page: Paging, due: Range[date] = ALL) -> Page[Task]: ...


@app.rule
def is_assignee(me: User, task: Task) -> bool:
    return task.assignee == me.id


@app.command("POST /projects/{project}/tasks", allow=member)
def create_task(
    project: Id[Project],
    title: Title,
    description: Description = "",
    priority: Priority = Priority.NORMAL,
    labels: Labels = (),
    assignee: Id[User] | None = None,
    due: date | None = None,
    *,
    me: User,
    projects: Projects,
    tasks: Tasks,
    numberings: Numberings,
    emit: Emit[TaskCreated],
) -> Task:
    """Write down what is to be done. The task gets the next number of its project."""
    get_open_project(project, projects)
    number = next_number(project, numberings)
    task = tasks.add(
        Task(
            project=project,
            number=number,
            title=title,
            description=description,
            priority=priority,
            labels=labels,
            assignee=assignee,
            due=due,
        )
    )
    emit(TaskCreated(task=task.id, by=me.id))
    return task


@app.query("GET /tasks/{id}", allow=viewer)
def read_task(id: Id[Task], tasks: Tasks) -> Task:
    """Look at one task."""
    return tasks.get(id)


@app.command("PATCH /tasks/{id}", allow=member)
def edit_task(
    id: Id[Task],
    title: Title | None = None,
    description: Description | None = None,
    priority: Priority | None = None,
    labels: Labels | None = None,
    *,
    tasks: Tasks,
) -> Task:
    """Change what a task says. What is left out stays as it is."""
    task = tasks.get(id)
    if title is not None:
        task.title = title
    if description is not None:
        task.description = description
    if priority is not None:
        task.priority = priority
    if labels is not None:
        task.labels = labels
    return tasks.save(task)


app.bulk("PATCH /tasks", edit_task)


@app.command("DELETE /tasks/{id}", allow=admin)
def delete_task(id: Id[Task], tasks: Tasks) -> None:
    """Throw a task away, with its comments. Its number is not given out again."""
    tasks.remove(id)

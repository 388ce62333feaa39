"""Tasks: what is to be done, by whom and by when."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Protocol

from pydantic import Field, StringConstraints

from freehold import ALL, Emit, Entity, Event, Id, Page, Paging, Range, Store, User, lookup

from .app import admin, app, member, viewer
from .numbering import Numberings, next_number
from .projects import Project, Projects, open_project

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


class TaskAssigned(Event):
    task: Id[Task]
    to: Id[User]
    by: Id[User]


class TaskMoved(Event):
    task: Id[Task]
    origin: Id[Project]
    by: Id[User]


class TaskCompleted(Event):
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
    open_project(project, projects)
    task = Task(project=project, number=next_number(project, numberings), title=title, description=description)
    task.priority, task.labels, task.assignee, task.due = priority, labels, assignee, due
    tasks.add(task)
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


@app.command("PUT /tasks/{id}/due", allow=member)
def schedule_task(id: Id[Task], due: date | None, tasks: Tasks) -> Task:
    """Say by when a task is to be done. Null: whenever."""
    task = tasks.get(id)
    task.due = due
    return tasks.save(task)


@app.command("POST /tasks/{id}/assign", allow=member)
def assign_task(id: Id[Task], assignee: Id[User] | None, me: User, tasks: Tasks, emit: Emit[TaskAssigned]) -> Task:
    """Give a task to a member. Null: take it back from whoever has it."""
    task = tasks.get(id)
    task.assignee = assignee
    if assignee is not None:
        emit(TaskAssigned(task=id, to=assignee, by=me.id))
    return tasks.save(task)


@app.command("POST /tasks/{id}/move", allow=member)
def move_task(
    id: Id[Task],
    to: Id[Project],
    *,
    me: User,
    projects: Projects,
    tasks: Tasks,
    numberings: Numberings,
    emit: Emit[TaskMoved],
) -> Task:
    """Move a task to another project, where it gets the next number. Its comments go with it."""
    task = tasks.get(id)
    origin = task.project
    if to == origin:
        return task
    task.project = open_project(to, projects).id
    task.number = next_number(to, numberings)
    emit(TaskMoved(task=id, origin=origin, by=me.id))
    return tasks.save(task)


@app.command("POST /tasks/{id}/start", allow=admin | is_assignee)
def start_task(id: Id[Task], tasks: Tasks) -> Task:
    """Say that somebody is at it."""
    task = tasks.get(id)
    task.status = Status.DOING
    return tasks.save(task)


@app.command("POST /tasks/{id}/complete", allow=admin | is_assignee)
def complete_task(id: Id[Task], me: User, tasks: Tasks, emit: Emit[TaskCompleted]) -> Task:
    """Say that it is done. Doing so twice is doing so once."""
    task = tasks.get(id)
    if task.status is Status.DONE:
        return task
    task.status = Status.DONE
    emit(TaskCompleted(task=id, by=me.id))
    return tasks.save(task)


@app.command("POST /tasks/{id}/reopen", allow=admin | is_assignee)
def reopen_task(id: Id[Task], tasks: Tasks) -> Task:
    """Say that it was not done after all."""
    task = tasks.get(id)
    task.status = Status.TODO
    return tasks.save(task)


@app.command("DELETE /tasks/{id}", allow=admin)
def delete_task(id: Id[Task], tasks: Tasks) -> None:
    """Throw a task away, with its comments. Its number is not given out again."""
    tasks.remove(id)

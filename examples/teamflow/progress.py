"""What becomes of a task: when it is due, who has it, where it is, and how far it has come."""

from datetime import date

from freehold import Emit, Event, Id, User

from .app import admin, app, member
from .numbering import Numberings, next_number
from .projects import Project, Projects, get_open_project
from .tasks import Status, Task, Tasks, is_assignee


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
    task.project = get_open_project(to, projects).id
    task.number = next_number(to, numberings)
    emit(TaskMoved(task=id, origin=origin, by=me.id))
    return tasks.save(task)


@app.command("POST /tasks/{id}/start", allow=admin | is_assignee)
def start_task(id: Id[Task], tasks: Tasks) -> Task:
    """Say that work on a task has begun."""
    task = tasks.get(id)
    task.status = Status.DOING
    return tasks.save(task)


@app.command("POST /tasks/{id}/complete", allow=admin | is_assignee)
def complete_task(id: Id[Task], me: User, tasks: Tasks, emit: Emit[TaskCompleted]) -> Task:
    """Say that a task is done. To say so twice changes nothing more."""
    task = tasks.get(id)
    if task.status is Status.DONE:
        return task
    task.status = Status.DONE
    emit(TaskCompleted(task=id, by=me.id))
    return tasks.save(task)


@app.command("POST /tasks/{id}/reopen", allow=admin | is_assignee)
def reopen_task(id: Id[Task], tasks: Tasks) -> Task:
    """Say that a task was not done after all."""
    task = tasks.get(id)
    task.status = Status.TODO
    return tasks.save(task)

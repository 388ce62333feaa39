"""The lists people work from: a project's board, their own tasks, and what is due."""

from datetime import date

from freehold import Id, NotFound, Page, Paging, Range, User

from .app import app, viewer
from .projects import Project, Projects
from .tasks import Status, Task, Tasks


@app.query("GET /projects/{project}/tasks", allow=viewer)
def tasks_in_project(
    project: Id[Project], page: Paging, projects: Projects, tasks: Tasks, status: Status | None = None
) -> Page[Task]:
    """List the tasks of a project in the order they were written down: all of them, or one column of the board."""
    projects.get(project)  # what is not here is not found, rather than empty
    if status is None:
        return tasks.in_project(project, page)
    return tasks.with_status(project, status, page)


@app.query("GET /projects/{project}/tasks/by-number/{number}", allow=viewer)
def task_by_number(project: Id[Project], number: int, tasks: Tasks) -> Task:
    """Look at the task that people call by this number."""
    task = tasks.by_number(project, number)
    if task is None:
        raise NotFound("TASK_NOT_FOUND", "There is no task with this number here.")
    return task


@app.query("GET /me/tasks", allow=viewer)
def my_tasks(me: User, page: Paging, tasks: Tasks, status: Status = Status.TODO) -> Page[Task]:
    """List what one has to do oneself, by the day it is due. Tasks without a day come first."""
    return tasks.assigned_to(me.id, status, page)


@app.query("GET /tasks/due", allow=viewer)
def due_tasks(due: Range[date], page: Paging, tasks: Tasks, status: Status = Status.TODO) -> Page[Task]:
    """List what is due in a span of days, in all projects, the earliest first."""
    return tasks.due(status, page, due)

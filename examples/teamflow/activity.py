"""The feed: what has happened in a project, written from the events of the other modules, which know nothing of it.

An event arrives after the fact, so what it is about may be gone by then: a handler uses `find` and not `get`.
"""

from typing import Protocol

from freehold import Entity, Id, Page, Paging, Store, User, lookup

from .app import app, viewer
from .comments import CommentWritten
from .progress import TaskAssigned, TaskCompleted, TaskMoved
from .projects import Project, ProjectArchived, ProjectCreated, Projects
from .tasks import Task, TaskCreated, Tasks


class Activity(Entity, within=Project):
    project: Id[Project]
    by: Id[User]
    text: str


class Activities(Store[Activity], Protocol):
    @lookup(newest_first=True)
    def all(self, page: Paging) -> Page[Activity]: ...

    @lookup(newest_first=True)
    def in_project(self, project: Id[Project], page: Paging) -> Page[Activity]: ...


@app.query("GET /activity", allow=viewer)
def read_feed(page: Paging, activities: Activities) -> Page[Activity]:
    """Read what has happened lately, the newest first."""
    return activities.all(page)


@app.query("GET /projects/{project}/activity", allow=viewer)
def read_project_feed(project: Id[Project], page: Paging, projects: Projects, activities: Activities) -> Page[Activity]:
    """Read what has happened in one project, the newest first."""
    projects.get(project)
    return activities.in_project(project, page)


@app.on(ProjectCreated)
def note_new_project(event: ProjectCreated, projects: Projects, activities: Activities) -> None:
    """Note that a project has begun."""
    if project := projects.find(event.project):
        activities.add(Activity(project=project.id, by=event.by, text=f"began {project.name}"))


@app.on(ProjectArchived)
def note_archived_project(event: ProjectArchived, projects: Projects, activities: Activities) -> None:
    """Note that a project was put into the archive."""
    if project := projects.find(event.project):
        activities.add(Activity(project=project.id, by=event.by, text=f"put {project.name} into the archive"))


@app.on(TaskCreated)
def note_new_task(event: TaskCreated, tasks: Tasks, activities: Activities) -> None:
    """Note that a task was written down."""
    _note("wrote down", event.task, event.by, tasks, activities)


@app.on(TaskAssigned)
def note_assigned_task(event: TaskAssigned, tasks: Tasks, activities: Activities) -> None:
    """Note that a task was given to somebody, or that somebody took it."""
    _note("assigned" if event.to != event.by else "took", event.task, event.by, tasks, activities)


@app.on(TaskMoved)
def note_moved_task(event: TaskMoved, tasks: Tasks, activities: Activities) -> None:
    """Note that a task was moved, in the project it came to."""
    _note("moved here", event.task, event.by, tasks, activities)


@app.on(TaskCompleted)
def note_completed_task(event: TaskCompleted, tasks: Tasks, activities: Activities) -> None:
    """Note that a task was completed."""
    _note("completed", event.task, event.by, tasks, activities)


@app.on(CommentWritten)
def note_comment(event: CommentWritten, tasks: Tasks, activities: Activities) -> None:
    """Note that somebody has said something about a task."""
    _note("commented on", event.task, event.by, tasks, activities)


def _note(deed: str, id: Id[Task], by: Id[User], tasks: Tasks, activities: Activities) -> None:
    """Write into the feed what somebody did to a task, if that is still there."""
    if task := tasks.find(id):
        activities.add(Activity(project=task.project, by=by, text=f"{deed} #{task.number} {task.title}"))

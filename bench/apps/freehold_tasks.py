"""The app that the bench serves: a team's tasks, as the peers in `bench/peers` have them."""

from typing import Literal, Protocol

from freehold import App, Entity, Id, Page, Paging, Store, User, lookup

app = App("tasks")
member, owner = app.roles("member", "owner")


class Project(Entity):
    """What a task belongs to."""

    name: str


class Task(Entity):
    """Something that somebody has to do."""

    title: str
    description: str = ""
    status: Literal["todo", "doing", "done"] = "todo"
    priority: Literal["low", "normal", "high"] = "normal"
    assignee: Id[User]
    project: Id[Project]


class Tasks(Store[Task], Protocol):
    """Every way this app finds tasks."""

    @lookup(newest_first=True)
    def in_project(self, project: Id[Project], page: Paging) -> Page[Task]:
        """List the tasks of a project."""
        ...


@app.command("POST /projects", allow=member)
def create_project(name: str, projects: Store[Project]) -> Project:
    """Begin a project."""
    return projects.add(Project(name=name))


@app.command("POST /tasks", allow=member)
def create_task(
    title: str,
    assignee: Id[User],
    project: Id[Project],
    tasks: Tasks,
    description: str = "",
    status: Literal["todo", "doing", "done"] = "todo",
    priority: Literal["low", "normal", "high"] = "normal",
) -> Task:
    """Give somebody a task."""
    return tasks.add(
        Task(
            title=title,
            description=description,
            status=status,
            priority=priority,
            assignee=assignee,
            project=project,
        )
    )


@app.query("GET /tasks/{id}", allow=member)
def get_task(id: Id[Task], tasks: Tasks) -> Task:
    """Return one task."""
    return tasks.get(id)


@app.query("GET /projects/{project}/tasks", allow=member)
def tasks_in(project: Id[Project], page: Paging, tasks: Tasks) -> Page[Task]:
    """List the tasks of a project, newest first."""
    return tasks.in_project(project, page)

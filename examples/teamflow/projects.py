"""Projects: what a team works on. Everything else in TeamFlow is in one."""

from typing import Annotated, Protocol

from pydantic import StringConstraints

from freehold import Conflict, Emit, Entity, Event, Id, Page, Paging, Store, User, lookup

from .app import admin, app, member, viewer

ProjectName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Project(Entity):
    name: ProjectName
    archived: bool = False


class ProjectCreated(Event):
    project: Id[Project]
    by: Id[User]


class ProjectArchived(Event):
    project: Id[Project]
    by: Id[User]


class Projects(Store[Project], Protocol):
    # Nobody asks for a project by its name: this is what keeps names unique.
    @lookup(unique=True)
    def by_name(self, name: str) -> Project | None: ...

    @lookup(order="name")
    def listed(self, archived: bool, page: Paging) -> Page[Project]: ...


@app.command("POST /projects", allow=member)
def create_project(name: ProjectName, me: User, projects: Projects, emit: Emit[ProjectCreated]) -> Project:
    """Begin a project. No two projects of a team have the same name."""
    project = projects.add(Project(name=name))
    emit(ProjectCreated(project=project.id, by=me.id))
    return project


@app.query("GET /projects", allow=viewer)
def list_projects(page: Paging, projects: Projects, archived: bool = False) -> Page[Project]:
    """List the projects by name: those under way, or those in the archive."""
    return projects.listed(archived, page)


@app.query("GET /projects/{id}", allow=viewer)
def read_project(id: Id[Project], projects: Projects) -> Project:
    """Look at one project."""
    return projects.get(id)


@app.command("PATCH /projects/{id}", allow=member)
def rename_project(id: Id[Project], name: ProjectName, projects: Projects) -> Project:
    """Give a project another name."""
    project = projects.get(id)
    project.name = name
    return projects.save(project)


@app.command("POST /projects/{id}/archive", allow=admin)
def archive_project(id: Id[Project], me: User, projects: Projects, emit: Emit[ProjectArchived]) -> Project:
    """Put a project away. Its tasks stay readable, and it takes no new ones."""
    project = projects.get(id)
    project.archived = True
    emit(ProjectArchived(project=id, by=me.id))
    return projects.save(project)


@app.command("POST /projects/{id}/restore", allow=admin)
def restore_project(id: Id[Project], projects: Projects) -> Project:
    """Take a project out of the archive."""
    project = projects.get(id)
    project.archived = False
    return projects.save(project)


@app.command("DELETE /projects/{id}", allow=admin)
def delete_project(id: Id[Project], projects: Projects) -> None:
    """Throw a project away, with its tasks, their comments and its feed."""
    projects.remove(id)


def get_open_project(id: Id[Project], projects: Projects) -> Project:
    """The project, if it takes new tasks."""
    project = projects.get(id)
    if project.archived:
        raise Conflict("PROJECT_ARCHIVED", "This project is in the archive: restore it first.")
    return project

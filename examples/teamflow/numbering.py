"""Numbers for tasks: 1, 2, 3 in each project, and never the same one twice, not even after a task is gone.

The count is kept beside the project and not on it: a new task then leaves the project's version, and with it the
`ETag` that somebody is editing under, as it is. A plain read, increment and save is all it takes. When two people
create a task at the same moment, the later one finds the count changed, and freehold runs it again by itself.
"""

from typing import Protocol

from freehold import Entity, Id, Store, lookup

from .projects import Project


class Numbering(Entity, within=Project):
    project: Id[Project]
    last: int = 0


class Numberings(Store[Numbering], Protocol):
    @lookup(unique=True)
    def of(self, project: Id[Project]) -> Numbering | None: ...


def next_number(project: Id[Project], numberings: Numberings) -> int:
    """The number for the next task of a project."""
    numbering = numberings.of(project) or numberings.add(Numbering(project=project))
    numbering.last += 1
    return numberings.save(numbering).last

"""One small app at different times: each function gives its entities, and its store where it has one."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Protocol

from freehold.model.data import Entity, Id, Page, Paging
from freehold.model.lookup import lookup
from freehold.model.ports import Store

Kinds = tuple[type, ...]


def first() -> Kinds:
    class Task(Entity):
        title: str
        note: str | None = None

    return (Task,)


def with_default() -> Kinds:
    class Task(Entity):
        title: str
        note: str | None = None
        done: bool = False
        size: float = 1.5
        tags: list[str] = ["new"]  # noqa: RUF012  # Pydantic copies it
        mark: str = 'it\'s \x00 "new"'

    return (Task,)


def with_optional() -> Kinds:
    class Task(Entity):
        title: str
        note: str | None = None
        due: date | None = None

    return (Task,)


def with_required() -> Kinds:
    class Task(Entity):
        title: str
        note: str | None = None
        number: int

    return (Task,)


def without_note() -> Kinds:
    class Task(Entity):
        title: str

    return (Task,)


def note_required() -> Kinds:
    class Task(Entity):
        title: str
        note: str

    return (Task,)


def note_filled() -> Kinds:
    class Task(Entity):
        title: str
        note: str = "none"

    return (Task,)


def title_optional() -> Kinds:
    class Task(Entity):
        title: str | None
        note: str | None = None

    return (Task,)


def title_number() -> Kinds:
    class Task(Entity):
        title: int
        note: str | None = None

    return (Task,)


def title_moment() -> Kinds:
    class Task(Entity):
        title: datetime
        note: str | None = None

    return (Task,)


def title_json() -> Kinds:
    class Task(Entity):
        title: object
        note: str | None = None

    return (Task,)


def title_chosen() -> Kinds:
    class Task(Entity):
        title: Literal["a", "b", "c"]
        note: str | None = None

    return (Task,)


def title_chosen_less() -> Kinds:
    class Letter(StrEnum):
        A = "a"
        B = "b"

    class Task(Entity):
        title: Letter
        note: str | None = None

    return (Task,)


def renamed() -> Kinds:
    class Task(Entity):
        name: str = ""
        note: str | None = None

    return (Task,)


def listed() -> Kinds:
    (task,) = first()

    class Tasks(Store[task], Protocol):
        @lookup(order="note")
        def of(self, title: str, page: Paging) -> Page[task]: ...

    return (task, Tasks)


def listed_twice() -> Kinds:
    (task,) = first()

    class Tasks(Store[task], Protocol):
        @lookup(order="note")
        def of(self, title: str, page: Paging) -> Page[task]: ...

        @lookup(order="title")
        def all(self, page: Paging) -> Page[task]: ...

    return (task, Tasks)


def unique() -> Kinds:
    (task,) = first()

    class Tasks(Store[task], Protocol):
        @lookup(unique=True)
        def by_title(self, title: str) -> task | None: ...

    return (task, Tasks)


def everything_changed() -> Kinds:
    class Task(Entity):
        title: int
        number: int = 7
        due: date | None = None

    class Tasks(Store[Task], Protocol):
        @lookup(order="due")
        def of(self, number: int, page: Paging) -> Page[Task]: ...

        @lookup(unique=True)
        def by_title(self, title: int) -> Task | None: ...

    return (Task, Tasks)


class Project(Entity):
    name: str = ""


class Area(Entity):
    name: str = ""


def apart() -> Kinds:
    class Task(Entity):
        project: Id[Project]
        area: Id[Area] | None = None

    class Remark(Entity, within=Task):
        task: Id[Task]

    return (Project, Area, Task, Remark)


def within_project() -> Kinds:
    class Task(Entity, within=Project):
        project: Id[Project]
        area: Id[Area] | None = None

    class Remark(Entity, within=Task):
        task: Id[Task]

    return (Project, Area, Task, Remark)


def within_area() -> Kinds:
    class Task(Entity, within=Area):
        project: Id[Project]
        area: Id[Area] | None = None

    class Remark(Entity, within=Task):
        task: Id[Task]

    return (Project, Area, Task, Remark)


def with_some_defaults() -> Kinds:
    """Without the character NUL, which not every store can keep."""

    class Task(Entity):
        title: str
        note: str | None = None
        done: bool = False
        size: float = 1.5
        tags: list[str] = ["new"]  # noqa: RUF012  # Pydantic copies it

    return (Task,)

"""What the type checkers make of an app. Both must agree; it is never run."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import assert_type

from freehold import ALL, FIRST, Id, Now, Page, Paging, Range, Store, User
from freehold.model.rules import Access, Role, Rule
from tests.typing.app import (
    Payments,
    Pretend,
    Project,
    Task,
    TaskDone,
    Tasks,
    app,
    create_task,
    demo,
    finish_task,
    follow,
    is_assignee,
    later,
    list_tasks,
    member,
    owner,
)


def stores(tasks: Tasks, projects: Store[Project], task: Id[Task], project: Id[Project]) -> None:
    assert_type(tasks.get(task), Task)
    assert_type(tasks.find(task), Task | None)
    assert_type(tasks.add(Task(project=project, title="Ship")), Task)
    assert_type(tasks.save(tasks.get(task)), Task)
    assert_type(projects.get(project), Project)


def lookups(tasks: Tasks, project: Id[Project]) -> None:
    assert_type(tasks.due(project), Page[Task])
    assert_type(tasks.due(project, Range(date.min, date.max), Paging(10)), Page[Task])
    assert_type(tasks.due(project, ALL, FIRST), Page[Task])
    assert_type(tasks.due(project, page=Paging(cursor="...")), Page[Task])
    assert_type(tasks.by_number(project, 1), Task | None)
    assert_type([task.title for task in tasks.due(project)], list[str])
    assert_type(len(tasks.due(project)), int)
    assert_type(tasks.due(project).next, str | None)
    items: Sequence[Task] = tasks.due(project).items
    assert_type(items[0], Task)


def fields(task: Task, event: TaskDone, me: User, now: Now) -> None:
    assert_type(task.id, Id[Task])
    assert_type(task.project, Id[Project])
    assert_type(task.assignee, Id[User] | None)
    assert_type(task.version, int)
    assert_type(task.created_at, datetime)
    assert_type(event.by, Id[User])
    assert_type(me.id, Id[User])
    assert_type(now.date(), date)
    texts: list[str] = [task.id]
    assert_type(texts, list[str])


def functions_stay_what_they_are(tasks: Tasks, project: Id[Project], me: User, task: Task) -> None:
    assert_type(create_task(project, "Ship", tasks), Task)
    assert_type(create_task(project=project, title="Ship", tasks=tasks, assignee=me.id), Task)
    assert_type(list_tasks(project, ALL, FIRST, tasks), Page[Task])
    told: list[TaskDone] = []
    assert_type(finish_task(task.id, me, tasks, Pretend(), told.append), Task)
    assert_type(is_assignee(me, task), bool)


async def asynchronous_ones_too(now: Now) -> None:
    assert_type(await later(now), date)


def handlers_and_seeds_as_well(event: TaskDone, me: User, tasks: Tasks, projects: Store[Project]) -> None:
    follow(event, tasks)
    demo(me, projects, tasks=tasks)


def access() -> None:
    assert_type(member, Role)
    rule: Rule[[User, Task]] = is_assignee
    assert_type(rule | rule, Access)
    assert_type(owner | member & is_assignee, Access)
    assert_type(app.roles("a", "b"), tuple[Role, ...])


def what_fits_a_port_fills_it() -> Payments:
    return Pretend()


def an_id_made_by_hand(tasks: Tasks) -> Task:
    return tasks.get(Id("0198c0de-0000-7000-8000-000000000000"))


class FakeTasks:
    """A store for a test: nothing to inherit from."""

    def __init__(self) -> None:
        self.kept: dict[str, Task] = {}

    def get(self, id: Id[Task]) -> Task:
        return self.kept[id]

    def find(self, id: Id[Task]) -> Task | None:
        return self.kept.get(id)

    def add(self, entity: Task) -> Task:
        return self.kept.setdefault(entity.id, entity)

    def save(self, entity: Task) -> Task:
        return self.kept.setdefault(entity.id, entity)

    def remove(self, id: Id[Task]) -> None:
        del self.kept[id]

    def due(self, project: Id[Project], due: Range[date] = ALL, page: Paging = FIRST) -> Page[Task]:
        return Page([task for task in self.kept.values() if task.project == project][: page.limit])

    def by_number(self, project: Id[Project], number: int) -> Task | None:
        return next((task for task in self.kept.values() if (task.project, task.number) == (project, number)), None)


def a_fake_is_a_store(project: Id[Project]) -> None:
    assert_type(create_task(project, "Ship", tasks=FakeTasks()), Task)

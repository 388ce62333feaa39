"""An app as somebody would write it, for the type checkers to look at. It is never run."""

from datetime import date
from typing import Protocol

from freehold import (
    ALL,
    FIRST,
    App,
    Conflict,
    Emit,
    Entity,
    Event,
    Id,
    Invalid,
    NotFound,
    Now,
    Page,
    Paging,
    Port,
    Range,
    ReadOnly,
    Store,
    User,
    anyone,
    lookup,
)

app = App("shop")
viewer, member, owner = app.roles("viewer", "member", "owner")
app.members(managed_by=owner)


class Project(Entity):
    name: str


class Task(Entity, within=Project):
    project: Id[Project]
    title: str
    number: int = 0
    assignee: Id[User] | None = None
    due: date | None = None


class TaskDone(Event):
    task: Id[Task]
    by: Id[User]


class TaskMoved(Event):
    task: Id[Task]
    origin: Id[Project]


class Tasks(Store[Task], Protocol):
    """Every way this app finds tasks."""

    @lookup(order="due")
    def due(self, project: Id[Project], due: Range[date] = ALL, page: Paging = FIRST) -> Page[Task]: ...

    @lookup(unique=True)
    def by_number(self, project: Id[Project], number: int) -> Task | None: ...


class Payments(Port, Protocol):
    """Whoever takes the money."""

    def charge(self, amount: int) -> str: ...


class Pretend:
    """Takes none."""

    def charge(self, amount: int) -> str:
        return f"took {amount}"


app.provide(Payments, local=Pretend, aws="shop.stripe:Stripe")


@app.rule
def is_assignee(me: User, task: Task) -> bool:
    return task.assignee == me.id


@app.rule
def is_late(task: Task, now: Now) -> bool:
    return task.due is not None and task.due < now.date()


@app.command("POST /projects", allow=member)
def create_project(name: str, projects: Store[Project]) -> Project:
    if not name:
        raise Invalid(details=[{"loc": ["name"], "msg": "Say something."}])
    return projects.add(Project(name=name))


@app.command("POST /projects/{project}/tasks", allow=member, limit="60/minute", idempotent=True)
def create_task(project: Id[Project], title: str, tasks: Tasks, assignee: Id[User] | None = None) -> Task:
    return tasks.add(Task(project=project, title=title, assignee=assignee))


@app.command("POST /tasks/{id}/done", allow=owner | member & is_assignee)
def finish_task(id: Id[Task], me: User, tasks: Tasks, payments: Payments, emit: Emit[TaskDone]) -> Task:
    task = tasks.get(id)
    if payments.charge(5) != "took 5":
        raise Conflict("TOO_LITTLE", "It costs more.")
    emit(TaskDone(task=task.id, by=me.id))
    return tasks.save(task)


@app.command("POST /tasks/{id}/move", allow=(owner | is_late) & member)
def move_task(id: Id[Task], to: Id[Project], me: User, tasks: Tasks, emit: Emit[TaskDone | TaskMoved]) -> Task:
    task = tasks.get(id)
    emit(TaskMoved(task=id, origin=task.project))
    announce(task, me, emit)
    task.project = to
    return tasks.save(task)


def announce(task: Task, me: User, emit: Emit[TaskDone]) -> None:
    """Who may emit more may emit less."""
    emit(TaskDone(task=task.id, by=me.id))


@app.query("GET /projects/{project}/tasks", allow=viewer)
def list_tasks(project: Id[Project], due: Range[date], page: Paging, tasks: ReadOnly[Tasks]) -> Page[Task]:
    return tasks.due(project, due, page)


@app.query("GET /projects/{project}/tasks/{number}", allow=anyone)
def read_task(project: Id[Project], number: int, tasks: Tasks) -> Task:
    task = tasks.by_number(project, number)
    if task is None:
        raise NotFound
    return task


@app.query("GET /later", allow=viewer)
async def later(now: Now) -> date:
    return now.date()


app.bulk("POST /tasks", create_task, at_most=50)


@app.on(TaskDone)
def follow(event: TaskDone, tasks: Tasks) -> None:
    task = tasks.find(event.task)
    if task is not None:
        tasks.remove(task.id)


@app.on(TaskMoved)
def note(event: TaskMoved, *, tasks: Tasks) -> None:
    tasks.get(event.task)


@app.every("15 minutes")
def remind(tasks: ReadOnly[Tasks], now: Now) -> None:
    tasks.due(Id("1"), Range(start=now.date()))


@app.operation(scope="everyone")
def count() -> int:
    return 0


@app.seed
def demo(me: User, projects: Store[Project], tasks: Tasks) -> None:
    create_task(create_project("Website", projects).id, "Draw it", tasks, me.id)

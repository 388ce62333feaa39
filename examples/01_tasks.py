"""Tasks for teams. Run it: `freehold dev examples/01_tasks.py`."""

from typing import Protocol

from freehold import App, Emit, Entity, Event, Id, Page, Paging, Store, User, lookup

app = App("tasks")
member, owner = app.roles("member", "owner")  # each role can do what the ones before it can


class Task(Entity):
    title: str
    assignee: Id[User]
    done: bool = False


class TaskDone(Event):
    task: Id[Task]
    by: Id[User]


class Tasks(Store[Task], Protocol):
    """Every way this app finds tasks. It has no other."""

    @lookup(newest_first=True)
    def of(self, assignee: Id[User], page: Paging) -> Page[Task]: ...


@app.command("POST /tasks", allow=member)
def create_task(title: str, assignee: Id[User], tasks: Tasks) -> Task:
    """Give somebody a task."""
    return tasks.add(Task(title=title, assignee=assignee))


@app.query("GET /tasks/{id}", allow=member)
def read_task(id: Id[Task], tasks: Tasks) -> Task:
    """Look at one task."""
    return tasks.get(id)


@app.query("GET /people/{assignee}/tasks", allow=member)
def tasks_of(assignee: Id[User], page: Paging, tasks: Tasks) -> Page[Task]:
    """List what somebody has to do, newest first."""
    return tasks.of(assignee, page)


@app.command("POST /tasks/{id}/done", allow=member)
def finish_task(id: Id[Task], me: User, tasks: Tasks, emit: Emit[TaskDone]) -> Task:
    """Mark a task as done, and tell whoever wants to know."""
    task = tasks.get(id)
    task.done = True
    emit(TaskDone(task=id, by=me.id))
    return tasks.save(task)


@app.command("DELETE /tasks/{id}", allow=owner)
def delete_task(id: Id[Task], tasks: Tasks) -> None:
    """Throw a task away."""
    tasks.remove(id)


@app.on(TaskDone)
def ask_for_review(event: TaskDone, tasks: Tasks) -> None:
    """Nothing is done until somebody has looked."""
    task = tasks.get(event.task)
    if not task.title.startswith("Review "):
        tasks.add(Task(title=f"Review {task.title}", assignee=event.by))

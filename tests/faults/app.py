"""The app that is killed again and again: it adds, completes and removes tasks, and notes what was completed."""

from typing import Protocol

from freehold import App, Emit, Entity, Event, Id, Page, Paging, Store, lookup

app = App("faults")
member, owner = app.roles("member", "owner")


class Task(Entity):
    number: int
    done: bool = False


class Note(Entity):
    """What a completed task leads to: once, however often it is delivered."""

    task: Id[Task]


class Completed(Event):
    task: Id[Task]


class Tasks(Store[Task], Protocol):
    @lookup(order="number")
    def all(self, page: Paging) -> Page[Task]: ...

    @lookup(unique=True)
    def by_number(self, number: int) -> Task | None: ...


class Notes(Store[Note], Protocol):
    @lookup()
    def all(self, page: Paging) -> Page[Note]: ...


@app.command("POST /tasks", allow=member)
def create(number: int, tasks: Tasks) -> Task:
    """Add a task."""
    return tasks.add(Task(number=number))


app.bulk("POST /tasks/many", create)


@app.command("POST /tasks/{id}/done", allow=member)
def complete(id: Id[Task], tasks: Tasks, emit: Emit[Completed]) -> Task:
    """Complete a task, and tell whoever wants to know."""
    task = tasks.get(id)
    task.done = True
    emit(Completed(task=id))
    return tasks.save(task)


@app.command("DELETE /tasks/{id}", allow=member)
def delete(id: Id[Task], tasks: Tasks) -> None:
    """Remove a task."""
    tasks.remove(id)


@app.on(Completed)
def note(event: Completed, notes: Notes) -> None:
    """Note it."""
    notes.add(Note(task=event.task))

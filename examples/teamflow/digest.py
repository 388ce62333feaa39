"""The digest: once a day, for each team, how much is due and how much is late."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Protocol

from freehold import Entity, Now, Page, Paging, Range, ReadOnly, Store, lookup

from .app import app, viewer
from .tasks import Status, Task, Tasks

OPEN = (Status.TODO, Status.DOING)


class Digest(Entity):
    day: date
    due: int
    late: int


class Digests(Store[Digest], Protocol):
    @lookup(unique=True)
    def of(self, day: date) -> Digest | None: ...

    @lookup(order="day", descending=True)
    def latest(self, page: Paging) -> Page[Digest]: ...


@app.every("day")
def write_digest(tasks: ReadOnly[Tasks], digests: Digests, now: Now) -> None:
    """Count what is due today and what is late. A job may run twice: a day has one digest all the same."""
    today = now.date()
    if digests.of(today) is None:
        counts = Counter("due" if task.due == today else "late" for task in _due_until(today, tasks))
        digests.add(Digest(day=today, due=counts["due"], late=counts["late"]))


@app.query("GET /digests", allow=viewer)
def read_digests(page: Paging, digests: Digests) -> Page[Digest]:
    """Read how it went lately, the newest day first."""
    return digests.latest(page)


def _due_until(day: date, tasks: Tasks) -> Iterator[Task]:
    """Every open task that is due on this day or was due before it, however many pages that takes."""
    until = Range(stop=day + timedelta(days=1))
    for status in OPEN:
        page = tasks.due(status, Paging(200), until)
        yield from page
        while page.next:
            page = tasks.due(status, Paging(200, page.next), until)
            yield from page

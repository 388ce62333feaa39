"""The digest: once a day, for each team by itself."""

from datetime import date, timedelta

from examples.teamflow.digest import Digest, read_digests
from examples.teamflow.progress import complete_task, start_task
from examples.teamflow.projects import Project, create_project
from examples.teamflow.tasks import create_task
from freehold.testing import Caller


def next_morning(who: Caller) -> list[Digest]:
    """What there is to read once a day has begun."""
    who.clock.turn(timedelta(days=1))
    who.deliver()
    return who.call(read_digests).items


def test_a_digest_counts_what_is_due_today_and_what_is_late(ada: Caller, project: Project) -> None:
    days = (date(2025, 12, 30), date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3), None)
    for due in days:
        ada.call(create_task, project=project.id, title="x", due=due)
    (digest,) = next_morning(ada)
    assert (digest.day, digest.due, digest.late) == (date(2026, 1, 2), 1, 2)


def test_what_is_under_way_counts_and_what_is_done_does_not(ada: Caller, project: Project) -> None:
    started, done = [ada.call(create_task, project=project.id, title="x", due=date(2026, 1, 2)) for _ in range(2)]
    ada.call(start_task, id=started.id)
    ada.call(complete_task, id=done.id)
    assert [digest.due for digest in next_morning(ada)] == [1]


def test_a_digest_counts_more_tasks_than_a_page_holds(ada: Caller, project: Project) -> None:
    for _ in range(201):
        ada.call(create_task, project=project.id, title="x", due=date(2026, 1, 2))
    assert [digest.due for digest in next_morning(ada)] == [201]


def test_a_day_has_one_digest_and_the_newest_comes_first(ada: Caller) -> None:
    next_morning(ada)
    digests = next_morning(ada)
    assert [digest.day.day for digest in digests] == [3, 2]
    assert ada.deliver() == 0


def test_each_team_has_a_digest_of_its_own(ada: Caller, mallory: Caller, project: Project) -> None:
    theirs = mallory.call(create_project, name="Heist")
    mallory.call(create_task, project=theirs.id, title="Dig", due=date(2026, 1, 2))
    assert [digest.due for digest in next_morning(ada)] == [0]
    assert [digest.due for digest in mallory.call(read_digests)] == [1]

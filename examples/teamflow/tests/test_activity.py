"""The feed: written from events, after the fact."""

import pytest

from examples.teamflow.activity import read_feed, read_project_feed
from examples.teamflow.comments import write_comment
from examples.teamflow.progress import assign_task, complete_task, move_task
from examples.teamflow.projects import Project, archive_project, create_project, delete_project
from examples.teamflow.tasks import Task, create_task
from freehold import Conflict, NotFound
from freehold.testing import Caller


def feed(who: Caller) -> list[str]:
    """The whole team's, the newest first."""
    who.deliver()
    return [entry.text for entry in who.call(read_feed)]


def test_nothing_is_in_the_feed_before_its_event_is_delivered(ada: Caller, project: Project) -> None:
    assert ada.call(read_feed).items == []
    ada.deliver()
    assert [(entry.project, entry.by) for entry in ada.call(read_feed)] == [(project.id, ada.id)]


def test_the_feed_tells_what_has_happened_the_newest_first(ada: Caller, ben: Caller, task: Task) -> None:
    ada.call(assign_task, id=task.id, assignee=ben.id)
    ben.call(write_comment, task=task.id, text="Chocolate?")
    ben.call(complete_task, id=task.id)
    assert feed(ada) == [
        f"{deed} #1 Order the cake" for deed in ("completed", "commented on", "assigned", "wrote down")
    ] + ["began Launch"]


def test_who_takes_a_task_does_not_assign_it(ben: Caller, task: Task) -> None:
    ben.call(assign_task, id=task.id, assignee=ben.id)
    assert feed(ben)[0] == "took #1 Order the cake"


def test_a_moved_task_is_news_where_it_came_to(ada: Caller, task: Task) -> None:
    website = ada.call(create_project, name="Website")
    ada.call(move_task, id=task.id, to=website.id)
    ada.deliver()
    entries = ada.call(read_project_feed, project=website.id)
    assert entries.items[0].text == "moved here #1 Order the cake"


def test_a_project_that_was_put_away_says_so(ada: Caller, project: Project) -> None:
    ada.call(archive_project, id=project.id)
    assert feed(ada)[0] == "put Launch into the archive"


def test_what_was_refused_is_no_news(ada: Caller, project: Project) -> None:
    ada.call(archive_project, id=project.id)
    before = feed(ada)
    with pytest.raises(Conflict):
        ada.call(create_task, project=project.id, title="Too late")
    assert feed(ada) == before


def test_an_event_whose_project_is_gone_is_delivered_and_forgotten(ada: Caller, project: Project, task: Task) -> None:
    ada.call(delete_project, id=project.id)
    assert ada.deliver() == 2
    assert (feed(ada), ada.deliver()) == ([], 0)


def test_each_project_has_a_feed_of_its_own(ada: Caller, project: Project) -> None:
    ada.call(create_project, name="Website")
    ada.deliver()
    assert [entry.text for entry in ada.call(read_project_feed, project=project.id)] == ["began Launch"]


def test_a_team_does_not_read_another_teams_feed(ada: Caller, mallory: Caller, project: Project) -> None:
    ada.deliver()
    assert feed(mallory) == []
    with pytest.raises(NotFound):
        mallory.call(read_project_feed, project=project.id)

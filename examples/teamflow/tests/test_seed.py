"""The demo team, which is what a newcomer sees first."""

import pytest

from examples.teamflow.board import my_tasks, tasks_in_project
from examples.teamflow.comments import read_comments
from examples.teamflow.projects import list_projects
from examples.teamflow.seed import PLANS, plan_projects, talk_about_them
from freehold.testing import Caller

pytestmark = pytest.mark.xfail(reason="callers in tests do not know seeds yet", strict=False)


@pytest.fixture
def seeded(ada: Caller) -> Caller:
    """Ada, in a team that was seeded."""
    ada.call(plan_projects)
    ada.call(talk_about_them)
    ada.deliver()
    return ada


def test_a_demo_team_has_projects_with_tasks(seeded: Caller) -> None:
    projects = seeded.call(list_projects).items
    titles = {p.name: tuple(task.title for task in seeded.call(tasks_in_project, project=p.id)) for p in projects}
    assert titles == PLANS


def test_some_of_them_are_mine_and_talked_about(seeded: Caller) -> None:
    mine = seeded.call(my_tasks).items
    assert len(mine) == len(PLANS)
    assert all(len(seeded.call(read_comments, task=task.id)) == 1 for task in mine)


def test_some_of_them_are_done(seeded: Caller) -> None:
    done = [seeded.call(tasks_in_project, project=p.id, status="done") for p in seeded.call(list_projects)]
    assert [len(page) for page in done] == [1, 1, 1]

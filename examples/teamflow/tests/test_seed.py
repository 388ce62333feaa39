"""The demo team, which is what a newcomer sees first."""

from datetime import date

import pytest

from examples.teamflow.app import owner
from examples.teamflow.board import due_tasks, my_tasks, tasks_in_project
from examples.teamflow.comments import read_comments
from examples.teamflow.projects import list_projects
from examples.teamflow.seed import PLANS, plan_projects, plan_the_week, talk_about_them
from freehold.testing import Caller


@pytest.fixture
def seeded(ada: Caller) -> Caller:
    """The owner of a team that was seeded."""
    olga = ada.acting_as(owner, "olga")
    olga.call(plan_projects)
    olga.call(plan_the_week)
    olga.call(talk_about_them)
    olga.deliver()
    return olga


def test_a_demo_team_has_projects_with_tasks(seeded: Caller) -> None:
    projects = seeded.call(list_projects).items
    titles = {p.name: tuple(task.title for task in seeded.call(tasks_in_project, project=p.id)) for p in projects}
    assert titles == PLANS


def test_some_of_them_are_mine_and_talked_about(seeded: Caller) -> None:
    mine = seeded.call(my_tasks).items
    assert len(mine) == len(PLANS)
    assert all(len(seeded.call(read_comments, task=task.id)) == 1 for task in mine)


def test_what_is_mine_is_due_about_now(seeded: Caller) -> None:
    mine = seeded.call(due_tasks, due_start=date(2025, 12, 31), due_stop=date(2026, 1, 3))
    assert [task.due for task in mine] == [date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2)]


def test_some_of_them_are_done(seeded: Caller) -> None:
    done = [seeded.call(tasks_in_project, project=p.id, status="done") for p in seeded.call(list_projects)]
    assert [len(page) for page in done] == [1, 1, 1]

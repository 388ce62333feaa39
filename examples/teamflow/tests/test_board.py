"""The lists people work from."""

from datetime import date

import pytest

from examples.teamflow.board import due_tasks, my_tasks, task_by_number, tasks_in_project
from examples.teamflow.progress import assign_task, start_task
from examples.teamflow.projects import Project, create_project
from examples.teamflow.tasks import Task, create_task
from freehold import NotFound
from freehold.testing import Caller


def plan(who: Caller, project: Project, *plans: tuple[str, date | None]) -> list[Task]:
    """Tasks of one's own."""
    return [who.call(create_task, project=project.id, title=title, due=due, assignee=who.id) for title, due in plans]


def test_a_board_lists_the_tasks_of_its_project_only(ada: Caller, project: Project, task: Task) -> None:
    other = ada.call(create_project, name="Website")
    ada.call(create_task, project=other.id, title="Draw the start page")
    assert [found.id for found in ada.call(tasks_in_project, project=project.id)] == [task.id]


def test_a_column_of_the_board_lists_one_status(ada: Caller, project: Project, task: Task) -> None:
    ada.call(create_task, project=project.id, title="Set the date")
    ada.call(start_task, id=task.id)
    assert [found.id for found in ada.call(tasks_in_project, project=project.id, status="doing")] == [task.id]
    assert [found.title for found in ada.call(tasks_in_project, project=project.id, status="todo")] == ["Set the date"]
    assert ada.call(tasks_in_project, project=project.id, status="done").items == []


def test_a_viewer_sees_the_board(cleo: Caller, project: Project, task: Task) -> None:
    assert [found.id for found in cleo.call(tasks_in_project, project=project.id)] == [task.id]


def test_the_board_of_another_team_is_not_found(mallory: Caller, project: Project) -> None:
    with pytest.raises(NotFound):
        mallory.call(tasks_in_project, project=project.id)


def test_a_task_is_found_by_its_number(ada: Caller, project: Project, task: Task) -> None:
    assert ada.call(task_by_number, project=project.id, number=task.number) == task


def test_a_number_that_nobody_has_and_a_number_of_another_team_are_the_same(
    ada: Caller, mallory: Caller, project: Project, task: Task
) -> None:
    with pytest.raises(NotFound) as absent:
        ada.call(task_by_number, project=project.id, number=99)
    with pytest.raises(NotFound) as foreign:
        mallory.call(task_by_number, project=project.id, number=task.number)
    assert (absent.value.code, absent.value.message) == (foreign.value.code, foreign.value.message)


def test_my_tasks_are_mine_with_the_most_urgent_first(ada: Caller, ben: Caller, project: Project, task: Task) -> None:
    plan(ada, project, ("later", date(2026, 3, 1)), ("soon", date(2026, 1, 5)), ("whenever", None))
    ada.call(assign_task, id=task.id, assignee=ben.id)
    assert [found.title for found in ada.call(my_tasks)] == ["whenever", "soon", "later"]
    assert [found.id for found in ben.call(my_tasks)] == [task.id]


def test_my_tasks_are_those_still_to_do_unless_i_ask_for_others(ada: Caller, project: Project) -> None:
    started, _ = plan(ada, project, ("a", None), ("b", None))
    ada.call(start_task, id=started.id)
    assert [found.title for found in ada.call(my_tasks)] == ["b"]
    assert [found.title for found in ada.call(my_tasks, status="doing")] == ["a"]


def test_what_is_due_lies_from_the_first_day_up_to_but_not_including_the_last(ada: Caller, project: Project) -> None:
    plan(ada, project, *((str(day), date(2026, 1, day)) for day in (4, 5, 6, 7)), ("whenever", None))
    found = ada.call(due_tasks, due_start=date(2026, 1, 5), due_stop=date(2026, 1, 7))
    assert [task.title for task in found] == ["5", "6"]


def test_what_is_due_comes_from_all_projects_in_pages(ada: Caller, project: Project) -> None:
    other = ada.call(create_project, name="Website")
    plan(ada, project, ("a", date(2026, 1, 1)), ("c", date(2026, 1, 3)))
    plan(ada, other, ("b", date(2026, 1, 2)))
    first = ada.call(due_tasks, due_start=date(2026, 1, 1), limit=2)
    rest = ada.call(due_tasks, due_start=date(2026, 1, 1), limit=2, cursor=first.next)
    assert ([task.title for task in first], [task.title for task in rest]) == (["a", "b"], ["c"])


def test_what_is_due_for_one_team_is_not_due_for_another(ada: Caller, mallory: Caller, project: Project) -> None:
    plan(ada, project, ("a", date(2026, 1, 1)))
    assert mallory.call(due_tasks, due_start=date(2026, 1, 1)).items == []

"""Tasks: created with a number, edited, scheduled, assigned, moved, completed, thrown away."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from examples.teamflow.board import task_by_number
from examples.teamflow.comments import read_comments, write_comment
from examples.teamflow.progress import assign_task, complete_task, move_task, reopen_task, schedule_task, start_task
from examples.teamflow.projects import Project, archive_project, create_project
from examples.teamflow.tasks import Priority, Status, Task, create_task, delete_task, edit_task, read_task
from freehold import Conflict, Id, Invalid, NotFound, User
from freehold.testing import Caller, Forbidden, Precondition

NOBODY: Id[User] = Id("00000000-0000-7000-8000-000000000000")


def test_a_task_keeps_what_it_was_created_with(ada: Caller, ben: Caller, project: Project) -> None:
    task = ada.call(
        create_task,
        project=project.id,
        title="Order the cake",
        description="Chocolate.",
        priority="high",
        labels=["Food ", "party"],
        assignee=ben.id,
        due="2026-01-09",
    )
    kept = ada.call(read_task, id=task.id)
    assert kept == task
    assert (kept.priority, kept.labels, kept.due) == (Priority.HIGH, ("food", "party"), date(2026, 1, 9))


def test_tasks_are_numbered_in_each_project(ada: Caller, project: Project) -> None:
    other = ada.call(create_project, name="Website")
    numbers = [ada.call(create_task, project=id, title="x").number for id in (project.id, project.id, other.id)]
    assert numbers == [1, 2, 1]


def test_tasks_created_at_the_same_moment_get_different_numbers(ada: Caller, project: Project) -> None:
    def number(n: int) -> int:
        return ada.call(create_task, project=project.id, title=f"Task {n}").number

    with ThreadPoolExecutor(8) as people:
        assert sorted(people.map(number, range(40))) == list(range(1, 41))


def test_the_number_of_a_deleted_task_is_not_given_out_again(ada: Caller, project: Project, task: Task) -> None:
    ada.call(delete_task, id=task.id)
    assert ada.call(create_task, project=project.id, title="Another").number == task.number + 1


def test_a_task_is_created_in_a_project_of_ones_own_team_only(mallory: Caller, project: Project) -> None:
    with pytest.raises(NotFound) as refused:
        mallory.call(create_task, project=project.id, title="Trojan")
    assert refused.value.code == "PROJECT_NOT_FOUND"


def test_a_viewer_cannot_create_edit_or_assign_a_task(cleo: Caller, project: Project, task: Task) -> None:
    with pytest.raises(Forbidden):
        cleo.call(create_task, project=project.id, title="Mine")
    with pytest.raises(Forbidden):
        cleo.call(edit_task, id=task.id, title="Mine")
    with pytest.raises(Forbidden):
        cleo.call(assign_task, id=task.id, assignee=cleo.id)


def test_another_team_cannot_read_or_change_a_task(mallory: Caller, ada: Caller, task: Task) -> None:
    with pytest.raises(NotFound):
        mallory.call(read_task, id=task.id)
    with pytest.raises(NotFound):
        mallory.call(edit_task, id=task.id, title="Mine")
    with pytest.raises(NotFound):
        mallory.call(schedule_task, id=task.id, due=None)
    with pytest.raises(NotFound):
        mallory.call(complete_task, id=task.id)
    with pytest.raises(NotFound):
        mallory.call(delete_task, id=task.id)
    assert ada.call(read_task, id=task.id) == task


def test_an_edit_leaves_what_it_does_not_name_as_it_was(ben: Caller, task: Task) -> None:
    ben.call(edit_task, id=task.id, description="Chocolate.", labels=["food"])
    edited = ben.call(edit_task, id=task.id, title="Order two cakes", priority="low")
    assert (edited.title, edited.description) == ("Order two cakes", "Chocolate.")
    assert (edited.priority, edited.labels) == (Priority.LOW, ("food",))


@pytest.mark.parametrize(
    ("title", "priority", "labels"),
    [("", "low", []), ("x" * 201, "low", []), ("x", "whenever", []), ("x", "low", [""]), ("x", "low", ["x"] * 21)],
)
def test_an_edit_that_makes_no_sense_is_refused(
    ada: Caller, task: Task, title: str, priority: str, labels: list[str]
) -> None:
    with pytest.raises(Invalid):
        ada.call(edit_task, id=task.id, title=title, priority=priority, labels=labels)


def test_nobody_chooses_a_number(ada: Caller, task: Task) -> None:
    with pytest.raises(Invalid):
        ada.call(edit_task, id=task.id, number=7)


def test_somebody_who_saw_an_older_version_cannot_edit_over_the_newer_one(ada: Caller, ben: Caller, task: Task) -> None:
    ada.call(edit_task, id=task.id, title="Order two cakes", expected=task.version)
    with pytest.raises(Precondition):
        ben.call(edit_task, id=task.id, title="Order no cake", expected=task.version)
    assert ada.call(read_task, id=task.id).title == "Order two cakes"


def test_a_task_can_be_given_a_date_and_lose_it_again(ben: Caller, task: Task) -> None:
    assert ben.call(schedule_task, id=task.id, due=date(2026, 1, 9)).due == date(2026, 1, 9)
    assert ben.call(schedule_task, id=task.id, due=None).due is None


def test_a_task_can_be_given_to_a_member_and_taken_back(ada: Caller, ben: Caller, task: Task) -> None:
    assert ada.call(assign_task, id=task.id, assignee=ben.id).assignee == ben.id
    assert ada.call(assign_task, id=task.id, assignee=None).assignee is None


def test_a_task_is_given_to_a_member_of_the_same_team_only(ada: Caller, mallory: Caller, task: Task) -> None:
    for stranger in (mallory.id, NOBODY):
        with pytest.raises(Invalid) as refused:
            ada.call(assign_task, id=task.id, assignee=stranger)
        assert [detail["loc"] for detail in refused.value.details] == [["assignee"]]


def test_a_moved_task_takes_its_comments_along_and_the_next_number_there(ada: Caller, task: Task) -> None:
    website = ada.call(create_project, name="Website")
    ada.call(create_task, project=website.id, title="Draw the start page")
    ada.call(write_comment, task=task.id, text="Chocolate, please.")
    moved = ada.call(move_task, id=task.id, to=website.id)
    assert (moved.project, moved.number) == (website.id, 2)
    assert ada.call(task_by_number, project=website.id, number=2).id == task.id
    assert [comment.text for comment in ada.call(read_comments, task=task.id)] == ["Chocolate, please."]
    with pytest.raises(NotFound):
        ada.call(task_by_number, project=task.project, number=task.number)


def test_a_task_that_is_moved_to_where_it_is_stays_as_it_is(ada: Caller, project: Project, task: Task) -> None:
    assert ada.call(move_task, id=task.id, to=project.id) == task


def test_a_task_is_not_moved_to_the_archive_or_to_another_team(ada: Caller, mallory: Caller, task: Task) -> None:
    website, theirs = ada.call(create_project, name="Website"), mallory.call(create_project, name="Heist")
    ada.call(archive_project, id=website.id)
    with pytest.raises(Conflict):
        ada.call(move_task, id=task.id, to=website.id)
    with pytest.raises(Invalid):
        ada.call(move_task, id=task.id, to=theirs.id)


def test_the_assignee_starts_completes_and_reopens_a_task(ada: Caller, ben: Caller, task: Task) -> None:
    ada.call(assign_task, id=task.id, assignee=ben.id)
    assert ben.call(start_task, id=task.id).status is Status.DOING
    assert ben.call(complete_task, id=task.id).status is Status.DONE
    assert ben.call(reopen_task, id=task.id).status is Status.TODO


def test_an_admin_completes_anybodys_task(ada: Caller, ben: Caller, task: Task) -> None:
    ada.call(assign_task, id=task.id, assignee=ben.id)
    assert ada.call(complete_task, id=task.id).status is Status.DONE


def test_a_member_cannot_start_complete_or_reopen_what_is_not_theirs(ben: Caller, task: Task) -> None:
    for use_case in (start_task, reopen_task):
        with pytest.raises(Forbidden):
            ben.call(use_case, id=task.id)
    with pytest.raises(Forbidden):
        ben.call(complete_task, id=task.id)


def test_to_complete_a_task_twice_changes_nothing(ada: Caller, task: Task) -> None:
    completed = ada.call(complete_task, id=task.id)
    assert ada.call(complete_task, id=task.id).version == completed.version


def test_a_retried_creation_makes_one_task(ada: Caller, project: Project) -> None:
    for _ in range(2):
        ada.call(create_task, key="a-key-of-the-clients", project=project.id, title="Set the date")
    assert ada.call(create_task, project=project.id, title="Invite the press").number == 2


def test_a_member_cannot_delete_a_task(ben: Caller, task: Task) -> None:
    with pytest.raises(Forbidden):
        ben.call(delete_task, id=task.id)


def test_a_deleted_task_is_gone(ada: Caller, task: Task) -> None:
    ada.call(delete_task, id=task.id)
    with pytest.raises(NotFound):
        ada.call(read_task, id=task.id)

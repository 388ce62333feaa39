"""Many tasks at once: each is done by itself, and answered by itself."""

import pytest

from examples.teamflow.projects import Project
from examples.teamflow.tasks import Task, create_task, edit_task, read_task
from freehold import Invalid
from freehold.testing import Caller


def test_many_tasks_are_edited_in_one_call(ada: Caller, project: Project) -> None:
    tasks = [ada.call(create_task, project=project.id, title=f"Task {n}") for n in range(3)]
    results = ada.bulk(edit_task, *({"id": task.id, "labels": ["later"]} for task in tasks))
    assert [result["success"] for result in results] == [True] * 3
    assert all(ada.call(read_task, id=task.id).labels == ("later",) for task in tasks)


def test_one_item_that_fails_leaves_the_others_alone(ada: Caller, task: Task) -> None:
    results = ada.bulk(edit_task, {"id": task.id, "title": ""}, {"id": task.id, "title": "Order two cakes"})
    assert [result["success"] for result in results] == [False, True]
    assert ada.call(read_task, id=task.id).title == "Order two cakes"


def test_a_viewer_and_another_team_edit_nothing_in_bulk_either(
    ada: Caller, cleo: Caller, mallory: Caller, task: Task
) -> None:
    for stranger in (cleo, mallory):
        (result,) = stranger.bulk(edit_task, {"id": task.id, "title": "Mine"})
        assert result["success"] is False
    assert ada.call(read_task, id=task.id) == task


def test_there_is_a_limit_to_how_many(ada: Caller, task: Task) -> None:
    with pytest.raises(Invalid):
        ada.bulk(edit_task, *([{"id": task.id, "title": "Again"}] * 101))

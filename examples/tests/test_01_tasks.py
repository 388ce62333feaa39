"""The example of the README."""

from types import ModuleType

import pytest

from freehold import NotFound
from freehold.testing import Forbidden, caller


def test_what_is_done_asks_for_a_review_and_a_review_for_none(example: ModuleType) -> None:
    with caller(example.app, "member") as ada:
        task = ada.call(example.create_task, title="Ship", assignee=ada.id)
        assert ada.call(example.finish_task, id=task.id).done
        ada.deliver()
        newest, _ = ada.call(example.tasks_of, assignee=ada.id)
        assert newest.title == "Review Ship"
        ada.call(example.finish_task, id=newest.id)
        ada.deliver()
        assert len(ada.call(example.tasks_of, assignee=ada.id)) == 2


def test_a_task_is_seen_by_its_own_tenant_only(example: ModuleType) -> None:
    with caller(example.app, "member") as ada:
        task = ada.call(example.create_task, title="Ship", assignee=ada.id)
        assert ada.call(example.read_task, id=task.id) == task
        with pytest.raises(NotFound):
            ada.of("evil").call(example.read_task, id=task.id)


def test_only_an_owner_throws_a_task_away(example: ModuleType) -> None:
    with caller(example.app, "member") as ada:
        task = ada.call(example.create_task, title="Ship", assignee=ada.id)
        with pytest.raises(Forbidden):
            ada.call(example.delete_task, id=task.id)
        ada.acting_as("owner").call(example.delete_task, id=task.id)
        with pytest.raises(NotFound):
            ada.call(example.read_task, id=task.id)

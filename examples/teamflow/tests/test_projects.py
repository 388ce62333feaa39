"""Projects: created, listed, renamed, put away, thrown away."""

import pytest

from examples.teamflow.comments import read_comments, write_comment
from examples.teamflow.projects import (
    Project,
    archive_project,
    create_project,
    delete_project,
    list_projects,
    read_project,
    rename_project,
    restore_project,
)
from examples.teamflow.tasks import Task, create_task, read_task
from freehold import Conflict, Invalid, NotFound
from freehold.testing import Caller, Forbidden, Precondition


def test_a_project_is_there_once_it_is_created(ada: Caller, project: Project) -> None:
    assert ada.call(read_project, id=project.id) == project


def test_a_name_has_no_space_around_it(ada: Caller) -> None:
    assert ada.call(create_project, name="  Website ").name == "Website"


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_project_needs_a_name_of_a_sensible_length(ada: Caller, name: str) -> None:
    with pytest.raises(Invalid):
        ada.call(create_project, name=name)


def test_two_projects_of_a_team_cannot_have_the_same_name(ada: Caller, project: Project) -> None:
    with pytest.raises(Conflict) as refused:
        ada.call(create_project, name=project.name)
    assert refused.value.code == "PROJECT_NAME_TAKEN"


def test_two_teams_can_use_the_same_name(mallory: Caller, project: Project) -> None:
    assert mallory.call(create_project, name=project.name).id != project.id


def test_a_viewer_cannot_create_a_project(cleo: Caller) -> None:
    with pytest.raises(Forbidden):
        cleo.call(create_project, name="Coup")


def test_projects_are_listed_by_name(ada: Caller) -> None:
    for name in ("Website", "Launch", "Office"):
        ada.call(create_project, name=name)
    assert [project.name for project in ada.call(list_projects)] == ["Launch", "Office", "Website"]


def test_a_long_list_comes_in_pages(ada: Caller) -> None:
    for name in ("a", "b", "c"):
        ada.call(create_project, name=name)
    first = ada.call(list_projects, limit=2)
    rest = ada.call(list_projects, limit=2, cursor=first.next)
    assert [project.name for project in (*first, *rest)] == ["a", "b", "c"]
    assert rest.next is None


def test_a_team_does_not_see_another_teams_projects(mallory: Caller, project: Project) -> None:
    assert mallory.call(list_projects).items == []
    with pytest.raises(NotFound):
        mallory.call(read_project, id=project.id)


def test_a_project_can_be_renamed(ben: Caller, project: Project) -> None:
    renamed = ben.call(rename_project, id=project.id, name="Lift-off")
    assert (renamed.name, renamed.version) == ("Lift-off", project.version + 1)


def test_a_project_cannot_be_renamed_to_what_another_is_called(ada: Caller, project: Project) -> None:
    other = ada.call(create_project, name="Website")
    with pytest.raises(Conflict):
        ada.call(rename_project, id=other.id, name=project.name)


def test_somebody_who_saw_an_older_version_cannot_rename_over_the_newer_one(ada: Caller, project: Project) -> None:
    ada.call(rename_project, id=project.id, name="Lift-off", expected=1)
    with pytest.raises(Precondition):
        ada.call(rename_project, id=project.id, name="Take-off", expected=1)


def test_a_new_task_leaves_the_projects_version_as_it_is(ada: Caller, project: Project) -> None:
    ada.call(create_task, project=project.id, title="Set the date")
    assert ada.call(read_project, id=project.id).version == project.version


def test_another_team_cannot_rename_archive_or_delete_a_project(mallory: Caller, ada: Caller, project: Project) -> None:
    with pytest.raises(NotFound):
        mallory.call(rename_project, id=project.id, name="Mine")
    with pytest.raises(NotFound):
        mallory.call(archive_project, id=project.id)
    with pytest.raises(NotFound):
        mallory.call(delete_project, id=project.id)
    assert ada.call(read_project, id=project.id) == project


def test_an_archived_project_leaves_the_list_and_takes_no_tasks(ada: Caller, project: Project) -> None:
    ada.call(archive_project, id=project.id)
    assert ada.call(list_projects).items == []
    assert [found.id for found in ada.call(list_projects, archived=True)] == [project.id]
    with pytest.raises(Conflict) as refused:
        ada.call(create_task, project=project.id, title="Too late")
    assert refused.value.code == "PROJECT_ARCHIVED"


def test_a_restored_project_takes_tasks_again(ada: Caller, project: Project) -> None:
    ada.call(archive_project, id=project.id)
    ada.call(restore_project, id=project.id)
    assert ada.call(create_task, project=project.id, title="In time").number == 1


def test_a_member_cannot_archive_or_restore_a_project(ben: Caller, project: Project) -> None:
    with pytest.raises(Forbidden):
        ben.call(archive_project, id=project.id)
    with pytest.raises(Forbidden):
        ben.call(restore_project, id=project.id)


def test_a_member_cannot_delete_a_project(ben: Caller, project: Project) -> None:
    with pytest.raises(Forbidden):
        ben.call(delete_project, id=project.id)


def test_a_deleted_project_takes_its_tasks_and_their_comments_with_it(
    ada: Caller, project: Project, task: Task
) -> None:
    ada.call(write_comment, task=task.id, text="Chocolate, please.")
    ada.call(delete_project, id=project.id)
    with pytest.raises(NotFound):
        ada.call(read_task, id=task.id)
    with pytest.raises(NotFound):
        ada.call(read_comments, task=task.id)


def test_the_name_of_a_deleted_project_is_free_again(ada: Caller, project: Project) -> None:
    ada.call(delete_project, id=project.id)
    assert ada.call(create_project, name=project.name).id != project.id

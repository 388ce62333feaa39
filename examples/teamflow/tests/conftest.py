"""Who the tests are about: a team at Acme, and a stranger."""

from collections.abc import Iterator

import pytest

from examples.teamflow import app
from examples.teamflow.app import admin, member, viewer
from examples.teamflow.projects import Project, create_project
from examples.teamflow.tasks import Task, create_task
from freehold.testing import Caller, caller


@pytest.fixture
def ada() -> Iterator[Caller]:
    """An admin."""
    with caller(app, admin) as ada:
        yield ada


@pytest.fixture
def ben(ada: Caller) -> Caller:
    """A member of the same team."""
    return ada.acting_as(member, "ben")


@pytest.fixture
def cleo(ada: Caller) -> Caller:
    """Somebody who may only look."""
    return ada.acting_as(viewer, "cleo")


@pytest.fixture
def mallory(ada: Caller) -> Caller:
    """An admin of another team, on the same database."""
    return ada.of("evil")


@pytest.fixture
def project(ada: Caller) -> Project:
    """A project of Ada's team."""
    return ada.call(create_project, name="Launch")


@pytest.fixture
def task(ada: Caller, project: Project) -> Task:
    """A task in it, which nobody has yet."""
    return ada.call(create_task, project=project.id, title="Order the cake")

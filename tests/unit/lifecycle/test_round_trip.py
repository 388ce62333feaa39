"""A tenant that is taken out and brought in elsewhere is what it was."""

from datetime import timedelta
from pathlib import Path

import pytest

from examples.teamflow.tasks import create_task
from freehold.accounts.records import Member, Person
from freehold.cli.registry import operate
from freehold.lifecycle.archive import Archive
from freehold.lifecycle.exporting import export
from freehold.lifecycle.importing import bring_in
from freehold.model.finding import ModelError
from freehold.runtime.failures import Conflict, Forbidden
from freehold.runtime.outbox import Delivery
from tests.unit.lifecycle.place import Place


def brought(there: Place, file: Path, slug: str = "") -> None:
    with Archive(file) as archive:
        bring_in(there.of, archive, slug=slug)


def test_everything_arrives_as_it_was(here: Place, there: Place, file: Path) -> None:
    brought(there, file)
    acme = here.tenant("acme")
    assert there.digest(acme.id) == here.digest(acme.id)
    assert there.chain(acme.id) == here.chain(acme.id) != []
    assert there.all(Delivery, acme.id) == here.all(Delivery, acme.id) != []
    arrived = there.tenant("acme")
    assert (arrived.id, arrived.name, arrived.state) == (acme.id, acme.name, "active")


def test_an_export_changes_nothing(here: Place, file: Path) -> None:
    before = here.digest(here.tenant("acme").id)
    export(here.of, here.tenant("acme"), file)
    assert here.digest(here.tenant("acme").id) == before
    assert here.noted() == []


def test_the_same_ground_makes_the_same_rows(here: Place, file: Path, tmp_path: Path) -> None:
    again = export(here.of, here.tenant("acme"), tmp_path / "again.zip")
    with Archive(file) as archive:
        assert archive.manifest.parts == again.parts


def test_an_archive_is_for_its_owner_only(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600


def test_who_has_arrived_goes_on_working(there: Place, file: Path) -> None:
    brought(there, file)
    ada = there.member("acme")
    project = there.all(next(kind for kind in there.of.estate.kinds if kind.__name__ == "Project"), ada.tenant)[0]
    task = ada.call(create_task, project=project.id, title="Unpack")
    assert task.title == "Unpack"
    assert there.member("acme").deliver() > 0


def test_people_come_without_their_passwords(here: Place, there: Place, file: Path) -> None:
    brought(there, file)
    old, new = here.ada(), there.ada()
    assert (new.id, new.name, new.password) == (old.id, old.name, "")
    assert old.password.encode() not in file.read_bytes()


def test_passwords_come_along_when_that_is_wanted(here: Place, there: Place, tmp_path: Path) -> None:
    manifest = export(here.of, here.tenant("acme"), tmp_path / "all.zip", secrets=True)
    assert manifest.secrets
    brought(there, tmp_path / "all.zip")
    old, new = here.ada(), there.ada()
    assert new.password == old.password


def test_who_is_known_by_their_address_is_the_same_person(here: Place, there: Place, file: Path) -> None:
    known, email = there.member("initech"), here.ada().email
    there.platform.change(Person, known.me, lambda one: _renamed(one, email), "test")
    brought(there, file)
    ada = here.member("acme")
    acme = here.tenant("acme").id
    members = {member.id for member in there.all(Member, acme)}
    assert known.me in members
    assert ada.me not in members
    tasks = next(kind for kind in there.of.estate.kinds if kind.__name__ == "Task")
    theirs = {getattr(task, "assignee", None) for task in there.all(tasks, acme)}
    assert known.me in theirs
    assert ada.me not in theirs
    assert there.person(known.me).organisations == [known.tenant, acme]


def test_a_tenant_that_is_there_is_not_brought_in_again(here: Place, file: Path) -> None:
    before = here.digest(here.tenant("acme").id)
    with pytest.raises(ModelError, match="FH322"):
        brought(here, file)
    with pytest.raises(ModelError, match="FH322"):
        brought(here, file, "other")
    assert here.digest(here.tenant("acme").id) == before


def test_a_short_name_that_is_taken_can_be_another(here: Place, there: Place, file: Path) -> None:
    there.member("acme", name="eve")
    with pytest.raises(ModelError, match="--as"):
        brought(there, file)
    brought(there, file, "acme-two")
    assert there.tenant("acme-two").id == here.tenant("acme").id
    assert there.tenant("acme").id != here.tenant("acme").id


@pytest.mark.parametrize("slug", ["Acme", "a", "../acme", "acme!", "a" * 60])
def test_a_short_name_must_be_one(there: Place, file: Path, slug: str) -> None:
    with pytest.raises(ModelError, match="FH320"):
        brought(there, file, slug)
    assert there.platform.by_slug(slug) is None


def test_nobody_gets_into_a_tenant_that_is_arriving(here: Place) -> None:
    ada = here.member("acme")
    here.platform.become(ada.tenant, "arriving", "test")
    here.clock.turn(timedelta(seconds=3))
    with pytest.raises(Forbidden):
        ada.answer("who_am_i")
    with pytest.raises(Conflict, match="to its end"):
        operate(here.backend, "resume_tenant", {"organisation": "acme"})


def _renamed(person: Person, email: str) -> bool:
    person.email = email
    return True


def test_a_tenant_that_is_not_whole_is_not_exported(here: Place, tmp_path: Path) -> None:
    here.platform.become(here.tenant("acme").id, "arriving", "test")
    with pytest.raises(ModelError, match="FH322"):
        export(here.of, here.tenant("acme"), tmp_path / "half.zip")
    assert not list(tmp_path.glob("*half*"))

"""A tenant that is set back is what the archive says, and nobody else notices."""

from pathlib import Path

import pytest

from freehold.lifecycle.archive import Archive
from freehold.lifecycle.exporting import export
from freehold.lifecycle.restoring import restore
from freehold.model.finding import ModelError
from tests.unit.lifecycle.place import NOW, Place, altered
from tests.unit.lifecycle.test_hostile_archives import TASKS, believable, first_task, tenant_is, told


def set_back(here: Place, file: Path) -> None:
    with Archive(file) as archive:
        restore(here.of, here.tenant("acme"), archive, grace=NOW)


def damage(here: Place) -> None:
    """Something happens to acme that somebody wants undone."""
    ada = here.member("acme")
    here.deliver()
    for project in here.all(here.kind("Project"), ada.tenant):
        ada.answer("delete_project", id=project.id)


def test_a_tenant_is_as_it_was(here: Place, file: Path) -> None:
    acme = here.tenant("acme").id
    before, chain = here.digest(acme), here.chain(acme)
    damage(here)
    assert here.digest(acme) != before
    set_back(here, file)
    assert here.digest(acme) == before
    assert here.chain(acme)[: len(chain)] == chain
    assert here.tenant("acme").state == "active"


def test_the_chain_goes_on_with_what_it_was_set_back_from(here: Place, file: Path) -> None:
    acme, known = here.tenant("acme").id, len(here.chain(here.tenant("acme").id))
    damage(here)
    lost = here.chain(acme)[-1]
    set_back(here, file)
    after = here.chain(acme)
    assert len(after) == known + 1
    assert f'"chain":[{lost.number},"{lost.hash}"]' in after[-1].text
    assert any(one.get("chain") == [lost.number, lost.hash] for one in here.noted())


def test_nobody_else_is_set_back(here: Place, file: Path) -> None:
    globex = here.member("globex")
    project = here.all(here.kind("Project"), globex.tenant)[0]
    globex.answer("create_task", project=project.id, title="Later")
    before = here.digest(globex.tenant)
    set_back(here, file)
    assert here.digest(globex.tenant) == before


def test_a_suspended_tenant_stays_so(here: Place, file: Path) -> None:
    here.platform.become(here.tenant("acme").id, "suspended", "test")
    set_back(here, file)
    assert here.tenant("acme").state == "suspended"


def test_what_cannot_be_put_leaves_the_tenant_as_it_is(here: Place, file: Path) -> None:
    damage(here)
    acme = here.tenant("acme").id
    before, chain = here.digest(acme), here.chain(acme)
    wrong = altered(file, lambda members: believable(members, TASKS, first_task(members, status="lost")))
    with pytest.raises(ModelError, match="FH321"):
        set_back(here, wrong)
    assert (here.digest(acme), here.chain(acme)) == (before, chain)
    assert here.tenant("acme").state == "active"


def test_an_archive_of_another_tenant_is_refused(here: Place, tmp_path: Path) -> None:
    export(here.of, here.tenant("globex"), tmp_path / "globex.zip")
    before = here.digest(here.tenant("acme").id)
    with pytest.raises(ModelError, match="FH322"):
        set_back(here, tmp_path / "globex.zip")
    assert here.digest(here.tenant("acme").id) == before


def test_a_restore_that_was_killed_is_done_again(here: Place, file: Path) -> None:
    acme = here.tenant("acme").id
    before = here.digest(acme)
    damage(here)
    here.platform.become(acme, "arriving", "restore_tenant")
    set_back(here, file)
    assert here.digest(acme) == before
    assert here.tenant("acme").state == "active"


def test_a_tenant_is_not_set_back_to_what_was_never_whole(here: Place, file: Path) -> None:
    wrong = altered(file, lambda members: told(members, lambda manifest: tenant_is(manifest, state="arriving")))
    with pytest.raises(ModelError, match="no tenant that was whole"):
        set_back(here, wrong)
    assert here.tenant("acme").state == "active"

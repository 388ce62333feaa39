"""The unit of work: what a call writes, it sees; what it only changed in memory, nobody keeps."""

from collections.abc import Iterator

import pytest

from freehold.model.data import FIRST, Id, Paging, Range
from freehold.model.lookup import lookups_of
from freehold.model.ports import User
from freehold.runtime.failures import BadRequest, Conflict, Invalid, NotFound, TenantScopeMissing
from freehold.runtime.scope import Scope
from freehold.runtime.unit import Unit
from freehold.testing import Caller
from tests.unit.runtime.desk import Desk, Folder, Note, Notes

OF, BY_NUMBER = sorted(lookups_of(Notes), key=lambda pattern: pattern.unique)
ALL: Range[object] = Range()


@pytest.fixture
def folder(desk: Desk, ada: Caller) -> Folder:
    """A folder with three notes in it."""
    made = ada.call(desk.make_folder, name="mine")
    for text in ("one", "two", "three"):
        ada.call(desk.write_note, folder=made.id, text=text)
    return made


@pytest.fixture
def unit(ada: Caller) -> Iterator[Unit]:
    """A call under way."""
    made = ada.backend.runtime.begin(Scope(ada.tenant))
    made.caller = User(ada.id)
    yield made
    made.close()


def texts(unit: Unit, folder: Folder, paging: Paging = FIRST) -> list[str]:
    """The notes a call sees, newest first."""
    return [note.text for note in unit.page(OF, [folder.id], ALL, paging) if isinstance(note, Note)]


def test_lists_show_what_the_call_itself_has_written(unit: Unit, folder: Folder) -> None:
    unit.add(Note(folder=folder.id, text="four", number=4))
    newest = unit.page(OF, [folder.id], ALL, Paging(2)).items[1]
    assert isinstance(newest, Note)
    newest.text = "three, changed"
    unit.save(newest)
    oldest = unit.page(OF, [folder.id], ALL, FIRST).items[-1]
    unit.remove(Note, oldest.id)
    assert texts(unit, folder) == ["four", "three, changed", "two"]
    assert texts(unit, folder, Paging(1)) == ["four"]


def test_what_a_call_has_written_is_refused_once_it_is_over(ada: Caller) -> None:
    unit = ada.backend.runtime.begin(Scope(ada.tenant))
    kept = unit.add(Folder(name="kept"))
    gone = unit.add(Folder(name="gone"))
    unit.remove(Folder, gone.id)
    unit.close()
    for late in (unit.find, unit.get, unit.remove):
        for folder in (kept, gone):
            with pytest.raises(TenantScopeMissing):
                late(Folder, folder.id)


def test_a_unique_lookup_sees_it_too(unit: Unit, folder: Folder) -> None:
    assert unit.one(BY_NUMBER, [folder.id, 9]) is None
    added = unit.add(Note(folder=folder.id, text="nine", number=9))
    assert unit.one(BY_NUMBER, [folder.id, 9]) == added
    unit.remove(Note, added.id)
    assert unit.one(BY_NUMBER, [folder.id, 9]) is None


def test_what_was_not_saved_is_not_kept(unit: Unit, folder: Folder) -> None:
    held = unit.get(Folder, folder.id)
    assert isinstance(held, Folder)
    held.name = "saved"
    unit.save(held)
    held.name = "not saved"
    again = unit.get(Folder, folder.id)
    assert isinstance(again, Folder)
    assert again.name == "saved"
    again.name = "not saved either"
    assert unit.changes().writes[0].entity == unit.get(Folder, folder.id)


def test_two_saves_are_one_write_from_the_version_that_was_read(unit: Unit, folder: Folder) -> None:
    held = unit.get(Folder, folder.id)
    unit.save(unit.save(held))
    (write,) = unit.changes().writes
    assert (write.version, write.entity.version) == (4, 5)


def test_saving_what_was_removed_is_refused(unit: Unit, folder: Folder) -> None:
    held = unit.get(Folder, folder.id)
    unit.remove(Folder, folder.id)
    with pytest.raises(Conflict):
        unit.save(held)
    with pytest.raises(NotFound):
        unit.get(Folder, folder.id)
    assert unit.find(Folder, folder.id) is None


def test_an_entity_that_was_made_invalid_is_refused(unit: Unit, folder: Folder) -> None:
    held = unit.get(Folder, folder.id)
    held.__dict__["count"] = "many"
    with pytest.raises(Invalid) as refused:
        unit.save(held)
    assert refused.value.details[0]["loc"] == ["count"]


def test_added_and_removed_in_one_call_is_nothing(unit: Unit) -> None:
    added = unit.add(Folder(name="brief"))
    unit.remove(Folder, added.id)
    assert unit.changes().writes == []


def test_only_references_that_a_write_brings_in_are_checked(ada: Caller, unit: Unit, folder: Folder) -> None:
    note = unit.page(OF, [folder.id], ALL, FIRST).items[0]
    assert isinstance(note, Note)
    assert note.author == ada.id
    unit.save(note)
    assert unit.changes().references == []
    note.author = ada.id
    unit.save(note)
    assert unit.changes().references == []  # the caller is who the token says
    note.author = Id("01900000-0000-7000-8000-000000000000")
    unit.save(note)
    assert [field for _, _, field in unit.changes().references] == ["author"]


def test_a_list_goes_on_where_its_cursor_points(unit: Unit, folder: Folder) -> None:
    first = unit.page(OF, [folder.id], ALL, Paging(2))
    second = unit.page(OF, [folder.id], ALL, Paging(2, first.next))
    assert [note.text for note in (*first, *second) if isinstance(note, Note)] == ["three", "two", "one"]
    assert second.next is None


def test_a_cursor_belongs_to_one_list_of_one_tenant(desk: Desk, ada: Caller, unit: Unit, folder: Folder) -> None:
    cursor = unit.page(OF, [folder.id], ALL, Paging(1)).next
    assert cursor is not None
    other = ada.call(desk.make_folder, name="other")
    for altered, where in ((cursor, other.id), (cursor[:-1], folder.id), (cursor + "A", folder.id), ("x", folder.id)):
        with pytest.raises(BadRequest, match="INVALID_CURSOR"):
            unit.page(OF, [where], ALL, Paging(1, altered))
    globex = ada.of("globex")
    theirs = globex.backend.runtime.begin(Scope(globex.tenant))
    with pytest.raises(BadRequest, match="INVALID_CURSOR"):
        theirs.page(OF, [folder.id], ALL, Paging(1, cursor))
    theirs.close()

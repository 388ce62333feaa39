"""What a use case is handed does what its signature says, and no more."""

import pytest

from freehold.model.lookup import lookups_of
from freehold.runtime.failures import TenantScopeMissing
from freehold.runtime.handles import Emitter, ReadOnlyStore, handle_type
from freehold.runtime.scope import Scope
from freehold.testing import Caller
from tests.unit.runtime.desk import Echo, Folder, Note, Noted, Notes

NOWHERE = "01900000-0000-7000-8000-000000000000"


def test_a_store_that_is_only_read_refuses_to_write(ada: Caller) -> None:
    unit = ada.backend.runtime.begin(Scope(ada.tenant))
    reading = handle_type("Folders", ())(unit, Folder, read_only=True)
    for write in (
        lambda: reading.add(Folder(name="x")),
        lambda: reading.save(Folder(name="x")),
        lambda: reading.remove("x"),
    ):
        with pytest.raises(ReadOnlyStore, match="FH201"):
            write()
    unit.close()


def test_a_store_keeps_its_own_kind_only(ada: Caller) -> None:
    unit = ada.backend.runtime.begin(Scope(ada.tenant))
    with pytest.raises(TypeError, match="FH202"):
        handle_type("Folders", ())(unit, Folder, read_only=False).add(Echo(text="x"))
    unit.close()


def test_only_declared_events_are_emitted(ada: Caller) -> None:
    unit = ada.backend.runtime.begin(Scope(ada.tenant))
    emit = Emitter(unit, ())
    with pytest.raises(TypeError, match="FH203"):
        emit(Noted(note=NOWHERE, text="x"))
    unit.close()


def test_what_was_handed_out_refuses_once_the_call_is_over(ada: Caller) -> None:
    unit = ada.backend.runtime.begin(Scope(ada.tenant))
    folders = handle_type("Folders", ())(unit, Folder, read_only=False)
    emit = Emitter(unit, (Noted,))
    unit.close()
    for late in (
        lambda: folders.get(NOWHERE),
        lambda: folders.find(NOWHERE),
        lambda: folders.add(Folder(name="late")),
        lambda: folders.save(Folder(name="late")),
        lambda: folders.remove(NOWHERE),
        lambda: emit(Noted(note=NOWHERE, text="late")),
    ):
        with pytest.raises(TenantScopeMissing):
            late()


def test_a_lookup_is_asked_with_its_own_parameters_only(ada: Caller) -> None:
    unit = ada.backend.runtime.begin(Scope(ada.tenant))
    notes = handle_type("Notes", tuple(lookups_of(Notes)))(unit, Note, read_only=True)
    by_number = getattr(notes, "by_number")  # noqa: B009  # lookups are added when the app starts
    assert by_number(NOWHERE, number=1) is None
    for wrong in (lambda: by_number(NOWHERE), lambda: by_number(NOWHERE, 1, 2), lambda: by_number(NOWHERE, count=1)):
        with pytest.raises(TypeError, match="by_number takes folder, number"):
            wrong()
    unit.close()

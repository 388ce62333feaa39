"""Once an hour, for each tenant."""

from datetime import timedelta
from types import ModuleType

from freehold.testing import Caller, caller


def binned(example: ModuleType, who: Caller) -> list[str]:
    """What is in somebody's bin."""
    return [note.text for note in who.call(example.list_notes, binned=True)]


def test_a_bin_keeps_its_notes_for_thirty_days(example: ModuleType) -> None:
    with caller(example.app, "member") as ada:
        kept, old = [ada.call(example.write_note, text=text) for text in ("Keep", "Old")]
        ada.call(example.bin_note, id=old.id)
        ada.clock.turn(timedelta(days=30))
        new = ada.call(example.write_note, text="New")
        ada.call(example.bin_note, id=new.id)
        ada.deliver()
        assert binned(example, ada) == ["New", "Old"]
        ada.clock.turn(timedelta(hours=1))
        ada.deliver()
        assert binned(example, ada) == ["New"]
        assert [note.id for note in ada.call(example.list_notes)] == [kept.id]


def test_every_tenants_bin_is_emptied(example: ModuleType) -> None:
    with caller(example.app, "member") as ada:
        people = (ada, ada.of("globex"))
        for who in people:
            note = who.call(example.write_note, text="Old")
            who.call(example.bin_note, id=note.id)
        ada.clock.turn(timedelta(days=30, hours=1))
        ada.deliver()
        assert [binned(example, who) for who in people] == [[], []]

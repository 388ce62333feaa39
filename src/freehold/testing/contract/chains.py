"""The audit chain of each tenant: unbroken, in order, and nobody else's."""

from __future__ import annotations

from freehold.runtime.audit import GENESIS, text_of
from freehold.runtime.ports import Changes, Verb
from freehold.runtime.scope import Scope
from freehold.testing.contract.stage import THREADS, Stage
from freehold.testing.contract.subjects import Player


def a_chain_begins_empty(stage: Stage) -> None:
    """A tenant of whom nothing was noted has an empty chain."""
    assert stage.audit(stage.acme) == []


def a_chain_grows_by_one_entry_a_call(stage: Stage) -> None:
    """Each commit with a note adds one entry, numbered from 1, that continues the one before."""
    texts = [_note(stage, stage.acme, number) for number in range(5)]
    with Scope(stage.acme) as scope:
        entries = stage.database.audit(scope, 0, 100)
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.before for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]
    assert stage.audit(stage.acme) == texts


def a_call_without_a_note_leaves_the_chain(stage: Stage) -> None:
    """What is committed without a note is not in the chain."""
    stage.add(stage.acme, Player())
    assert stage.audit(stage.acme) == []


def a_chain_can_be_read_in_parts(stage: Stage) -> None:
    """A part begins behind a number and has at most as many entries as were asked for."""
    for number in range(5):
        _note(stage, stage.acme, number)
    with Scope(stage.acme) as scope:
        parts = [stage.database.audit(scope, *part) for part in ((0, 2), (2, 2), (4, 2), (5, 2), (99, 2))]
    assert [[entry.number for entry in part] for part in parts] == [[1, 2], [3, 4], [5], [], []]


def a_chain_holds_in_a_crowd(stage: Stage) -> None:
    """Calls that commit at the same time follow one another in the chain: no gap, no fork, none lost."""
    expected = [text for texts in stage.together(lambda n: _notes(stage, n)) for text in texts]
    assert sorted(stage.audit(stage.acme)) == sorted(expected)
    assert len(expected) == THREADS * 10


def every_tenant_has_its_own_chain(stage: Stage) -> None:
    """What is noted of one tenant is in no other's chain, and does not move its numbers."""
    ours = [_note(stage, stage.acme, 1), _note(stage, stage.acme, 2)]
    theirs = [_note(stage, stage.globex, 3)]
    assert stage.audit(stage.acme) == ours
    assert stage.audit(stage.globex) == theirs


def a_note_is_kept_as_it_was_written(stage: Stage) -> None:
    """Whatever is in a note comes back as it was, unusual text too; else the chain would not hold."""
    entry = {
        "actor": "Ada\u0000\u202e😀\n\"'",
        "on": [["add", "Team", "id", 1]],
        "empty": "",
        "deep": {"a": [None, 1.5, True]},
    }
    with Scope(stage.acme) as scope:
        stage.database.commit([Changes(scope, [], [], entry)])
    assert stage.audit(stage.acme) == [text_of(entry)]


def _note(stage: Stage, tenant: str, number: int) -> str:
    entry = {"actor": "ada", "number": number}
    stage.write(tenant, Verb.ADD, Player(id=stage.new_id()), entry=entry)
    return text_of(entry)


def _notes(stage: Stage, thread: int) -> list[str]:
    return [_note(stage, stage.acme, thread * 100 + turn) for turn in range(10)]

"""A sample of the planted leaks: each is noticed. (`make mutants` plants them all.)"""

import pytest

from tests.isolation import mutants
from tests.isolation.mutants import MUTANTS, attacked, summary
from tests.isolation.planted.mutant import Mutant
from tests.isolation.surgery import Edit, Outdated, broken

AIM = 100
STEP = 3
STATEFUL = ("_MEMO", "_CACHE", "_LAST", "_KNOWN", "_ground")


def is_clean(mutant: Mutant) -> bool:
    """Whether it leaves nothing behind in this process, and needs no server: `test_stores` has a sample of those."""
    return mutant.store == "sqlite" and not any(word in str(one) for one in mutant.breaks for word in STATEFUL)


@pytest.mark.parametrize("mutant", list(filter(is_clean, MUTANTS))[::STEP], ids=lambda mutant: mutant.name)
def test_a_planted_leak_is_noticed(mutant: Mutant) -> None:
    fate = attacked(mutant)
    assert fate.outcome == mutants.KILLED, str(fate)


def test_there_are_many_planted_leaks_and_each_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= AIM


def test_a_leak_that_is_no_leak_survives_and_is_told() -> None:
    harmless = Mutant("nothing is wrong", (), attacks=("T01",))
    fate = attacked(harmless)
    assert fate.outcome == mutants.SURVIVED
    assert not fate.is_fine
    assert "0 of 1 mutants killed" in summary([fate], 1.0)


def test_a_survivor_with_a_reason_is_fine() -> None:
    fate = attacked(Mutant("nothing is wrong", (), attacks=("T01",), excuse="it breaks nothing"))
    assert fate.is_fine


def test_an_edit_of_code_that_has_changed_is_told() -> None:
    gone = Edit(attacked, "this line was never there", "")
    with pytest.raises(Outdated), broken(gone):
        pass
    assert attacked(Mutant("out of date", (gone,))).outcome == mutants.STALE


def test_what_was_broken_is_whole_again() -> None:
    with broken(Edit(summary, "mutants killed", "mutants spared")):
        assert "spared" in summary([attacked(Mutant("nothing", (), attacks=("T01",)))], 1.0)
    assert "killed" in summary([attacked(Mutant("nothing", (), attacks=("T01",)))], 1.0)

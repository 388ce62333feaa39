"""Calls of one tenant that are committed together end as if each had been alone."""

import threading
from collections.abc import Sequence

import pytest

from freehold.model.finding import ModelError
from freehold.runtime.failures import Overloaded
from freehold.runtime.ports import Changes, Stale, Taken, Verb
from freehold.runtime.scope import Scope
from freehold.stores.postgres.together import Together
from freehold.testing.contract.stage import Stage, changes
from freehold.testing.contract.subjects import Player, Team

COUNT = 6


class Gate:
    """Where commits end up. The first one waits until all others stand in line behind it."""

    def __init__(self, *troubles: BaseException | None, deadline: float = 1e9) -> None:
        self.together = Together(self.commit, deadline)
        self.calls: list[int] = []
        self.begun, self.open = threading.Event(), threading.Event()
        self.troubles = dict(enumerate(troubles))

    def commit(self, parts: Sequence[Changes]) -> None:
        number = len(self.calls)
        self.calls.append(len(parts))
        if not number:
            self.begun.set()
            assert self.open.wait(30)
        trouble = self.troubles.get(number)
        if trouble is not None:
            raise trouble

    def run(self, count: int = COUNT) -> list[BaseException | None]:
        """What becomes of so many calls at once; the first of them is alone."""
        ends: list[BaseException | None] = [None] * count

        def call(number: int) -> None:
            try:
                with Scope(TENANT) as scope:
                    self.together.commit(TENANT, [Changes(scope, [], [])])
            except BaseException as error:  # noqa: BLE001  # looked at below
                ends[number] = error

        threads = [threading.Thread(target=call, args=(number,)) for number in range(count)]
        threads[0].start()
        assert self.begun.wait(30)
        for thread in threads[1:]:
            thread.start()
        while len(self.together._lines[TENANT].waiting) < count - 1:
            pass
        self.open.set()
        for thread in threads:
            thread.join()
        return ends


TENANT = "018f0000-0000-7000-8000-000000000001"


def test_those_who_come_while_one_commits_are_committed_by_the_next() -> None:
    gate = Gate()
    assert gate.run() == [None] * COUNT
    assert gate.calls == [1, COUNT - 1]
    assert gate.together._lines == {}


def test_a_line_that_is_too_long_is_taken_in_parts() -> None:
    gate = Gate()
    assert gate.run(70) == [None] * 70
    assert (gate.calls[0], sum(gate.calls), max(gate.calls)) == (1, 70, 33)


def test_where_commits_are_slow_no_more_go_together_than_will_be_done_in_time() -> None:
    gate = Gate(deadline=0)
    assert gate.run() == [None] * COUNT
    assert gate.calls == [1] * COUNT


def test_when_one_of_them_is_refused_each_tries_alone() -> None:
    gate = Gate(None, Stale(Player))
    assert gate.run() == [None] * COUNT
    assert sorted(gate.calls) == [1] * COUNT + [COUNT - 1]


def test_when_nobody_knows_whether_it_was_done_nobody_tries_again() -> None:
    gate = Gate(None, Overloaded("STORE_LOST", "Gone.", retry_after=1))
    ends = gate.run()
    told = [(error.code, error.retry_after) for error in ends if isinstance(error, Overloaded)]
    assert (ends.count(None), told) == (1, [("STORE_LOST", 1)] * (COUNT - 1))
    assert gate.calls == [1, COUNT - 1]


def test_when_the_store_did_not_answer_in_time_all_who_stand_in_line_are_told_so() -> None:
    gate = Gate(Overloaded("STORE_LOST", "Gone.", retry_after=1), deadline=0)
    ends = gate.run()
    assert [error.code for error in ends if isinstance(error, Overloaded)] == ["STORE_LOST"] * COUNT
    assert (gate.calls, gate.together._lines) == ([1], {})


def test_when_the_one_who_commits_is_stopped_the_others_are_told() -> None:
    gate = Gate(None, KeyboardInterrupt())
    ends = gate.run()
    assert sum(isinstance(error, KeyboardInterrupt) for error in ends) == 1
    assert sum(isinstance(error, Overloaded) for error in ends) == COUNT - 2
    assert gate.together._lines == {}


def test_a_first_one_that_fails_holds_up_nobody() -> None:
    gate = Gate(ModelError([]))
    ends = gate.run()
    assert [type(error) for error in ends if error] == [ModelError]


@pytest.mark.postgres
def test_of_many_at_once_each_is_told_its_own(stage: Stage) -> None:
    """Half of them want the same value: one has it, and the others are told, while everybody else is committed."""
    audited = [{"actor": f"{number}"} for number in range(12)]

    def add(number: int) -> str:
        team = Team(id=stage.new_id(), name=f"{number}", code="same" if number % 2 else f"{number}")
        try:
            with Scope(stage.acme) as scope:
                stage.database.commit([changes(scope, Verb.ADD, team, entry=audited[number])])
        except Taken as error:
            return error.lookup.name if error.lookup else "id"
        return "added"

    for _ in range(3):
        stage.acme = stage.tenant()
        ends = stage.together(add, 12)
        assert sorted(ends) == ["added"] * 7 + ["by_code"] * 5
        assert len(stage.page(stage.acme, "Teams.all", [])) == 7
        assert len(stage.audit(stage.acme)) == 7


@pytest.mark.postgres
def test_of_many_that_save_the_same_one_does(stage: Stage) -> None:
    player = stage.add(stage.acme, Player(goals=0))

    def save(number: int) -> bool:
        try:
            stage.save(stage.acme, player, goals=number)
        except Stale:
            return False
        return True

    assert sum(stage.together(save, 6)) == 1
    assert stage.get(stage.acme, player).version == 2

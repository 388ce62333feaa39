"""Whoever writes on one ground at the same time: nothing is lost, and the chain has no fork."""

import subprocess
import sys

from freehold.runtime.ports import Verb
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import Player
from tests.unit.stores.dynamodb.counting import count_up
from tests.unit.stores.dynamodb.tables import TestTable

EACH = 6


def test_two_processes_that_count_upwards_on_one_ground_lose_nothing(shared: TestTable, stage: Stage) -> None:
    player = stage.add(stage.acme, Player())
    module = "tests.unit.stores.dynamodb.counting"
    command = [sys.executable, "-m", module, shared.url, shared.name, stage.acme, player.id, "20"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    assert [process.communicate()[0] for process in running] == [b"20\n", b"20\n"]
    assert stage.get(stage.acme, player).goals == 40


def test_eight_threads_of_two_programs_that_count_upwards_lose_nothing(shared: TestTable, stage: Stage) -> None:
    player = stage.add(stage.acme, Player())
    with shared.staged() as other:

        def work(number: int) -> int:
            return count_up((stage, other)[number % 2], stage.acme, player.id, EACH)

        assert stage.together(work, 8) == [EACH] * 8
    assert stage.get(stage.acme, player).goals == 8 * EACH


def test_two_programs_that_append_to_one_chain_leave_one_chain(shared: TestTable, stage: Stage) -> None:
    with shared.staged() as other:

        def work(number: int) -> None:
            for turn in range(EACH):
                entry = {"by": number, "turn": turn}
                (stage, other)[number % 2].write(stage.acme, Verb.ADD, Player(id=stage.new_id()), entry=entry)

        stage.together(work, 4)
    assert len(stage.audit(stage.acme)) == 4 * EACH


def test_the_tip_of_a_ground_says_how_many_commits_it_has_seen(shared: TestTable, stage: Stage) -> None:
    for _ in range(3):
        stage.add(stage.acme, Player())
    (tip,) = shared.items(stage.acme, "GROUND")
    assert tip["version"] == {"N": "3"}

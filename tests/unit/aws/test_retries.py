"""Retries in bulk: an outage is made no worse, and a call's time is its time."""

import pytest

from freehold.aws.failures import AwsError, Throttled
from freehold.aws.retries import Policy
from tests.unit.aws.scripted import QUICK, Desk, Scripted, Step, hang_up, refusal, reply

THROTTLED = refusal("ProvisionedThroughputExceededException")
BROKEN = refusal("InternalServerError", status=500)
OK = reply()


def test_a_wait_that_would_outlast_the_time_is_not_waited_out() -> None:
    policy = Policy(seconds=2, first=60, most=60)
    with Scripted(THROTTLED, OK) as server, Desk(server, policy=policy) as desk:
        with pytest.raises(Throttled):
            desk.read()
        assert (desk.naps.taken, len(server.asked)) == ([], 1)


def test_the_time_of_a_call_is_for_all_its_tries() -> None:
    policy = Policy(seconds=10, first=4, most=4, tries=100)
    with Scripted(THROTTLED) as server, Desk(server, policy=policy) as desk:
        with pytest.raises(Throttled):
            desk.read()
        assert 3 <= len(server.asked) <= 10
        assert sum(desk.naps.taken) < 10


@pytest.mark.parametrize("step", [THROTTLED, BROKEN, hang_up], ids=["throttled", "500", "close"])
def test_a_storm_is_made_a_tenth_worse_at_most(step: Step) -> None:
    with Scripted(step) as server, Desk(server) as desk:
        for _ in range(1000):
            with pytest.raises(AwsError):
                desk.read()
        assert 1000 < len(server.asked) <= 1000 * 1.1 + QUICK.reserve


def test_a_quiet_time_saves_no_more_than_the_reserve() -> None:
    steps = [OK] * 1000 + [THROTTLED]
    with Scripted(*steps) as server, Desk(server) as desk:
        for _ in range(1000):
            desk.read()
        for _ in range(100):
            with pytest.raises(Throttled):
                desk.read()
        assert len(server.asked) <= 1100 + 100 * 0.1 + QUICK.reserve


def test_those_that_fail_together_come_back_apart() -> None:
    policy = Policy(seconds=1000, first=1, most=8, tries=6, reserve=1000)
    with Scripted(THROTTLED) as server, Desk(server, policy=policy) as desk:
        for _ in range(20):
            with pytest.raises(Throttled):
                desk.read()
        waits = [desk.naps.taken[number::5] for number in range(5)]
    assert len(set(desk.naps.taken)) == 100
    assert [max(row) <= longest for row, longest in zip(waits, [1, 2, 4, 8, 8], strict=True)] == [True] * 5
    assert max(waits[4]) > 4

"""The same key, the same answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from freehold.runtime.failures import Conflict, Failure, Invalid
from freehold.testing import Caller
from tests.unit.runtime.desk import Desk


def test_a_repeated_call_has_one_effect_and_the_same_answer(desk: Desk, ada: Caller) -> None:
    first = ada.answer("once", text="x", key="k")
    second = ada.answer("once", text="x", key="k")
    assert (first.data, first.status, first.version) == (second.data, second.status, second.version)
    assert (first.replayed, second.replayed) == (False, True)
    assert len(ada.call(desk.echoes)) == 1


def test_the_same_key_with_other_input_is_refused(desk: Desk, ada: Caller) -> None:
    ada.call(desk.once, text="x", key="k")
    with pytest.raises(Invalid, match="IDEMPOTENCY_KEY_REUSED"):
        ada.call(desk.once, text="y", key="k")


def test_a_refusal_that_would_come_again_is_replayed_without_running(desk: Desk, ada: Caller) -> None:
    for replayed in (False, True):
        with pytest.raises(Failure) as refused:
            ada.call(desk.refused, text="x", key="k")
        assert (refused.value.code, refused.value.status) == ("NO_MORE", 409)
        assert refused.value.replayed is replayed
    assert desk.ran == ["x"]


def test_a_key_belongs_to_a_tenant_a_person_and_a_use_case(desk: Desk, ada: Caller) -> None:
    others = [ada, ada.of("globex"), ada.acting_as(desk.owner, "bob")]
    answers = [other.answer("once", text="x", key="k") for other in others]
    assert [answer.replayed for answer in answers] == [False, False, False]
    assert ada.answer("make_folder", name="x", key="k").replayed is False


def test_a_hundred_parallel_duplicates_have_one_effect(desk: Desk, ada: Caller) -> None:
    def send(_: int) -> str:
        try:
            return "replayed" if ada.answer("once", text="x", key="k").replayed else "done"
        except Conflict as running:
            return running.code

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(send, range(100)))
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", "replayed", "IDEMPOTENT_CALL_RUNNING"}
    assert len(ada.call(desk.echoes)) == 1


def test_a_record_is_forgotten_after_a_day(desk: Desk, ada: Caller) -> None:
    ada.call(desk.once, text="x", key="k")
    ada.clock.turn(timedelta(hours=24, seconds=1))
    assert ada.answer("once", text="y", key="k").replayed is False
    assert ada.answer("once", text="y", key="k").replayed is True


@pytest.mark.parametrize("key", ["", "x" * 256, "line\nbreak", "bell\a"])
def test_a_key_that_is_none_is_refused(desk: Desk, ada: Caller, key: str) -> None:
    with pytest.raises(Failure, match="BAD_IDEMPOTENCY_KEY"):
        ada.call(desk.once, text="x", key=key)

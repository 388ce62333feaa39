"""Entries that go away by themselves: after their moment, and never before."""

from hypothesis import given
from hypothesis import strategies as st

from freehold.runtime.expiring import STEPS, ExpiringTable

PLOT = ("acme", "limit")
changes = st.lists(
    st.tuples(st.sampled_from(["put", "remove", "wait"]), st.sampled_from("abc"), st.integers(0, 20)), max_size=60
)


@given(changes, st.integers(0, 5))
def test_an_entry_is_there_until_its_moment_and_gone_soon_after(
    history: list[tuple[str, str, int]], delay: int
) -> None:
    table: ExpiringTable[int] = ExpiringTable(int, most=10, delay=delay)
    now, expected = 0, dict[str, int]()
    for what, key, number in history:
        if what == "put":
            expected[key] = max(expected.get(key, 0), now + number)
            table.put(PLOT, key, expected[key])
        elif what == "remove":
            expected.pop(key, None)
            table.remove(PLOT, key)
        else:
            now += number
            table.forget(now)
        for name, moment in expected.items():
            assert moment <= now or table.get(PLOT, name) == moment
    while table._looks:
        table.forget(now + 1000)
    assert len(table) == 0
    assert not table._plots


def test_an_entry_whose_moment_was_put_off_stays_until_then() -> None:
    table: ExpiringTable[int] = ExpiringTable(int, most=10, delay=0)
    for moment in (5, 6):
        table.put(PLOT, "a", moment)
    table.forget(5)
    assert table.get(PLOT, "a") == 6
    table.forget(6)
    assert table.get(PLOT, "a") is None


def test_an_entry_in_use_is_not_looked_at_each_time() -> None:
    table: ExpiringTable[int] = ExpiringTable(int, most=10, delay=10)
    table.put(PLOT, "a", 1)
    table.forget(10)
    assert table.get(PLOT, "a") == 1  # worth nothing, and not looked at yet
    table.put(PLOT, "a", 12)
    table.forget(11)
    table.forget(21)
    assert table.get(PLOT, "a") == 12
    table.forget(22)
    assert len(table) == 0


def test_a_plot_has_room_for_so_many_and_its_neighbour_for_as_many_more() -> None:
    table: ExpiringTable[int] = ExpiringTable(int, most=2, delay=0)
    for key in "ab":
        assert table.has_room(PLOT)
        table.put(PLOT, key, 5)
    assert not table.has_room(PLOT)
    assert table.has_room(("acme", "other"))
    assert table.has_room(("globex", "limit"))
    table.forget(5)
    assert table.has_room(PLOT)


def test_no_call_pays_for_forgetting_all() -> None:
    table: ExpiringTable[int] = ExpiringTable(int, most=1000, delay=0)
    for number in range(100):
        table.put(PLOT, str(number), 1)
    table.forget(1)
    assert len(table) == 100 - STEPS

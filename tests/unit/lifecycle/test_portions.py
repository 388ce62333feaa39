"""How many entities are put at a time."""

from freehold.lifecycle.deployment import BATCH, FEW, Portions
from freehold.stores.estate import LARGE


def sizes(*weights: int) -> list[int]:
    """How many are put at a time when each of a portion has so many bytes, portion by portion."""
    portions, found = Portions(), list[int]()
    for weight in weights:
        found.append(portions.size)
        portions.note(portions.size, portions.size * weight)
    return found


def test_small_ones_soon_go_many_at_a_time() -> None:
    assert sizes(100, 100, 100, 100, 100) == [FEW, 4 * FEW, 16 * FEW, BATCH, BATCH]


def test_large_ones_are_together_no_more_than_memory_has_room_for() -> None:
    assert sizes(900_000, 900_000, 900_000) == [FEW, LARGE // 900_000, LARGE // 900_000]
    assert sizes(100, 100, 900_000, 900_000) == [FEW, 4 * FEW, 16 * FEW, LARGE // 900_000]


def test_one_goes_at_a_time_however_large_it_is() -> None:
    assert sizes(2 * LARGE, 2 * LARGE) == [FEW, 1]


def test_what_has_gone_says_nothing_of_what_comes() -> None:
    assert sizes(0, 0) == [FEW, FEW]

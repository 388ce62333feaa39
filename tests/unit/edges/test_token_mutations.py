"""A good token with anything changed is not a good token: one character, one left out, something put in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.runtime.failures import Unauthenticated
from tests.unit.edges.token_kit import ours, tokens_of

GOOD = ours()


def test_no_character_of_a_token_can_be_another() -> None:
    tokens = tokens_of()
    tokens.verify(GOOD)
    alphabet = "AQgw-_+/=. 9z"
    for place, character in enumerate(GOOD):
        for other in alphabet.replace(character, ""):
            with pytest.raises(Unauthenticated):
                tokens.verify(GOOD[:place] + other + GOOD[place + 1 :])


@given(place=st.integers(0, len(GOOD) - 1), other=st.characters())
def test_a_token_with_any_character_changed_is_refused(place: int, other: str) -> None:
    token = GOOD[:place] + other + GOOD[place + 1 :]
    if token != GOOD:
        with pytest.raises(Unauthenticated):
            tokens_of().verify(token)


@given(place=st.integers(0, len(GOOD)), more=st.text(min_size=1))
def test_a_token_with_anything_put_in_is_refused(place: int, more: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens_of().verify(GOOD[:place] + more + GOOD[place:])


@given(start=st.integers(0, len(GOOD) - 1), length=st.integers(1, len(GOOD)))
def test_a_token_with_anything_left_out_is_refused(start: int, length: int) -> None:
    with pytest.raises(Unauthenticated):
        tokens_of().verify(GOOD[:start] + GOOD[start + length :])


@given(token=st.text())
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens_of().verify(token)

"""Which passwords are refused, and which are not."""

import pytest

from freehold.accounts.guessable import PRINT, _common, hard_to_guess


@pytest.mark.parametrize(
    "password",
    [
        "1234567890", "12345678910", "147258369123", "2024-11-21!!", "aaaaaaaaaa", "abababababab",
        "qwertyuiop", "1q2w3e4r5t6y", "zaq12wsxcde3", "poiuytrewq", "abcdefghij1",
        "password123", "P@ssw0rd1234", "PASSWORD2026!", "Iloveyou1234", "Summer2026!!", "charlie2024!",
        "basketball", "strawberry99", "Terminator2024!", "!christopher!", "kettlekettle",
    ],
)  # fmt: skip
def test_what_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match=r"too few|first that are tried"):
        hard_to_guess(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple", "kettle orbit fjord", "gnome umbrella 7", "mN8#kq!vT2zL", "Sturmvogel-Teekanne",
        "tischlampe grün", "my dog eats 3 shoes", "パスワードではない十文字", "x" * 500 + "kettle orbit",
        "\ud800kettle orbit",
    ],
)  # fmt: skip
def test_what_nobody_tries_first_is_taken_as_it_is(password: str) -> None:
    assert hard_to_guess(password) == password


def test_the_list_has_more_than_three_thousand() -> None:
    assert len(_common()) == 4000
    assert {len(one) for one in _common()} == {PRINT}

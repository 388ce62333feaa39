"""Which passwords are guessed first: the ones that are used most, and the ones that are made like them.

`common.bin` holds the first five bytes of the SHA-256 of each of 4,000 texts, in order: the 2,429 passwords of ten
characters and more among the most used ones that Django (BSD licence) and zxcvbn (MIT licence) ship, and the commonest
long words and names of English (OWASP ASVS 5.0, V6.2.4). The rules below refuse what differs from them by a number, by
`@` for `a`, or by being said twice, and walks over the keyboard.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

LEAST_DIFFERENT = 5
"""A password has at least so many different characters."""

LEAST_OWN = 5
"""And at least so many that are no digits, in no well-known word, and no step of a walk over the keyboard."""

PRINT = 5
"""Bytes of a fingerprint: one password in 270 million is refused by mistake."""

_LEET = str.maketrans("@4301!5$7", "aaeoiisst")
_AFFIXES = "0123456789 !?.,*#-_+@$"
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl;", "zxcvbnm,./")
_WALKS = (*_ROWS, "qwertzuiop", "azertyuiop", "abcdefghijklmnopqrstuvwxyz", *map("".join, zip(*_ROWS, strict=True)))
_STEPS = frozenset(step for walk in _WALKS for step in (*pairwise(walk), *pairwise(walk[::-1])))
_WORDS = re.compile(
    r"password|passwort|passwd|administrator|admin|welcome|changeme|letmein|login|secret|iloveyou|loveyou"
    r"|babygirl|princess|sunshine|football|baseball|basketball|liverpool|superman|batman|spiderman|dragon|monkey"
    r"|master|shadow|michael|jennifer|jessica|charlie|jordan|hunter|summer|winter|spring|autumn|flower|freedom"
    r"|whatever|computer|internet|google|company|fuckyou|asshole|love|hello|test"
)


def hard_to_guess(password: str) -> str:
    """The password. Raises `ValueError` for one that is among the first to be tried."""
    if len(set(password)) < LEAST_DIFFERENT:
        raise ValueError("This has too few different characters.")
    text = password.lower()
    for variant in (text, text.translate(_LEET)):
        if _is_common(variant) or _own(variant) < LEAST_OWN:
            raise ValueError("This is one of the first that are tried: choose another.")
    return password


def _is_common(text: str) -> bool:
    """Whether it is a common password: as it stands, without the numbers around it, or said twice."""
    bare = text.strip(_AFFIXES)
    half = bare[: len(bare) // 2]
    return _print(text) in _common() or _print(bare) in _common() or half * 2 == bare


def _own(text: str) -> int:
    """How many characters are left once well-known words, digits and steps of walks are taken out."""
    left = [letter for letter in _WORDS.sub("0", text) if not letter.isdigit()]
    return len(left) - sum(1 for step in pairwise(left) if step in _STEPS or step[0] == step[1])


def _print(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:PRINT]


@cache
def _common() -> frozenset[bytes]:
    kept = Path(__file__).with_name("common.bin").read_bytes()
    return frozenset(kept[at : at + PRINT] for at in range(0, len(kept), PRINT))

"""Passwords: right ones match, nothing else does, and a storm of them does not eat the memory."""

import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type

from freehold.edges.passwords import LONGEST, MEMORY, Argon2Passwords
from freehold.runtime.failures import Invalid, Overloaded
from freehold.runtime.ports import Passwords

RIGHT = "correct horse battery staple"


@pytest.fixture(scope="module")
def passwords() -> Iterator[Argon2Passwords]:
    made = Argon2Passwords()
    yield made
    made.close()


@pytest.fixture(scope="module")
def hashed(passwords: Argon2Passwords) -> str:
    return passwords.hash(RIGHT)


def test_the_right_password_matches_and_no_other(passwords: Passwords, hashed: str) -> None:
    assert passwords.verify(RIGHT, hashed)
    for wrong in ("", RIGHT[:-1], f"{RIGHT} ", f"{RIGHT}\0", RIGHT.upper()):
        assert not passwords.verify(wrong, hashed)


def test_a_hash_is_argon2id_at_the_floor_that_owasp_names(hashed: str) -> None:
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    found = extract_parameters(hashed)
    assert (found.type, found.salt_len, found.hash_len) == (Type.ID, 16, 32)


def test_one_password_has_many_hashes(passwords: Passwords, hashed: str) -> None:
    assert passwords.hash(RIGHT) != hashed


def test_nobody_matches_no_account(passwords: Passwords) -> None:
    assert not passwords.verify(RIGHT, None)
    assert not passwords.verify("", None)


def test_an_unknown_account_costs_what_a_known_one_does(passwords: Argon2Passwords, hashed: str) -> None:
    assert extract_parameters(passwords._nobody) == extract_parameters(hashed)
    assert len(passwords._nobody) == len(hashed)


@pytest.mark.parametrize(
    "password", ["a" * LONGEST, "\u00fc" * LONGEST, "\U0001f600" * LONGEST], ids=["one byte", "two bytes", "four bytes"]
)
def test_a_long_password_is_never_cut(passwords: Passwords, password: str) -> None:
    kept = passwords.hash(password)
    assert passwords.verify(password, kept)
    assert not passwords.verify(password[:-1], kept)
    assert not passwords.verify(password[:-1] + "x", kept)


def test_a_password_that_is_too_long_is_told_so_and_matches_nothing(passwords: Passwords, hashed: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.hash("a" * (LONGEST + 1))
    assert refused.value.code == "PASSWORD_TOO_LONG"
    assert not passwords.verify("a" * (LONGEST + 1), hashed)


def test_an_accented_letter_matches_however_it_is_composed(passwords: Passwords) -> None:
    assert passwords.verify("cafe\u0301", passwords.hash("caf\u00e9"))


def test_letters_that_only_look_alike_do_not_match(passwords: Passwords) -> None:
    kept = passwords.hash("\uff41bc")
    assert not passwords.verify("abc", kept)


def test_half_a_character_is_no_trouble(passwords: Passwords) -> None:
    kept = passwords.hash("\ud800")
    assert passwords.verify("\ud800", kept)
    assert not passwords.verify("\ufffd", kept)


WEAK = PasswordHasher(1, 8 * 1024, 1).hash(RIGHT)
STRONG = PasswordHasher(3, 64 * 1024, 4).hash(RIGHT)
LONG = PasswordHasher(10, 64, 1).hash(RIGHT)


@pytest.mark.parametrize("kept", [WEAK, STRONG, LONG], ids=["weaker", "stronger", "longer"])
def test_a_hash_from_elsewhere_matches_and_is_made_again(passwords: Passwords, kept: str) -> None:
    assert passwords.verify(RIGHT, kept)
    assert not passwords.verify("wrong", kept)
    assert passwords.is_weak(kept)


def test_a_hash_of_today_is_not_made_again(passwords: Passwords, hashed: str) -> None:
    assert not passwords.is_weak(hashed)


@pytest.mark.parametrize(
    "kept",
    [
        "",
        RIGHT,
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2id$",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$",
        "$argon2id$v=19$m=19456,t=2,p=1$!!$!!",
        "$argon2id$v=19$m=19456,t=0,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=19456,t=4000000,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=\u0664,t=2,p=1$c2FsdHNhbHRzYWx0$\u00e9",
    ],
)
def test_what_is_no_hash_of_ours_matches_nothing(passwords: Passwords, kept: str) -> None:
    assert not passwords.verify(RIGHT, kept)
    assert not passwords.verify("", kept)


@pytest.mark.parametrize(
    "hasher",
    [
        PasswordHasher(2, MEMORY, 1, type=Type.I),
        PasswordHasher(1, 64 * 1024 + 1, 1),
        PasswordHasher(11, 64, 1),
        PasswordHasher(1, 64, 5),
    ],
    ids=["another kind", "much memory", "many passes", "many lanes"],
)
def test_a_hash_that_asks_more_than_a_worker_gives_matches_nothing(
    passwords: Passwords, hasher: PasswordHasher
) -> None:
    kept = hasher.hash(RIGHT)
    assert not passwords.verify(RIGHT, kept)
    assert passwords.is_weak(kept)


def test_a_damaged_hash_is_made_again_once_the_password_is_set(passwords: Passwords) -> None:
    assert passwords.is_weak("$2b$12$abcdefghijklmnopqrstuv")


class CountedHasher(PasswordHasher):
    """The real one, which notes every hash it worked through to the end."""

    worked: list[str]

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  # its parent's word
        try:
            matches = super().verify(hash, password)
        except VerifyMismatchError:
            self.worked.append(str(hash))
            raise
        self.worked.append(str(hash))
        return matches


def test_every_answer_costs_the_work_of_one_hash_of_today(hashed: str) -> None:
    passwords = Argon2Passwords(workers=1)
    counted = CountedHasher(2, MEMORY, 1)
    counted.worked = []
    passwords._hasher = counted
    damaged = hashed[:-4] + "!!!!"
    for password, kept in ((RIGHT, hashed), ("wrong", hashed), (RIGHT, None), (RIGHT, damaged), (RIGHT, "no hash")):
        passwords.verify(password, kept)
    nobody = passwords._nobody
    assert counted.worked == [hashed, hashed, nobody, nobody, nobody]
    passwords.close()


def test_there_are_never_more_workers_than_processors() -> None:
    assert Argon2Passwords(workers=10_000).workers <= 1024
    assert Argon2Passwords(workers=1).workers == 1


@pytest.mark.parametrize(("workers", "waiting"), [(0, 1), (1, -1)])
def test_a_pool_without_workers_is_refused(workers: int, waiting: int) -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        Argon2Passwords(workers=workers, waiting=waiting)


def test_who_finds_the_queue_full_is_told_when_to_come_back() -> None:
    passwords = Argon2Passwords(workers=1, waiting=1)
    working, go_on = threading.Event(), threading.Event()

    def hold() -> str:
        working.set()
        go_on.wait(30)
        return ""

    with ThreadPoolExecutor(2) as callers:
        held = callers.submit(passwords._run, hold)
        assert working.wait(30)
        waits = callers.submit(passwords._run, lambda: "waited")
        while passwords._room._value:
            threading.Event().wait(0.001)
        for refused in (lambda: passwords.hash(RIGHT), lambda: passwords.verify(RIGHT, None)):
            with pytest.raises(Overloaded) as overloaded:
                refused()
            assert overloaded.value.retry_after == 1.0
        go_on.set()
        assert (held.result(), waits.result()) == ("", "waited")
    assert passwords.hash(RIGHT)
    passwords.close()


def test_a_failure_gives_its_place_in_the_queue_back() -> None:
    passwords = Argon2Passwords(workers=1, waiting=0)

    def fail() -> str:
        raise LookupError

    for _ in range(5):
        with pytest.raises(LookupError):
            passwords._run(fail)
    passwords.close()
    for _ in range(5):
        with pytest.raises(RuntimeError):
            passwords.hash(RIGHT)


STORM = """
import threading
from pathlib import Path
from freehold.edges.passwords import Argon2Passwords

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

passwords = Argon2Passwords()
kept = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
answers, start = [], threading.Barrier(50)

def log_in():
    start.wait()
    answers.append(passwords.verify("a guess", kept))

before = peak()
for _ in range(3):
    callers = [threading.Thread(target=log_in) for _ in range(50)]
    for caller in callers: caller.start()
    for caller in callers: caller.join()
print(len(answers), answers.count(False), peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_fifty_logins_at_once_take_less_than_150_megabytes() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(STORM)], capture_output=True, text=True, check=True, timeout=120
    )
    asked, refused, grown = map(int, ran.stdout.split())
    assert asked == refused == 150
    assert MEMORY <= grown < 150 * 1000, f"{grown} KiB"

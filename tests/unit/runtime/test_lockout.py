"""Failed tries make further ones wait: few guesses for an account, whatever is sent and from wherever."""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.runtime.failures import Limited
from freehold.runtime.lockout import PER_ACCOUNT, Lockout, Tolerance
from tests.unit.runtime.held_calls import LONG, CrankedClock

WINDOW = PER_ACCOUNT.window
LENIENT = Tolerance(free=10_000, pause=1.0, longest=1.0)


@pytest.fixture
def clock() -> CrankedClock:
    return CrankedClock()


@pytest.fixture
def lockout(clock: CrankedClock) -> Lockout:
    return Lockout(clock)


def wrong() -> bool:
    return False


def right() -> bool:
    return True


def wait_after(lockout: Lockout, account: str, address: str, *, tenant: str = "") -> float:
    """Seconds to wait before the next try: 0 if one may be made, which this does not do."""

    class Untried(Exception):
        """The try was let through."""

    def stop() -> bool:
        raise Untried

    try:
        lockout.attempt(account, address, stop, tenant=tenant)
    except Untried:
        return 0.0
    except Limited as refused:
        return refused.retry_after or 0.0
    raise AssertionError


def fail(lockout: Lockout, times: int, account: str = "ada", address: str = "192.0.2.1", *, tenant: str = "") -> None:
    for _ in range(times):
        assert not lockout.attempt(account, address, wrong, tenant=tenant)


# --- guessing one account ---


def test_a_thousand_guesses_from_a_hundred_addresses_make_at_most_ten_checks_in_a_window(
    lockout: Lockout, clock: CrankedClock
) -> None:
    checks: list[float] = []

    def guess() -> bool:
        checks.append(clock.seconds)
        return False

    for number in range(1000):
        with suppress(Limited):
            lockout.attempt("ada", f"192.0.2.{number % 100}", guess, tenant="acme")
        clock.seconds += WINDOW / 1000
    assert 5 <= len(checks) <= 10


@given(st.lists(st.one_of(st.sampled_from([0.0, 60.0, 900.0, 3600.0]), st.floats(0, 1200)), max_size=120))
def test_no_window_ever_holds_more_than_ten_checks(waits: list[float]) -> None:
    clock, checks = CrankedClock(), list[float]()
    lockout = Lockout(clock)

    def guess() -> bool:
        checks.append(clock.seconds)
        return False

    for number, wait in enumerate(waits):
        clock.seconds += wait
        for address in range(12):
            with suppress(Limited):
                lockout.attempt("ada", f"192.0.2.{number % 2}{address}", guess)
    for first in checks:
        assert sum(first <= check < first + WINDOW for check in checks) <= 10


def test_guesses_sent_at_once_are_not_all_let_in(clock: CrankedClock) -> None:
    lockout = Lockout(clock)
    begun, refused, gate = threading.Semaphore(0), threading.Semaphore(0), threading.Event()

    def guess() -> bool:
        begun.release()
        return not gate.wait(LONG)

    def send() -> None:
        try:
            lockout.attempt("ada", "192.0.2.1", guess)
        except Limited:
            refused.release()

    threads = [threading.Thread(target=send) for _ in range(40)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        assert begun.acquire(timeout=LONG)
    for _ in range(35):
        assert refused.acquire(timeout=LONG)
    gate.set()
    for thread in threads:
        thread.join()
    assert not begun.acquire(blocking=False)


def test_the_wait_doubles_up_to_an_hour(lockout: Lockout, clock: CrankedClock) -> None:
    waits = []
    fail(lockout, 4)
    for _ in range(9):
        fail(lockout, 1)
        waits.append(wait_after(lockout, "ada", "192.0.2.99"))
        clock.seconds += waits[-1]
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_whoever_is_refused_does_not_make_the_wait_longer(lockout: Lockout, clock: CrankedClock) -> None:
    fail(lockout, 5)
    for _ in range(50):
        clock.seconds += 1
        wait_after(lockout, "ada", "192.0.2.1")
    assert wait_after(lockout, "ada", "192.0.2.1") == 10


def test_a_right_password_is_not_even_looked_at_during_the_wait(lockout: Lockout, clock: CrankedClock) -> None:
    fail(lockout, 5)
    with pytest.raises(Limited) as caught:
        lockout.attempt("ada", "192.0.2.1", lambda: pytest.fail("looked at"))
    assert (caught.value.status, caught.value.code) == (429, "TOO_MANY_TRIES")
    clock.seconds += caught.value.retry_after or 0
    assert lockout.attempt("ada", "192.0.2.1", right)


def test_a_success_clears_what_the_account_failed(lockout: Lockout) -> None:
    for _ in range(5):
        fail(lockout, 4)
        assert lockout.attempt("ada", "192.0.2.1", right)


def test_failures_are_forgotten_a_window_after_the_wait(lockout: Lockout, clock: CrankedClock) -> None:
    fail(lockout, 5)
    clock.seconds += 60 + WINDOW - 1
    fail(lockout, 1)
    assert wait_after(lockout, "ada", "192.0.2.1") == 120
    clock.seconds += 120 + WINDOW
    fail(lockout, 4)
    assert wait_after(lockout, "ada", "192.0.2.1") == 0


def test_failures_that_have_faded_do_not_count_even_while_they_are_remembered(
    lockout: Lockout, clock: CrankedClock
) -> None:
    fail(lockout, 4)
    clock.seconds += WINDOW
    fail(lockout, 4)
    assert len(lockout._failures) == 2
    assert wait_after(lockout, "ada", "192.0.2.1") == 0


def test_an_unknown_account_waits_like_a_known_one(lockout: Lockout) -> None:
    fail(lockout, 5, "nobody at all")
    assert wait_after(lockout, "nobody at all", "192.0.2.1") == 60


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_check_that_was_not_made_does_not_count(lockout: Lockout, error: type[BaseException]) -> None:
    def busy() -> bool:
        raise error

    for _ in range(20):
        with pytest.raises(error):
            lockout.attempt("ada", "192.0.2.1", busy)
    assert lockout.attempt("ada", "192.0.2.1", right)


# --- from one address, on many accounts ---


def test_one_address_cannot_try_every_account(lockout: Lockout) -> None:
    for number in range(50):
        fail(lockout, 1, f"person-{number}", "192.0.2.1")
    assert wait_after(lockout, "ada", "192.0.2.1") == 5
    assert wait_after(lockout, "ada", "192.0.2.2") == 0


def test_a_guesser_does_not_clear_an_address_with_an_account_of_his_own(lockout: Lockout) -> None:
    for number in range(50):
        fail(lockout, 1, f"person-{number}", "192.0.2.1")
        assert number == 49 or lockout.attempt("mallory", "192.0.2.1", right)
    assert wait_after(lockout, "ada", "192.0.2.1") == 5


def test_whoever_has_one_ipv6_address_has_them_all(lockout: Lockout) -> None:
    for number in range(50):
        fail(lockout, 1, f"person-{number}", f"2001:db8::{number}")
    assert wait_after(lockout, "ada", "2001:db8::ffff") == 5
    assert wait_after(lockout, "ada", "2001:db8:0:1::1") == 0


def test_many_may_sign_in_from_one_address_at_once(lockout: Lockout) -> None:
    answers: SimpleQueue[bool] = SimpleQueue()
    together = threading.Barrier(30)

    def check() -> bool:
        together.wait(LONG)
        return True

    def sign_in(number: int) -> None:
        answers.put(lockout.attempt(f"person-{number}", "192.0.2.1", check))

    threads = [threading.Thread(target=sign_in, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.qsize() == 30


# --- tenants ---


def test_one_password_on_many_accounts_from_many_addresses_comes_to_a_halt(clock: CrankedClock) -> None:
    lockout = Lockout(clock)
    for number in range(1000):
        fail(lockout, 1, f"person-{number}", f"address-{number}", tenant="acme")
    assert wait_after(lockout, "ada", "192.0.2.1", tenant="acme") == 1
    assert wait_after(lockout, "ada", "192.0.2.1", tenant="globex") == 0


def test_what_fails_at_one_tenant_does_not_count_at_another(lockout: Lockout) -> None:
    fail(lockout, 5, tenant="acme")
    assert wait_after(lockout, "ada", "192.0.2.1", tenant="acme") == 60
    assert wait_after(lockout, "ada", "192.0.2.1", tenant="globex") == 0


def test_where_there_is_no_tenant_yet_nobody_waits_for_everybody(clock: CrankedClock) -> None:
    lockout = Lockout(clock, tenant=Tolerance(free=1, pause=60.0, longest=60.0))
    for number in range(20):
        fail(lockout, 1, f"person-{number}", f"address-{number}")
    assert lockout.attempt("ada", "192.0.2.1", right)


# --- memory ---


def test_signing_in_leaves_nothing(lockout: Lockout) -> None:
    for number in range(100):
        lockout.attempt(f"person-{number}", f"address-{number}", right, tenant="acme")
    assert len(lockout._failures) == len(lockout._trying) == 0


def test_what_has_faded_is_forgotten(lockout: Lockout, clock: CrankedClock) -> None:
    for number in range(100):
        fail(lockout, 1, f"person-{number}", f"address-{number}")
    assert len(lockout._failures) == 200
    clock.seconds += 2 * WINDOW
    for _ in range(10):
        lockout.attempt("ada", "192.0.2.1", right)
    assert len(lockout._failures) == 0


def test_a_flood_of_invented_accounts_does_not_wash_away_what_is_known(clock: CrankedClock) -> None:
    lockout = Lockout(clock, address=LENIENT, most=100)
    fail(lockout, 5, "ada")
    for number in range(99):
        fail(lockout, 1, f"invented-{number}")
    assert wait_after(lockout, "invented-100", "192.0.2.1") == WINDOW
    assert wait_after(lockout, "ada", "192.0.2.1") == 60
    assert wait_after(lockout, "ada", "192.0.2.1", tenant="acme") == 0
    clock.seconds += WINDOW + 1
    assert lockout.attempt("invented-100", "192.0.2.1", right)


@pytest.mark.parametrize("check", [right, wrong])
def test_the_answer_is_what_the_check_said(lockout: Lockout, check: Callable[[], bool]) -> None:
    assert lockout.attempt("ada", "192.0.2.1", check) == check()

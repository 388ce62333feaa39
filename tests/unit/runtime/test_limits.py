"""Token buckets: never more than declared over any window, and never at a neighbour's cost."""

import threading
from datetime import datetime
from fractions import Fraction
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.model.rate import Rate
from freehold.runtime.failures import Limited
from freehold.runtime.limits import SECOND, Limits, network

WIDE = "999999999/second"


class SteadyClock:
    """Monotonic time in whole nanoseconds, moved by the test. The time of day must not matter, so there is none."""

    def __init__(self) -> None:
        self.nanoseconds = 5_000 * SECOND

    def now(self) -> datetime:
        raise AssertionError("limits must not look at the time of day")

    def monotonic(self) -> float:
        return self.nanoseconds / SECOND

    def forward(self, seconds: float) -> None:
        self.nanoseconds += round(seconds * SECOND)


@pytest.fixture
def clock() -> SteadyClock:
    return SteadyClock()


def allowed(limits: Limits, *call: str, rate: str | None = None) -> bool:
    tenant, principal, route = call
    try:
        limits.take(tenant, principal, route, rate)
    except Limited:
        return False
    return True


def refusal(limits: Limits, *call: str, rate: str | None = None) -> Limited:
    tenant, principal, route = call
    with pytest.raises(Limited) as caught:
        limits.take(tenant, principal, route, rate)
    return caught.value


# --- what may be declared ---


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1/second", Rate(1, 1)),
        ("60/minute", Rate(60, 60)),
        ("1000/hour", Rate(1000, 3600)),
        ("999999999/day", Rate(999999999, 86400)),
    ],
)
def test_a_limit_is_calls_and_a_period(text: str, rate: Rate) -> None:
    assert Rate.parse(text) == rate


@pytest.mark.parametrize(
    "text",
    ["", "60", "/minute", "60/", "0/minute", "-1/minute", "1.5/minute", "60/minutes", "60/ minute", "60/Minute",
     "60/week", "60/minute/hour", " 60/minute", "60/minute\n", "٦/minute", "²/minute", "007/minute", "1000000000/day"],
)  # fmt: skip
def test_anything_else_is_refused_with_what_to_write(text: str, clock: SteadyClock) -> None:
    with pytest.raises(ValueError, match='write calls/period, such as "60/minute"'):
        Rate.parse(text)
    with pytest.raises(ValueError, match="is not a limit"):
        Limits(clock).take("acme", "ada", "create_task", text)
    with pytest.raises(ValueError, match="is not a limit"):
        Limits(clock, per_tenant=text)


# --- never too many, never too few ---

steps = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from([0, 0, 0, 1, SECOND, 60 * SECOND, 30 * 86_400 * SECOND]), st.integers(0, 200 * SECOND)
        ),
        st.integers(1, 12),
    ),
    max_size=30,
)
rates = st.builds("{}/{}".format, st.integers(1, 30), st.sampled_from(["second", "minute", "hour", "day"]))


@given(rates, steps)
def test_never_more_than_the_burst_and_what_came_back_in_any_window(text: str, history: list[tuple[int, int]]) -> None:
    clock, rate = SteadyClock(), Rate.parse(text)
    limits = Limits(clock, per_tenant=WIDE, per_principal=WIDE)
    accepted: list[int] = []
    for wait, calls in history:
        clock.nanoseconds += wait
        accepted += [clock.nanoseconds for _ in range(calls) if allowed(limits, "acme", "ada", "route", rate=text)]
    for first, start in enumerate(accepted):
        for last in range(first, len(accepted)):
            came_back = Fraction((accepted[last] - start) * rate.calls, rate.seconds * SECOND)
            assert last - first + 1 <= rate.calls + came_back


def test_a_rate_that_does_not_divide_a_nanosecond_is_not_exceeded_either(clock: SteadyClock) -> None:
    limits = Limits(clock)
    assert [allowed(limits, "acme", "ada", "route", rate="7/second") for _ in range(8)] == [True] * 7 + [False]
    clock.nanoseconds += SECOND // 7
    assert not allowed(limits, "acme", "ada", "route", rate="7/second")
    clock.nanoseconds += 1
    assert allowed(limits, "acme", "ada", "route", rate="7/second")


@given(rates, steps)
def test_no_call_is_refused_that_a_bucket_of_tokens_would_allow(text: str, history: list[tuple[int, int]]) -> None:
    clock, rate = SteadyClock(), Rate.parse(text)
    limits = Limits(clock, per_tenant=WIDE, per_principal=WIDE)
    one = -(-rate.seconds * SECOND // rate.calls)  # a nanosecond is not divided
    tokens = Fraction(rate.calls)
    for wait, calls in history:
        clock.nanoseconds += wait
        tokens = min(Fraction(rate.calls), tokens + Fraction(wait, one))
        for _ in range(calls):
            assert allowed(limits, "acme", "ada", "route", rate=text) == (tokens >= 1)
            tokens -= tokens >= 1


@given(rates, steps)
def test_a_refusal_names_the_very_moment_from_which_a_call_is_allowed(
    text: str, history: list[tuple[int, int]]
) -> None:
    clock = SteadyClock()
    limits = Limits(clock, per_tenant=WIDE, per_principal=WIDE)
    for wait, _ in history:
        clock.nanoseconds += wait % SECOND
        while allowed(limits, "acme", "ada", "route", rate=text):
            pass
        left = round((refusal(limits, "acme", "ada", "route", rate=text).retry_after or 0) * SECOND)
        clock.nanoseconds += left - 1
        assert not allowed(limits, "acme", "ada", "route", rate=text)
        clock.nanoseconds += 1
        assert allowed(limits, "acme", "ada", "route", rate=text)


calls = st.tuples(
    st.sampled_from(["acme", "globex"]), st.sampled_from(["ada", "bob"]), st.sampled_from(["one", "two"]),
    st.sampled_from([None, "3/minute"]), st.integers(0, 30),
)  # fmt: skip


@given(st.lists(calls, max_size=60))
def test_a_tenant_gets_the_same_answers_whatever_its_neighbours_do(
    history: list[tuple[str, str, str, str | None, int]],
) -> None:
    def answers(whose: set[str]) -> list[float | None]:
        clock = SteadyClock()
        limits = Limits(clock, per_tenant="10/minute", per_principal="6/minute", most=4)
        given: list[float | None] = []
        for tenant, principal, route, rate, seconds in history:
            clock.forward(seconds)
            if tenant in whose:
                wait: float | None = 0.0
                try:
                    limits.take(tenant, principal, route, rate)
                except Limited as refused:
                    wait = refused.retry_after
                if tenant == "acme":
                    given.append(wait)
        return given

    assert answers({"acme"}) == answers({"acme", "globex"})


def test_from_many_threads_together_no_call_too_many_is_allowed(clock: SteadyClock) -> None:
    limits = Limits(clock)
    accepted: SimpleQueue[bool] = SimpleQueue()

    def knock() -> None:
        for _ in range(100):
            if allowed(limits, "acme", "ada", "route", rate="60/minute"):
                accepted.put(True)

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert accepted.qsize() == 60


# --- three buckets, taken from together ---


def test_a_principal_a_route_and_a_tenant_have_limits_of_their_own(clock: SteadyClock) -> None:
    limits = Limits(clock, per_tenant="6/minute", per_principal="4/minute")
    assert [allowed(limits, "acme", "ada", "create", rate="2/minute") for _ in range(3)] == [True, True, False]
    assert allowed(limits, "acme", "ada", "erase", rate="2/minute")
    assert [allowed(limits, "acme", "ada", "list") for _ in range(2)] == [True, False]
    assert [allowed(limits, "acme", "bob", "create", rate="2/minute") for _ in range(3)] == [True, True, False]
    assert not allowed(limits, "acme", "eve", "list")
    assert allowed(limits, "globex", "ada", "create", rate="2/minute")


@pytest.mark.parametrize(
    ("tenant_limit", "principal_limit", "rate", "policy"),
    [("1/hour", WIDE, None, "tenant"), (WIDE, "1/hour", WIDE, "principal"), (WIDE, WIDE, "1/hour", "route")],
)
def test_a_refusal_says_which_limit_was_reached(
    clock: SteadyClock, tenant_limit: str, principal_limit: str, rate: str | None, policy: str
) -> None:
    limits = Limits(clock, per_tenant=tenant_limit, per_principal=principal_limit)
    limits.take("acme", "ada", "create", rate)
    refused = refusal(limits, "acme", "ada", "create", rate=rate)
    assert refused.status == 429
    assert refused.retry_after == 3600.0
    assert refused.details == [{"policy": policy, "limit": 1, "seconds": 3600}]


def test_a_refused_call_takes_from_no_bucket(clock: SteadyClock) -> None:
    limits = Limits(clock, per_tenant="10/minute", per_principal="5/minute")
    limits.take("acme", "ada", "create", "1/minute")
    for _ in range(100):
        assert not allowed(limits, "acme", "ada", "create", rate="1/minute")
    assert [allowed(limits, "acme", "ada", "list") for _ in range(5)] == [True] * 4 + [False]
    assert [allowed(limits, "acme", "bob", "list") for _ in range(6)] == [True] * 5 + [False]


def test_the_wait_is_that_of_the_limit_that_takes_longest(clock: SteadyClock) -> None:
    limits = Limits(clock, per_principal="1/minute")
    limits.take("acme", "ada", "create", "1/day")
    assert refusal(limits, "acme", "ada", "create", rate="1/day").retry_after == 86_400.0


# --- memory ---


def test_full_buckets_are_forgotten(clock: SteadyClock) -> None:
    limits = Limits(clock, per_tenant="6000/minute", per_principal="60/minute")
    for number in range(1000):
        limits.take("acme", f"person-{number}", "list")
    assert len(limits) == 1001
    clock.forward(120)
    for _ in range(1000 // 30):
        limits.take("globex", "ada", "list")
    assert len(limits) == 2


def test_a_bucket_in_constant_use_is_kept_as_one(clock: SteadyClock) -> None:
    limits = Limits(clock, per_tenant="600/minute", per_principal="600/minute")
    for _ in range(2000):
        clock.forward(0.1)
        limits.take("acme", "ada", "list")
    assert len(limits) == 2
    assert len(limits._full_at._looks) == 2


def test_a_flood_of_invented_principals_neither_grows_without_bound_nor_refills_a_drained_bucket(
    clock: SteadyClock,
) -> None:
    limits = Limits(clock, most=500)
    for tenant in ("acme", "globex"):
        limits.take(tenant, "ada", "create", "1/day")
    for number in range(5000):
        clock.forward(0.01)
        allowed(limits, "acme", f"invented-{number}", "create", rate="1/day")
    assert len(limits) <= 500 + 200  # and those who called within the last seconds
    assert not allowed(limits, "acme", "ada", "create", rate="1/day")
    assert not allowed(limits, "globex", "ada", "create", rate="1/day")
    assert allowed(limits, "globex", "bob", "create", rate="1/day")
    assert allowed(limits, "acme", "ada", "list")  # those who are known go on


def test_a_tenant_with_too_many_buckets_has_room_again_when_they_have_filled_up(clock: SteadyClock) -> None:
    limits = Limits(clock, per_tenant=WIDE, per_principal=WIDE, most=10)
    for number in range(10):
        allowed(limits, "acme", f"invented-{number}", "create", rate="1/day")
    assert refusal(limits, "acme", "bob", "create", rate="1/day").retry_after == 1.0
    clock.forward(86_402)
    assert allowed(limits, "acme", "bob", "create", rate="1/day")


# --- who calls ---


@pytest.mark.parametrize(
    ("address", "stands_for"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("somewhere", "somewhere"),
        ("", ""),
    ],
)
def test_an_address_stands_for_what_one_customer_is_given(address: str, stands_for: str) -> None:
    assert network(address) == stands_for

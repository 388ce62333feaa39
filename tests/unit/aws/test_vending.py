"""Each tenant's calls are made in a session of its own, whatever the threads, the clock and STS do."""

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.aws.credentials import Credentials
from freehold.aws.endpoints import Endpoint
from freehold.aws.failures import AwsError, Unreachable
from freehold.aws.json_call import AwsJson
from freehold.aws.retries import Policy
from freehold.aws.sending import Sender
from freehold.aws.vending import Vending, data_role
from freehold.runtime.failures import TenantScopeMissing
from freehold.runtime.scope import Scope
from freehold.testing.clock import HandClock
from tests.unit.aws.scripted import KEYS, Asked, Dice, Scripted, Step, hang_up, refusal, reply
from tests.unit.aws.sts_kit import ROLE, form, opening, sts_of

TENANTS = [str(UUID(int=number + 1)) for number in range(50)]


class Desk:
    """Opens sessions that say whose they are, and notices when two are opened for one tenant at a time."""

    def __init__(self, clock: HandClock, life: float = 3600) -> None:
        self.clock, self.life = clock, life
        self.opened: Counter[str] = Counter()
        self.down: Exception | None = None
        self.at_once: set[str] = set()
        self._under_way: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, tenant: str) -> Credentials:
        with self._lock:
            if tenant in self._under_way:
                self.at_once.add(tenant)
            self._under_way.add(tenant)
            self.opened[tenant] += 1
        try:
            if self.down:
                raise self.down
            return Credentials(
                f"AKID{tenant[-4:]}",
                f"secret of {tenant}",
                f"session of {tenant}",
                self.clock.now() + timedelta(seconds=self.life),
            )
        finally:
            with self._lock:
                self._under_way.discard(tenant)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(clock: HandClock) -> Desk:
    return Desk(clock)


@pytest.fixture
def vending(desk: Desk, clock: HandClock) -> Vending:
    return Vending(desk, clock, Dice())


def token(vending: Vending, tenant: str) -> str:
    """The session of a tenant now."""
    with Scope(tenant) as scope:
        return vending(scope).token


def test_a_tenants_session_is_opened_once_and_kept(vending: Vending, desk: Desk) -> None:
    for tenant in (TENANTS[0], TENANTS[1], TENANTS[0]):
        assert token(vending, tenant) == f"session of {tenant}"
    assert desk.opened == {TENANTS[0]: 1, TENANTS[1]: 1}


def test_a_scope_whose_call_is_over_gets_nothing_and_nothing_is_asked(vending: Vending, desk: Desk) -> None:
    scope = Scope(TENANTS[0])
    vending(scope)
    scope.close()
    with pytest.raises(TenantScopeMissing):
        vending(scope)
    other = Scope(TENANTS[1])
    other.close()
    with pytest.raises(TenantScopeMissing):
        vending(other)
    assert desk.opened == {TENANTS[0]: 1}


def test_the_ground_that_is_no_tenants_has_a_session_of_its_own(vending: Vending) -> None:
    with Scope.platform() as scope:
        assert vending(scope).token == "session of 00000000-0000-0000-0000-000000000000"


def test_sessions_are_renewed_a_quarter_of_an_hour_before_they_end_and_not_all_at_once(
    vending: Vending, desk: Desk, clock: HandClock
) -> None:
    for tenant in TENANTS:
        token(vending, tenant)
    renewed: list[int] = []
    for _ in range(60):
        before = desk.opened.total()
        for tenant in TENANTS:
            token(vending, tenant)
        renewed.append(desk.opened.total() - before)
        clock.turn(timedelta(seconds=60))
    assert set(desk.opened.values()) == {2}
    assert sum(renewed[:35]) == 0
    assert sum(renewed[35:46]) == 50
    assert max(renewed) < 15


def test_a_control_plane_that_is_away_for_a_quarter_of_an_hour_is_not_missed(
    vending: Vending, desk: Desk, clock: HandClock
) -> None:
    for tenant in TENANTS:
        token(vending, tenant)
    clock.turn(timedelta(seconds=3600 - 900))
    desk.down = Unreachable("Unreachable", "sts is gone", maybe_done=False)
    for _ in range(15 * 60 // 20):
        for tenant in TENANTS:
            assert token(vending, tenant) == f"session of {tenant}"
        clock.turn(timedelta(seconds=19))
    desk.down = None
    for tenant in TENANTS:
        assert token(vending, tenant) == f"session of {tenant}"


def test_a_tenant_without_a_session_hears_that_sts_is_away_and_others_do_not(vending: Vending, desk: Desk) -> None:
    token(vending, TENANTS[0])
    desk.down = Unreachable("Unreachable", "sts is gone", maybe_done=False)
    with pytest.raises(Unreachable):
        token(vending, TENANTS[1])
    assert token(vending, TENANTS[0]) == f"session of {TENANTS[0]}"


def test_the_tenant_that_was_served_longest_ago_is_forgotten_first(desk: Desk, clock: HandClock) -> None:
    vending = Vending(desk, clock, Dice(), most=3)
    for number in (0, 1, 2, 0, 3, 0):
        token(vending, TENANTS[number])
    assert len(vending._sessions) == 3
    assert desk.opened == {TENANTS[0]: 1, TENANTS[1]: 1, TENANTS[2]: 1, TENANTS[3]: 1}
    token(vending, TENANTS[1])
    assert desk.opened[TENANTS[1]] == 2


def test_ten_thousand_tenants_are_kept_and_no_more(desk: Desk, clock: HandClock) -> None:
    vending = Vending(desk, clock, Dice())
    for number in range(10_050):
        token(vending, str(UUID(int=number + 1)))
    assert len(vending._sessions) == 10_000


def test_tenants_that_could_not_be_served_are_forgotten_too(desk: Desk, clock: HandClock) -> None:
    vending = Vending(desk, clock, Dice(), most=3)
    desk.down = AwsError("AccessDenied")
    for tenant in TENANTS:
        with pytest.raises(AwsError):
            token(vending, tenant)
    assert len(vending._sessions) == 3


def test_a_session_that_is_being_opened_is_not_forgotten(desk: Desk, clock: HandClock) -> None:
    opening_, go_on = threading.Event(), threading.Event()

    def slow(tenant: str) -> Credentials:
        if tenant == TENANTS[0]:
            opening_.set()
            go_on.wait(30)
        return desk(tenant)

    vending = Vending(slow, clock, Dice(), most=2)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(token, vending, TENANTS[0])
        assert opening_.wait(30)
        for tenant in TENANTS[1:]:
            token(vending, tenant)
        go_on.set()
        assert first.result() == f"session of {TENANTS[0]}"
    assert token(vending, TENANTS[0]) == f"session of {TENANTS[0]}"
    assert desk.opened[TENANTS[0]] == 1


def test_many_calls_of_one_tenant_open_one_session(vending: Vending, desk: Desk) -> None:
    with ThreadPoolExecutor(16) as threads:
        found = set(threads.map(lambda _: token(vending, TENANTS[0]), range(400)))
    assert found == {f"session of {TENANTS[0]}"}
    assert desk.opened == {TENANTS[0]: 1}


class Jumpy(HandClock):
    """A clock whose time of day also goes back."""

    def jump(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


steps = st.lists(
    st.one_of(
        st.lists(st.sampled_from(range(50)), min_size=1, max_size=40).map(lambda calls: ("call", calls)),
        st.sampled_from([-86_400, -600, 61, 1800, 2900, 3300, 3599, 3601, 86_400]).map(lambda by: ("jump", by)),
        st.sampled_from([1, 61, 2900, 7200]).map(lambda by: ("turn", by)),
        st.booleans().map(lambda down: ("sts", down)),
    ),
    min_size=1,
    max_size=12,
)


@given(steps=steps, most=st.sampled_from([1, 7, 49, 10_000]))
@settings(max_examples=60)
def test_no_call_is_ever_signed_with_the_session_of_another_tenant(
    steps: Sequence[tuple[str, object]], most: int
) -> None:
    clock = Jumpy()
    desk = Desk(clock)
    with Scripted(reply()) as server, ThreadPoolExecutor(8) as threads:
        endpoint = Endpoint("dynamodb", "eu-west-1", server.url)
        client = AwsJson(Sender(endpoint, clock, Dice(), policy=Policy(tries=1)))
        vending = Vending(desk, clock, Dice(), most=most)

        def call(number: int) -> str:
            with Scope(TENANTS[number]) as scope:
                try:
                    client.call("GetItem", {"TableName": scope.tenant, "Key": {}}, vending(scope))
                except AwsError as error:
                    return error.code
                return "done"

        results: list[str] = []
        for what, value in steps:
            if what == "call":
                results += threads.map(call, value)  # type: ignore[arg-type]  # a list of numbers
            elif what == "jump":
                clock.jump(value)  # type: ignore[arg-type]  # seconds
            elif what == "turn":
                clock.turn(timedelta(seconds=value))  # type: ignore[arg-type]  # seconds
            else:
                desk.down = AwsError("StsIsDown") if value else None
        client.close()
        asked = list(server.asked)
    assert set(results) <= {"done", "StsIsDown"}
    assert len(asked) == results.count("done")
    assert [each for each in asked if not is_its_own(each)] == []
    assert desk.at_once == set()


def is_its_own(asked: Asked) -> bool:
    """Whether a request about a tenant's item was made in that tenant's session."""
    tenant = asked.json["TableName"]
    key = f"Credential=AKID{str(tenant)[-4:]}/"
    return asked.headers["x-amz-security-token"] == f"session of {tenant}" and key in asked.headers["authorization"]


def test_sessions_are_of_the_data_role_and_tagged_with_the_tenant(clock: HandClock) -> None:
    with Scripted(decide=opening(clock)) as server:
        sts = sts_of(server, clock)
        vending = Vending(data_role(sts, ROLE, lambda: KEYS), clock, Dice())
        assert token(vending, TENANTS[7]) == f"freehold-{TENANTS[7]}"
        sts.close()
        (asked,) = server.asked
    wanted = form(asked)
    assert wanted["RoleArn"] == ROLE
    assert wanted["RoleSessionName"] == f"freehold-{TENANTS[7]}"
    assert (wanted["Tags.member.1.Key"], wanted["Tags.member.1.Value"]) == ("tenant_id", TENANTS[7])
    assert "Tags.member.2.Key" not in wanted
    assert "Credential=AKIDEXAMPLE/" in asked.headers["authorization"]


@pytest.mark.parametrize("step", [hang_up, refusal("AccessDenied", status=403)], ids=["gone", "denied"])
def test_without_a_session_nothing_reaches_the_store(clock: HandClock, step: Step) -> None:
    with Scripted(step) as sts_server, Scripted(reply()) as server:
        sts = sts_of(sts_server, clock, Policy(tries=1))
        vending = Vending(data_role(sts, ROLE, lambda: KEYS), clock, Dice())
        client = AwsJson(Sender(Endpoint("dynamodb", "eu-west-1", server.url), clock, Dice()))
        with Scope(TENANTS[0]) as scope, pytest.raises(AwsError):
            client.call("GetItem", {}, vending(scope))
        sts.close()
        assert server.asked == []

"""Sessions of roles, as STS opens them."""

from datetime import timedelta

import botocore.session
import pytest
from botocore.config import Config

from freehold.aws.credentials import Credentials
from freehold.aws.failures import AccessDenied, AwsError, Throttled, Unreachable
from freehold.testing.clock import HandClock
from tests.unit.aws.scripted import KEYS, Scripted, Step, raw, reply
from tests.unit.aws.sts_kit import ROLE, form, opened, opening, refused, sts_of

TAGS = {"tenant_id": "3f2a", "plan": "gold & silver"}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_a_session_is_opened_with_its_name_and_its_tags(clock: HandClock) -> None:
    with Scripted(decide=opening(clock)) as server:
        sts = sts_of(server, clock)
        opened_ = sts.assume_role(ROLE, "freehold-3f2a", TAGS, KEYS, seconds=900)
        sts.close()
        (asked,) = server.asked
    assert opened_ == Credentials(
        "ASIA", "secret of freehold-3f2a", "freehold-3f2a", clock.now() + timedelta(seconds=3600)
    )
    assert "/sts/aws4_request" in asked.headers["authorization"]
    assert form(asked)["DurationSeconds"] == "900"


def test_what_is_asked_is_what_botocore_asks(clock: HandClock) -> None:
    session = botocore.session.Session()
    session.set_credentials(KEYS.access_key, KEYS.secret_key)
    with Scripted(decide=opening(clock)) as server:
        sts = sts_of(server, clock)
        sts.assume_role(ROLE, "name", TAGS, KEYS)
        sts.assume_role_with_web_identity(ROLE, "name", "a.b.c")
        sts.close()
        theirs = session.create_client(
            "sts", "eu-west-1", endpoint_url=server.url, config=Config(retries={"total_max_attempts": 1})
        )
        tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
        answer = theirs.assume_role(RoleArn=ROLE, RoleSessionName="name", Tags=tags, DurationSeconds=3600)
        theirs.assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="name", WebIdentityToken="a.b.c")
        theirs.close()
        ours, our_identity, their, their_identity = server.asked
    assert answer["Credentials"]["AccessKeyId"] == "ASIA"
    assert form(ours) == form(their)
    assert form(our_identity) == form(their_identity)
    assert ours.headers["content-type"] == their.headers["content-type"]
    assert "authorization" not in our_identity.headers


@pytest.mark.parametrize(
    ("code", "kind"),
    [("AccessDenied", AccessDenied), ("ExpiredTokenException", AwsError), ("RegionDisabledException", AwsError)],
)
def test_a_refusal_is_told_in_the_words_of_aws(clock: HandClock, code: str, kind: type[AwsError]) -> None:
    with Scripted(refused(code, "User: x is not authorized to perform: sts:TagSession")) as server:
        sts = sts_of(server, clock)
        with pytest.raises(AwsError) as caught:
            sts.assume_role(ROLE, "name", {}, KEYS)
        sts.close()
        assert len(server.asked) == 1
    error = caught.value
    assert (type(error), error.code, error.status, error.request_id) == (kind, code, 403, "c6104cbe")
    assert "sts:TagSession" in str(error)


@pytest.mark.parametrize(
    "step",
    [
        refused("Throttling", status=400),
        refused("IDPCommunicationError", status=400),
        refused("InternalFailure", status=500),
    ],
    ids=["throttled", "identity provider", "500"],
)
def test_what_passes_is_waited_out(clock: HandClock, step: Step) -> None:
    good = reply(opened("name", clock.now() + timedelta(hours=1)))
    with Scripted(step, step, good) as server:
        sts = sts_of(server, clock)
        assert sts.assume_role(ROLE, "name", {}, KEYS).token == "name"
        sts.close()
        assert len(server.asked) == 3


def test_throttling_that_does_not_pass_is_told(clock: HandClock) -> None:
    with Scripted(refused("Throttling", "Rate exceeded", 400)) as server:
        sts = sts_of(server, clock)
        with pytest.raises(Throttled, match="Rate exceeded"):
            sts.assume_role(ROLE, "name", {}, KEYS)
        sts.close()


GOOD = opened("name", HandClock().now() + timedelta(hours=1))
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + GOOD.replace(b"ASIA", b"&b;")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"{}",
        b"<html></html>",
        LAUGHS,
        GOOD.replace(b"<AccessKeyId>ASIA</AccessKeyId>", b""),
        GOOD.replace(b"ASIA", b""),
        GOOD.replace(b"role/data/name", b"role/data/other"),
        GOOD.replace(b"2026-01-01T01:00:00Z", b"soon"),
        GOOD.replace(b"2026-01-01T01:00:00Z", b"2026-01-01T01:00:00"),
        GOOD + b" " * (1 << 16),
    ],
    ids=[
        "empty",
        "broken",
        "json",
        "html",
        "entities",
        "no key",
        "empty key",
        "other session",
        "no time",
        "no zone",
        "large",
    ],
)
def test_an_answer_that_makes_no_sense_opens_nothing(clock: HandClock, body: bytes) -> None:
    with Scripted(reply(body)) as server:
        sts = sts_of(server, clock)
        with pytest.raises(AwsError) as caught:
            sts.assume_role(ROLE, "name", {}, KEYS)
        sts.close()
    assert caught.value.code == "BadAnswer"
    assert "secret of" not in str(caught.value)


def test_a_page_instead_of_a_failure_is_told_by_its_status(clock: HandClock) -> None:
    with Scripted(raw(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\n<html>")) as server:
        sts = sts_of(server, clock)
        with pytest.raises(AwsError) as caught:
            sts.assume_role(ROLE, "name", {}, KEYS)
        sts.close()
    assert (caught.value.code, caught.value.message) == ("403", "Forbidden")
    assert not isinstance(caught.value, Unreachable)

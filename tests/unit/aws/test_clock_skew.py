"""A clock that is wrong: the service's own is taken over, once."""

import json
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from freehold.aws.failures import AwsError
from tests.unit.aws.scripted import Asked, Desk, Scripted, Step, refusal, reply

EXPIRED = "Signature expired: 20150830T123600Z is now earlier than 20150830T124000Z (20150830T124500Z - 5 min.)"
EARLY = "Signature not yet current: 20150830T123600Z is still later than 20150830T122000Z (20150830T121500Z + 5 min.)"


class Elsewhere:
    """A service with a clock of its own, which takes what was signed within five minutes of its time."""

    def __init__(self, ahead: timedelta, code: str, message: str) -> None:
        self.ahead, self.code, self.message = ahead, code, message
        self.desk: Desk | None = None

    def decide(self, asked: Asked) -> Step:
        assert self.desk is not None
        time = self.desk.clock.now() + self.ahead
        signed = datetime.fromisoformat(asked.headers["x-amz-date"])
        if abs(time - signed) <= timedelta(minutes=5):
            return reply({"Item": {}})
        body = json.dumps({"__type": f"x#{self.code}", "message": self.message}).encode()
        return reply(body, 400, date=format_datetime(time, usegmt=True))


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=-3), timedelta(minutes=-20)], ids=str)
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
        ("InvalidSignatureException", EXPIRED),
        ("SignatureDoesNotMatch", EARLY),
        ("RequestExpired", "Request has expired."),
    ],
    ids=["skewed", "expired", "early", "request expired"],
)
def test_the_clock_of_the_service_is_taken_over_at_the_first_refusal(ahead: timedelta, code: str, message: str) -> None:
    there = Elsewhere(ahead, code, message)
    with Scripted(decide=there.decide) as server, Desk(server) as there.desk:
        for _ in range(5):
            assert there.desk.write() == {"Item": {}}
        assert len(server.asked) == 6
        assert there.desk.naps.taken == []


def test_a_clock_that_is_put_right_is_believed_again() -> None:
    there = Elsewhere(timedelta(hours=1), "RequestTimeTooSkewed", "")
    with Scripted(decide=there.decide) as server, Desk(server) as there.desk:
        there.desk.read()
        there.ahead = timedelta()
        assert there.desk.read() == {"Item": {}}
        assert len(server.asked) == 4


@pytest.mark.parametrize(
    "date", ["Sun, 30 Aug 2015 12:36:00 GMT", "yesterday", "", "Sun, 30 Aug 99999999 12:36:00 GMT"]
)
def test_a_service_that_cannot_be_pleased_is_asked_twice_at_most(date: str) -> None:
    body = json.dumps({"__type": "x#RequestTimeTooSkewed"}).encode()
    with Scripted(reply(body, 400, date=date)) as server, Desk(server) as desk:
        for _ in range(3):
            with pytest.raises(AwsError) as caught:
                desk.read()
            assert caught.value.code == "RequestTimeTooSkewed"
        assert 3 <= len(server.asked) <= 4


def test_a_signature_that_is_wrong_in_itself_says_nothing_of_the_time() -> None:
    with Scripted(
        refusal("InvalidSignatureException", "The request signature we calculated does not match.")
    ) as server:
        with Desk(server) as desk, pytest.raises(AwsError, match="was not accepted"):
            desk.read()
        assert len(server.asked) == 1

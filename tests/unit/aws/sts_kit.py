"""STS on loopback: opens sessions whose keys say whose they are."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from freehold.aws.endpoints import Endpoint
from freehold.aws.retries import Policy
from freehold.aws.sending import Sender
from freehold.aws.sts import Sts
from freehold.testing.clock import HandClock
from tests.unit.aws.scripted import Asked, Dice, Naps, Scripted, Step, reply

ROLE = "arn:aws:iam::123456789012:role/data"
XMLNS = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'


def form(asked: Asked) -> dict[str, str]:
    """What a request asked for."""
    return {name: values[0] for name, values in parse_qs(asked.body.decode(), strict_parsing=True).items()}


def opened(session: str, expires: datetime, action: str = "AssumeRole", key: str = "ASIA") -> bytes:
    """The XML of a session, as AWS writes it."""
    return f"""<{action}Response {XMLNS}>
  <{action}Result>
    <AssumedRoleUser>
      <AssumedRoleId>AROA:{session}</AssumedRoleId>
      <Arn>arn:aws:sts::123456789012:assumed-role/data/{session}</Arn>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>{key}</AccessKeyId>
      <SecretAccessKey>secret of {session}</SecretAccessKey>
      <SessionToken>{session}</SessionToken>
      <Expiration>{expires.strftime("%Y-%m-%dT%H:%M:%SZ")}</Expiration>
    </Credentials>
  </{action}Result>
  <ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata>
</{action}Response>""".encode()


def refused(code: str, message: str = "no", status: int = 403) -> Step:
    """A failure, as STS writes one."""
    text = f"<ErrorResponse {XMLNS}><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return reply(f"{text}<RequestId>c6104cbe</RequestId></ErrorResponse>".encode(), status, x_amz_crc32="")


def opening(clock: HandClock, seconds: float = 3600) -> Callable[[Asked], Step]:
    """Opens whatever session is asked for."""

    def decide(asked: Asked) -> Step:
        wanted = form(asked)
        return reply(opened(wanted["RoleSessionName"], clock.now() + timedelta(seconds=seconds), wanted["Action"]))

    return decide


def sts_of(server: Scripted, clock: HandClock, policy: Policy | None = None) -> Sts:
    """A client of it."""
    endpoint = Endpoint("sts", "eu-west-1", server.url)
    return Sts(Sender(endpoint, clock, Dice(), policy=policy or Policy(seconds=20, each=5), sleep=Naps(clock)))

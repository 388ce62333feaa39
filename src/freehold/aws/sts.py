"""AWS Security Token Service: keys for a session, made from other keys or from a web identity.

The one service here that speaks the query protocol: a form goes out, XML comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from freehold.aws.credentials import Credentials
from freehold.aws.failures import AwsError, Unreachable, failure_of
from freehold.aws.incoming import Answer
from freehold.aws.sending import Draft, Sender

_FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
_LARGEST = 1 << 16  # bytes of an answer; they have two thousand
_VERSION = "2011-06-15"


class Sts:
    """Opens sessions of a role."""

    def __init__(self, sender: Sender) -> None:
        """Send through `sender`, which is for `sts`."""
        self._sender = sender

    def assume_role(
        self, role: str, session: str, tags: Mapping[str, str], credentials: Credentials, *, seconds: int = 3600
    ) -> Credentials:
        """Keys for a session of the role with this ARN, named `session`, and with `tags` that policies can ask for.

        They count for `seconds`: 900 to 3600 where the credentials are of a role themselves. Raises `AwsError`.
        """
        form = {"RoleArn": role, "RoleSessionName": session, "DurationSeconds": str(seconds)}
        for number, (key, value) in enumerate(tags.items(), 1):
            form[f"Tags.member.{number}.Key"], form[f"Tags.member.{number}.Value"] = key, value
        return self._opened("AssumeRole", form, credentials)

    def assume_role_with_web_identity(self, role: str, session: str, token: str) -> Credentials:
        """Keys for a session of the role, for whoever has this OpenID token. Raises `AwsError`."""
        form = {"RoleArn": role, "RoleSessionName": session, "WebIdentityToken": token}
        return self._opened("AssumeRoleWithWebIdentity", form, None)

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    def _opened(self, action: str, form: Mapping[str, str], credentials: Credentials | None) -> Credentials:
        body = urlencode({"Action": action, "Version": _VERSION, **form}).encode()
        # A session more is no harm: it is another key, which nobody has.
        answer = self._sender.send(Draft(_FORM, body, repeatable=True), credentials, _read)
        if _text(answer, "AssumedRoleUser/Arn").rpartition("/")[2] != form["RoleSessionName"]:
            raise Unreachable("BadAnswer", "sts answers with the session of somebody else", maybe_done=True)
        expires = _text(answer, "Credentials/Expiration")
        return Credentials(
            _text(answer, "Credentials/AccessKeyId"),
            _text(answer, "Credentials/SecretAccessKey"),
            _text(answer, "Credentials/SessionToken"),
            parse_time(expires),
        )


def parse_time(text: str) -> datetime:
    """A time as AWS writes it (ISO 8601, with its zone). Raises `AwsError` for any other text."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise AwsError("BadAnswer", "the time at which credentials expire cannot be read")
    return time


def _read(answer: Answer) -> ET.Element:
    """The result in an answer. Raises `AwsError` for a failure."""
    tree = _tree(answer.body)
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        code, message, id = (
            (tree.findtext(path) or "" if tree is not None else "")
            for path in ("{*}Error/{*}Code", "{*}Error/{*}Message", "{*}RequestId")
        )
        raise failure_of(code, message, status=answer.status, request_id=id)
    result = None if tree is None else next((part for part in tree if part.tag.endswith("Result")), None)
    if result is None:
        raise Unreachable("BadAnswer", "an answer of sts cannot be read", maybe_done=True)
    return result


def _tree(body: bytes) -> ET.Element | None:
    # An answer declares no entities, which is how a few bytes of XML become gigabytes.
    if len(body) > _LARGEST or b"<!" in body:
        return None
    try:
        return ET.fromstring(body)  # noqa: S314  # bounded, without declarations, and from AWS itself
    except ET.ParseError:
        return None


def _text(result: ET.Element, path: str) -> str:
    text = result.findtext("/".join(f"{{*}}{part}" for part in path.split("/")))
    if not text:
        raise Unreachable("BadAnswer", f"an answer of sts has no {path}", maybe_done=True)
    return text

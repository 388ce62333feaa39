"""Where the process's own credentials come from, as its environment says: the ways that AWS starts a program in.

In order: keys in the environment (Lambda), a web identity (EKS), the container's endpoint (ECS, EKS). What a developer
has, profiles and single sign-on, is left to botocore, which is loaded only then.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic_core import from_json

from freehold.aws.boto import botocore_source
from freehold.aws.credentials import Credentials, Refreshing, Source
from freehold.aws.failures import AwsError
from freehold.aws.sts import Sts, parse_time
from freehold.aws.transport import Connections, Request
from freehold.runtime.ports import Clock

_CONTAINER = "http://169.254.170.2"
_HOSTS = frozenset({"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost"})  # ECS, EKS, and this machine
_PATIENCE = 2.0  # seconds that the container's endpoint, which is on the same machine, may take
_LARGEST = 1 << 16  # bytes of an answer
_RELATIVE, _FULL = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_TOKEN, _TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"


def source_in(environment: Mapping[str, str], clock: Clock, sts: Sts) -> Source:
    """The source that the environment names. `sts` is asked for web identities only. Raises `AwsError`."""
    if environment.get("AWS_ACCESS_KEY_ID") or environment.get("AWS_SECRET_ACCESS_KEY"):
        fixed = environment_credentials(environment)
        return lambda: fixed
    if profile := environment.get("AWS_PROFILE"):
        return botocore_source(profile)
    if environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return Refreshing(WebIdentity(environment, sts), clock)
    if environment.get(_RELATIVE) or environment.get(_FULL):
        return Refreshing(ContainerEndpoint(environment, clock), clock)
    return botocore_source()


def environment_credentials(environment: Mapping[str, str]) -> Credentials:
    """The keys in the environment. Raises `AwsError` for half a pair."""
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        missing = "AWS_SECRET_ACCESS_KEY" if key else "AWS_ACCESS_KEY_ID"
        raise AwsError("PartialCredentials", f"{missing} is not set, and its other half is")
    expires = environment.get("AWS_CREDENTIAL_EXPIRATION")
    return Credentials(key, secret, environment.get("AWS_SESSION_TOKEN", ""), parse_time(expires) if expires else None)


class WebIdentity:
    """A role for whoever holds a token that the platform keeps in a file. A `Source`."""

    def __init__(self, environment: Mapping[str, str], sts: Sts) -> None:
        """Read nothing yet: the file is rewritten as tokens expire. Raises `AwsError` without a role."""
        self._role, self._file = environment.get("AWS_ROLE_ARN", ""), environment["AWS_WEB_IDENTITY_TOKEN_FILE"]
        self._session = environment.get("AWS_ROLE_SESSION_NAME") or "freehold"
        self._sts = sts
        if not self._role:
            raise AwsError("NoCredentials", "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not")

    def __call__(self) -> Credentials:
        """Ask for a session. Raises `AwsError`."""
        token = _read_file(self._file, "AWS_WEB_IDENTITY_TOKEN_FILE")
        return self._sts.assume_role_with_web_identity(self._role, self._session, token)


class ContainerEndpoint:
    """The endpoint that ECS and EKS put next to a container. A `Source`."""

    def __init__(self, environment: Mapping[str, str], clock: Clock) -> None:
        """Raises `AwsError` for an address that would give the authorization token away to the network."""
        relative = environment.get(_RELATIVE)
        url = f"{_CONTAINER}{relative}" if relative else environment[_FULL]
        try:
            parts = urlsplit(url)
            self._connections = Connections(url, clock)
        except ValueError:
            raise AwsError("NoCredentials", f"{_FULL} is not an address") from None
        if parts.scheme != "https" and not _is_near(parts.hostname or ""):
            raise AwsError("NoCredentials", f"{_FULL} is neither https nor an address of this machine")
        self._path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        self._token, self._token_file = environment.get(_TOKEN, ""), environment.get(_TOKEN_FILE)
        self._clock = clock

    def __call__(self) -> Credentials:
        """Ask for keys. Raises `AwsError`."""
        headers = {"accept": "application/json"}
        if token := _read_file(self._token_file, _TOKEN_FILE) if self._token_file else self._token:
            headers["authorization"] = token
        request = Request(headers, method="GET", path=self._path)
        answer = self._connections.exchange(request, self._clock.monotonic() + _PATIENCE, repeatable=True)
        if answer.status != HTTPStatus.OK:
            raise AwsError("NoCredentials", "the container's endpoint gives no credentials", status=answer.status)
        return _read_keys(answer.body)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()


def _is_near(host: str) -> bool:
    if host in _HOSTS:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _read_keys(body: bytes) -> Credentials:
    try:
        read: object = from_json(body) if len(body) <= _LARGEST else None
    except ValueError:
        read = None
    names = ("AccessKeyId", "SecretAccessKey", "Token", "Expiration")
    found = [read.get(name) for name in names] if isinstance(read, dict) else []
    texts = [value for value in found if isinstance(value, str) and value]
    if len(texts) != len(names):
        raise AwsError("NoCredentials", "the answer of the container's endpoint cannot be read")
    key, secret, token, expires = texts
    return Credentials(key, secret, token, parse_time(expires))


def _read_file(path: str, setting: str) -> str:
    try:
        text = Path(path).read_text().strip()
    except (OSError, UnicodeError):
        text = ""
    if not text:
        raise AwsError("NoCredentials", f"the file that {setting} names cannot be read, or is empty")
    return text

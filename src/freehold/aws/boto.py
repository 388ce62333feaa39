"""boto3 behind the same port: slower, and right by definition, so that our own client is held against it.

The only place that knows boto3 and botocore, which are loaded when something here is chosen and never before.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import Any, cast

from freehold.aws.credentials import Credentials, Source
from freehold.aws.endpoints import Endpoint
from freehold.aws.failures import AwsError, Unreachable, failure_of
from freehold.aws.json_call import is_repeatable, reasons_in
from freehold.aws.retries import STANDARD, Policy, Retries
from freehold.runtime.ports import Clock, Random

_NAMES = {"states": "stepfunctions"}  # where boto3's name for a service is not that of its address
_NOT_SENT = frozenset({"ConnectTimeoutError", "EndpointConnectionError", "SSLError", "ProxyConnectionError"})
_TIMEOUTS = frozenset({"ConnectTimeoutError", "ReadTimeoutError"})
_CODES = {
    "ChecksumError": "BadChecksum",
    "ResponseParserError": "BadAnswer",
    "ConnectionClosedError": "ConnectionLost",
    "ResponseStreamingError": "ConnectionLost",
    "HTTPClientError": "ConnectionLost",
}


class Boto:
    """Calls one service through boto3. Fills the port `AwsClient`."""

    def __init__(self, endpoint: Endpoint, clock: Clock, random: Random, *, policy: Policy = STANDARD) -> None:
        """Load boto3 and make its client. Tries again by our policy and not by its own. Raises `AwsError` without it.

        The policy's seconds are kept to within one try: boto3 bounds each wait for the network, and not their sum.
        """
        self._retries = Retries(policy, clock, random)
        self._signing = _PerCall()
        self._client = _client(endpoint, policy, self._signing)
        self._errors = _errors()

    def call(self, operation: str, request: Mapping[str, object], credentials: Credentials) -> Mapping[str, object]:
        """See `AwsClient.call`."""
        model = self._client.meta.service_model
        shapes = model.operation_model(operation)
        method = getattr(self._client, import_module("botocore").xform_name(operation))
        given = cast("Mapping[str, object]", _converted(shapes.input_shape, request, _sent))

        def attempt(_until: float) -> Mapping[str, object]:
            try:
                answer = self._signing.during(credentials, lambda: method(**given))
            except self._errors as error:
                raise _failure(error, model) from None  # the cause may quote what was sent
            answer.pop("ResponseMetadata", None)
            return cast("Mapping[str, object]", _converted(shapes.output_shape, answer, _received))

        return self._retries.run(attempt, repeatable=is_repeatable(operation, request))

    def close(self) -> None:
        """See `AwsClient.close`."""
        self._client.close()


def botocore_source(profile: str | None = None) -> Source:
    """What botocore finds: profiles, single sign-on, the instance's role. It reads the environment itself.

    Raises `AwsError` when botocore is not there, or finds nothing. Asked for each call: botocore renews what expires.
    """
    session = _load("botocore.session").Session(profile=profile)
    try:
        found = session.get_credentials()
    except _errors() as error:
        raise _unavailable(error) from None
    if found is None:
        raise AwsError("NoCredentials", "no credentials: not in the environment, and botocore finds none")

    def current() -> Credentials:
        try:
            frozen = found.get_frozen_credentials()
        except _errors() as error:
            raise _unavailable(error) from None
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token or "")

    return current


class _PerCall:
    """Stands in for botocore's credentials: one client serves all tenants, and each call is signed with its own."""

    def __init__(self) -> None:
        self._here = threading.local()

    def during(self, credentials: Credentials, work: Callable[[], dict[str, object]]) -> dict[str, object]:
        self._here.credentials = credentials
        try:
            return work()
        finally:
            del self._here.credentials

    def get_frozen_credentials(self) -> object:
        own: Credentials = self._here.credentials
        kind = _load("botocore.credentials").ReadOnlyCredentials
        return kind(own.access_key, own.secret_key, own.token or None)

    def get_deferred_property(self, _name: str) -> Callable[[], None]:
        return lambda: None


def _client(endpoint: Endpoint, policy: Policy, signing: _PerCall) -> Any:  # noqa: ANN401  # it is untyped
    config = _load("botocore.config").Config(
        region_name=endpoint.region,
        connect_timeout=policy.each,
        read_timeout=policy.each,
        retries={"total_max_attempts": 1, "mode": "legacy"},  # the mode that compares the checksums of DynamoDB
        parameter_validation=False,  # so that wrong requests are refused by AWS, in its words
        account_id_endpoint_mode="disabled",
        tcp_keepalive=True,
    )
    core = _load("botocore.session").Session()
    core._credentials = signing  # noqa: SLF001  # there is no public way to sign each call with other keys
    session = _load("boto3.session").Session(botocore_session=core)
    return session.client(_NAMES.get(endpoint.service, endpoint.service), endpoint_url=endpoint.url, config=config)


def _load(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError:
        message = f"{name.partition('.')[0]} is needed here and is not installed: install freehold[boto3]"
        raise AwsError("BotoMissing", message) from None


def _errors() -> tuple[type[Exception], ...]:
    known = _load("botocore.exceptions")
    return known.BotoCoreError, known.ClientError


def _unavailable(error: Exception) -> AwsError:
    return AwsError("NoCredentials", f"botocore cannot get credentials: {type(error).__name__}")


def _failure(error: Exception, model: Any) -> AwsError:  # noqa: ANN401  # it is untyped
    """The failure that our own client would have raised."""
    name = type(error).__name__
    response: Any = getattr(error, "response", None)
    if not isinstance(response, dict):
        # Only those that botocore raises are known; whatever else it is may have come at any point.
        code = "Timeout" if name in _TIMEOUTS else _CODES.get(name, "Unreachable")
        return Unreachable(code, f"boto3 has no answer: {name}", maybe_done=name not in _NOT_SENT)
    said, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    shape = model.shape_for_error_code(said.get("Code", ""))
    body = response if shape is None else cast("Mapping[str, object]", _converted(shape, response, _received))
    return failure_of(
        str(said.get("Code", "")),
        str(said.get("Message", "")),
        status=int(metadata.get("HTTPStatusCode", 0)),
        request_id=str(metadata.get("RequestId") or metadata.get("HTTPHeaders", {}).get("x-amzn-requestid", "")),
        reasons=reasons_in(body),
    )


def _converted(shape: Any, value: object, leaf: Callable[[str, object], object]) -> object:  # noqa: ANN401  # untyped
    """A value with each of its leaves converted as the type in the service's model asks for."""
    kind = getattr(shape, "type_name", "")
    if kind == "structure" and isinstance(value, Mapping):
        members = shape.members
        return {name: _converted(members.get(name), part, leaf) for name, part in value.items()}
    if kind == "map" and isinstance(value, Mapping):
        return {name: _converted(shape.value, part, leaf) for name, part in value.items()}
    if kind == "list" and isinstance(value, list | tuple):
        return [_converted(shape.member, part, leaf) for part in value]
    return leaf(kind, value)


def _sent(kind: str, value: object) -> object:
    """From the wire's form to boto3's."""
    return base64.b64decode(value) if kind == "blob" and isinstance(value, str) else value


def _received(kind: str, value: object) -> object:
    """From boto3's form to the wire's."""
    if kind == "blob" and isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.timestamp() if isinstance(value, datetime) else value

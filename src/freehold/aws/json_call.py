"""Calls to the services that speak JSON over POST (AWS JSON 1.0 and 1.1), such as DynamoDB, SQS and EventBridge."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from pydantic_core import PydanticSerializationError, from_json, to_json

from freehold.aws.credentials import Credentials
from freehold.aws.failures import AwsError, CancellationReason, Unreachable, failure_of
from freehold.aws.incoming import Answer
from freehold.aws.sending import Draft, Sender

_READS = ("BatchGet", "Describe", "Get", "List", "Query", "Scan", "TransactGet")


@dataclass(frozen=True, slots=True)
class Target:
    """How a service names its operations."""

    prefix: str
    version: str
    """Of AWS JSON: `1.0` or `1.1`."""


TARGETS: Mapping[str, Target] = {
    "dynamodb": Target("DynamoDB_20120810", "1.0"),
    "sqs": Target("AmazonSQS", "1.0"),
    "events": Target("AWSEvents", "1.1"),
    "states": Target("AWSStepFunctions", "1.0"),
}
"""The services that can be called, by the name in their addresses."""


class AwsJson:
    """Calls one service. Fills the port `AwsClient`."""

    def __init__(self, sender: Sender) -> None:
        """Call the service that `sender` sends to, one of `TARGETS`."""
        self._sender = sender
        self._service = sender.endpoint.service
        target = TARGETS[self._service]
        self._prefix = target.prefix
        self._content_type = f"application/x-amz-json-{target.version}"

    def call(self, operation: str, request: Mapping[str, object], credentials: Credentials) -> Mapping[str, object]:
        """See `AwsClient.call`."""
        headers = {"content-type": self._content_type, "x-amz-target": f"{self._prefix}.{operation}"}
        try:
            body = to_json(request)
        except (PydanticSerializationError, UnicodeError):
            message = f"the request of {operation} cannot be written as JSON"
            raise AwsError("UnsendableRequest", message) from None  # the cause quotes what could not be written
        draft = Draft(headers, body, is_repeatable(operation, request))
        return self._sender.send(draft, credentials, self._read)

    def close(self) -> None:
        """See `AwsClient.close`."""
        self._sender.close()

    def _read(self, answer: Answer) -> Mapping[str, object]:
        expected = answer.headers.get("x-amz-crc32")
        if expected is not None and expected != str(zlib.crc32(answer.body)):
            raise self._unreadable("BadChecksum", "an answer of %s was altered on its way")
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise _failure(answer)
        try:
            read: object = from_json(answer.body or b"{}", cache_strings="keys")
        except ValueError:
            read = None
        if not isinstance(read, dict):
            raise self._unreadable("BadAnswer", "an answer of %s is not a JSON object")
        return read

    def _unreadable(self, code: str, message: str) -> Unreachable:
        return Unreachable(code, message % self._service, maybe_done=True)


def is_repeatable(operation: str, request: Mapping[str, object]) -> bool:
    """Whether to ask twice is as good as once: for what only reads, and for a write that carries a token of its own."""
    return operation.startswith(_READS) or bool(request.get("ClientRequestToken"))


def _failure(answer: Answer) -> AwsError:
    """The failure in an answer, as botocore reads it."""
    try:
        read: object = from_json(answer.body)
    except ValueError:
        read = None
    body: Mapping[str, object] = read if isinstance(read, dict) else {}
    # The services that once spoke the query protocol keep the codes that they had then, in a header.
    match answer.headers.get("x-amzn-query-error", "").split(";"):
        case [code, _] if code:
            pass
        case _:
            code = str(body.get("__type") or answer.headers.get("x-amzn-errortype", ""))
            code = code.partition(":")[0].rpartition("#")[2]
    return failure_of(
        code,
        _text(body.get("message") or body.get("Message")),
        status=answer.status,
        request_id=answer.headers.get("x-amzn-requestid", ""),
        reasons=reasons_in(body),
    )


def reasons_in(body: Mapping[str, object]) -> list[CancellationReason]:
    """Why a transaction was cancelled, one reason for each of its actions, in their order."""
    listed = body.get("CancellationReasons")
    reasons: list[CancellationReason] = []
    for each in listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ():
        reason: Mapping[str, object] = each if isinstance(each, Mapping) else {}
        item = reason.get("Item")
        reasons.append(
            CancellationReason(
                str(reason.get("Code") or "None"),
                _text(reason.get("Message")),
                item if isinstance(item, Mapping) else None,
            )
        )
    return reasons


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

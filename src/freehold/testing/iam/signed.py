"""A DynamoDB call as it comes over HTTP: who signed it, and what it asks.

Anything that could be read in two ways, here in one and by the emulator in the other, is refused.

Source: AWS General Reference, "Signature Version 4"; Amazon DynamoDB Developer Guide, "DynamoDB low-level API".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from freehold.edges.jose import read_object
from freehold.testing.iam.dynamodb import STREAM_OPERATIONS
from freehold.testing.iam.refusal import Unsupported

Headers = Sequence[tuple[str, str]]

_CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[\w.-]+)/\d{8}/(?P<region>[a-z0-9-]+)/dynamodb/aws4_request,\s*"
    r"SignedHeaders=[a-z0-9;-]+,\s*Signature=[0-9a-f]{64}"
)
_TARGET = re.compile(r"(?P<service>DynamoDB|DynamoDBStreams)_20120810\.(?P<operation>[A-Za-z]+)")
_NEVER = ("content-encoding", "transfer-encoding")
_JSON = "application/x-amz-json-1.0"


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed a request, and for which region. The signature itself is not checked: nobody here has the secret."""

    access_key: str
    region: str

    @classmethod
    def read(cls, headers: Headers) -> Signed:
        """Read the header `Authorization`. Raises `Unsupported` when it is not there once, in the form SDKs write."""
        found = _CREDENTIAL.fullmatch(_single(headers, "authorization"))
        if found is None:
            raise Unsupported("BAD_SIGNATURE", "the request is not signed for DynamoDB with AWS4-HMAC-SHA256")
        return cls(found["key"], found["region"])


def read_operation(headers: Headers) -> str:
    """The operation. Raises `Unsupported` when the headers do not name one and only one."""
    for name, value in headers:
        if name.lower() in _NEVER or re.search(r"[\r\n]", name + value):
            raise Unsupported("BAD_HEADER", f"the header {name} is not understood here")
    if _single(headers, "content-type").lower() != _JSON:
        raise Unsupported("BAD_HEADER", f"the content is not of the type {_JSON}")
    found = _TARGET.fullmatch(_single(headers, "x-amz-target"))
    if found is None or (found["operation"] in STREAM_OPERATIONS) != (found["service"] == "DynamoDBStreams"):
        raise Unsupported("UNKNOWN_OPERATION", "X-Amz-Target names no operation of DynamoDB")
    return found["operation"]


def read_request(body: bytes) -> Mapping[str, object]:
    """The request. Raises `Unsupported` for JSON that two readers could take for two things."""
    try:
        return read_object(body)
    except ValueError as error:
        raise Unsupported("BAD_JSON", f"the request is no JSON with one meaning: {error}") from None


def _single(headers: Headers, wanted: str) -> str:
    found = [value.strip() for name, value in headers if name.lower() == wanted]
    if len(found) != 1:
        raise Unsupported("BAD_HEADER", f"the header {wanted} is there {len(found)} times, not once")
    return found[0]

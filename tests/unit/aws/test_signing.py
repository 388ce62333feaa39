"""Signatures, held against botocore's and against those that AWS publishes."""

import json
from datetime import UTC, datetime, timedelta, timezone

import botocore.auth
import botocore.credentials
import pytest
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st

from freehold.aws.credentials import Credentials
from freehold.aws.signing import Signer
from tests.unit.aws.requests_kit import items, keys, moments, on_the_wire, regions, services, written_by_botocore
from tests.unit.aws.scripted import KEYS, Desk, Scripted

MOMENT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
HEADERS = {
    "content-type": "application/x-amz-json-1.0",
    "host": "dynamodb.eu-west-1.amazonaws.com",
    "x-amz-target": "DynamoDB_20120810.GetItem",
}


def signed_by_botocore(
    headers: dict[str, str], body: bytes, credentials: Credentials, at: datetime, service: str, region: str
) -> dict[str, str]:
    """What botocore would send for the same request."""
    request = AWSRequest("POST", f"https://{headers['host']}/", headers, body)
    theirs = botocore.credentials.Credentials(credentials.access_key, credentials.secret_key, credentials.token or None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: at.astimezone(UTC).replace(tzinfo=None))
        botocore.auth.SigV4Auth(theirs, service, region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@given(item=items, credentials=keys, at=moments, region=regions, service=services)
def test_every_header_is_what_botocore_sends(
    item: dict[str, object], credentials: Credentials, at: datetime, region: str, service: str
) -> None:
    headers, body = written_by_botocore("dynamodb", "PutItem", {"TableName": "t", "Item": item})
    headers = {**{name.lower(): value for name, value in headers.items()}, "host": f"{service}.{region}.amazonaws.com"}
    ours = Signer(service, region).sign(headers, body, credentials, at)
    assert ours == signed_by_botocore(headers, body, credentials, at, service, region)


@given(body=st.binary(max_size=200), credentials=keys, at=moments, hours=st.integers(-12, 14))
def test_any_body_is_signed_and_any_zone_is_understood(
    body: bytes, credentials: Credentials, at: datetime, hours: int
) -> None:
    elsewhere = at.astimezone(timezone(timedelta(hours=hours)))
    ours = Signer("sqs", "us-east-1").sign(HEADERS, body, credentials, elsewhere)
    assert ours == signed_by_botocore(HEADERS, body, credentials, at, "sqs", "us-east-1")


@pytest.mark.parametrize(
    ("headers", "signature"),
    [
        ({}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ({"my-header1": "value1"}, "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
        ({"my-header1": "VALUE1"}, "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
    ],
    ids=["post-vanilla", "post-header-key-sort", "post-header-value-case"],
)
def test_the_examples_that_aws_publishes_come_out_right(headers: dict[str, str], signature: str) -> None:
    sent = Signer("service", "us-east-1").sign({"host": "example.amazonaws.com", **headers}, b"", KEYS, MOMENT)
    assert sent["authorization"].endswith(f"Signature={signature}")


def test_a_session_token_is_signed_too() -> None:
    one, other = (
        Signer("dynamodb", "eu-west-1").sign(HEADERS, b"{}", Credentials("A", "S", token), MOMENT)
        for token in ("one", "other")
    )
    assert one["x-amz-security-token"] == "one"
    assert "x-amz-security-token" in one["authorization"]
    assert one["authorization"] != other["authorization"]


def test_what_was_signed_yesterday_leaves_today_as_it_is() -> None:
    signer = Signer("dynamodb", "eu-west-1")
    for day in (0, 1, 0, 2, 1):
        at = MOMENT + timedelta(days=day)
        assert signer.sign(HEADERS, b"", KEYS, at) == Signer("dynamodb", "eu-west-1").sign(HEADERS, b"", KEYS, at)


def test_the_keys_that_are_kept_do_not_grow_for_ever() -> None:
    signer = Signer("dynamodb", "eu-west-1")
    for number in range(3000):
        signer.sign(HEADERS, b"", Credentials("A", f"secret-{number}"), MOMENT)
    assert len(signer._keys) <= 1024


@given(item=items)
def test_a_body_says_what_botocore_would_say(item: dict[str, object]) -> None:
    request = {"TableName": "t", "Item": item, "ReturnConsumedCapacity": "TOTAL"}
    _, theirs = written_by_botocore("dynamodb", "PutItem", request)
    with Scripted() as server, Desk(server) as desk:
        desk.client.call("PutItem", {**request, "Item": on_the_wire(item)}, KEYS)
        (asked,) = server.asked
    assert json.loads(asked.body) == json.loads(theirs)


@given(item=items, credentials=keys)
def test_what_arrives_carries_the_signature_of_what_arrives(item: dict[str, object], credentials: Credentials) -> None:
    with Scripted() as server, Desk(server) as desk:
        desk.client.call("PutItem", {"TableName": "t", "Item": on_the_wire(item)}, credentials)
        (asked,) = server.asked
    signed = asked.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: asked.headers[name] for name in signed if name not in {"x-amz-date", "x-amz-security-token"}}
    theirs = signed_by_botocore(headers, asked.body, credentials, desk.clock.now(), "dynamodb", "eu-west-1")
    assert asked.headers["authorization"] == theirs["authorization"]
    assert {"host", "content-type", "x-amz-target"} <= set(signed)

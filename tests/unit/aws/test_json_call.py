"""Calls, and what is tried again: what cannot be done twice, later, and seldom."""

import pytest

from freehold.aws.failures import AccessDenied, AwsError, Throttled, Unreachable
from freehold.aws.json_call import is_repeatable
from freehold.aws.retries import Policy
from tests.unit.aws.scripted import (
    KEYS,
    QUICK,
    READ,
    Desk,
    Scripted,
    Step,
    hang_up,
    operations,
    raw,
    refusal,
    reply,
    reset,
    written,
)

THROTTLED = refusal("ProvisionedThroughputExceededException")
BROKEN = refusal("InternalServerError", status=500)
ALTERED = raw(written({"Item": {}}, x_amz_crc32="1"))
OK = reply({"Item": {"pk": {"S": "a"}}})


def test_a_call_says_what_it_wants_and_hands_back_the_answer() -> None:
    with Scripted(OK) as server, Desk(server) as desk:
        assert desk.read() == {"Item": {"pk": {"S": "a"}}}
        (asked,) = server.asked
    assert asked.headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert asked.headers["content-type"] == "application/x-amz-json-1.0"
    assert asked.json == READ[1]


@pytest.mark.parametrize(
    ("service", "target", "version"),
    [
        ("sqs", "AmazonSQS.SendMessage", "1.0"),
        ("events", "AWSEvents.SendMessage", "1.1"),
        ("states", "AWSStepFunctions.SendMessage", "1.0"),
    ],
)
def test_other_services_are_called_by_their_names(service: str, target: str, version: str) -> None:
    with Scripted(reply(b"")) as server, Desk(server, service=service) as desk:
        assert desk.client.call("SendMessage", {}, KEYS) == {}
        (asked,) = server.asked
    assert asked.headers["x-amz-target"] == target
    assert asked.headers["content-type"] == f"application/x-amz-json-{version}"


@pytest.mark.parametrize(
    "text", ["", "ü", "日本語", "🌱", "\u2028", "\x00", '"\\', "x" * 100_000], ids=lambda t: ascii(t)[:9]
)
def test_text_comes_and_goes_as_it_is(text: str) -> None:
    with Scripted(decide=lambda asked: reply(asked.json)) as server, Desk(server) as desk:
        item = {"Item": {"pk": {"S": text}, text: {"N": "1E-130"}}}
        assert desk.client.call("PutItem", item, KEYS) == item


@pytest.mark.parametrize(
    "request_", [{"a": object()}, {"a": "\ud800"}, {"a": b"\xff"}], ids=["object", "surrogate", "bytes"]
)
def test_what_cannot_be_written_is_refused_and_not_quoted(request_: dict[str, object]) -> None:
    with Scripted() as server, Desk(server) as desk:
        with pytest.raises(AwsError, match="PutItem cannot be written") as caught:
            desk.client.call("PutItem", request_, KEYS)
        assert (caught.value.code, server.asked) == ("UnsendableRequest", [])
        assert caught.value.__suppress_context__


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_who_is_throttled_comes_back_later(writes: bool) -> None:
    with Scripted(THROTTLED, THROTTLED, OK) as server, Desk(server) as desk:
        assert (desk.write() if writes else desk.read())["Item"]
        assert len(server.asked) == 3
        first, second = desk.naps.taken
    assert 0 <= first <= QUICK.first
    assert 0 <= second <= 2 * QUICK.first


def test_every_try_is_signed_when_it_is_made() -> None:
    policy = Policy(seconds=100, first=30, most=30)
    with Scripted(THROTTLED, THROTTLED, OK) as server, Desk(server, policy=policy) as desk:
        desk.read()
        assert len({asked.headers["x-amz-date"] for asked in server.asked}) == 3


@pytest.mark.parametrize(
    "code",
    [
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "LimitExceededException",
        "TooManyRequestsException",
        "RequestThrottled",
    ],
)
def test_who_is_throttled_for_too_long_is_told(code: str) -> None:
    with Scripted(refusal(code)) as server, Desk(server) as desk:
        with pytest.raises(Throttled) as caught:
            desk.write()
        assert (caught.value.code, caught.value.maybe_done, len(server.asked)) == (code, False, 4)


BROKEN_WAYS = pytest.mark.parametrize(
    "step",
    [
        BROKEN,
        refusal("ServiceUnavailable", status=503),
        reply(b"<html>", 502),
        hang_up,
        reset,
        ALTERED,
        reply(b"[]"),
        reply(b"<"),
    ],
    ids=["500", "503", "502", "close", "reset", "altered", "no object", "no JSON"],
)


@BROKEN_WAYS
def test_a_read_is_asked_again_after_any_accident(step: Step) -> None:
    with Scripted(step, step, OK) as server, Desk(server) as desk:
        assert desk.read()["Item"]
        assert operations(server.asked) == ["GetItem"] * 3


@BROKEN_WAYS
def test_a_write_with_a_token_of_its_own_is_sent_again_unchanged(step: Step) -> None:
    with Scripted(step, step, OK) as server, Desk(server) as desk:
        assert desk.write(token="once")["Item"]
        assert len({asked.body for asked in server.asked}) == 1
        assert len(server.asked) == 3


@BROKEN_WAYS
def test_any_other_write_is_sent_once_and_may_have_been_done(step: Step) -> None:
    with Scripted(step, OK) as server, Desk(server) as desk:
        with pytest.raises(AwsError) as caught:
            desk.write()
        assert (caught.value.maybe_done, len(server.asked)) == (True, 1)


@pytest.mark.parametrize(
    ("operation", "request_", "expected"),
    [
        ("GetItem", {}, True),
        ("BatchGetItem", {}, True),
        ("Query", {}, True),
        ("TransactGetItems", {}, True),
        ("DescribeTable", {}, True),
        ("ListTables", {}, True),
        ("PutItem", {}, False),
        ("UpdateItem", {}, False),
        ("BatchWriteItem", {}, False),
        ("TransactWriteItems", {}, False),
        ("TransactWriteItems", {"ClientRequestToken": ""}, False),
        ("TransactWriteItems", {"ClientRequestToken": "t"}, True),
        ("CreateTable", {}, False),
        ("ReceiveMessage", {}, False),
        ("SendMessage", {}, False),
    ],
)
def test_what_only_reads_can_be_repeated_and_what_has_a_token(
    operation: str, request_: dict[str, object], expected: bool
) -> None:
    assert is_repeatable(operation, request_) is expected


@pytest.mark.parametrize(
    "code",
    [
        "ConditionalCheckFailedException",
        "ValidationException",
        "ResourceNotFoundException",
        "IdempotentParameterMismatchException",
        "UnrecognizedClientException",
        "ExpiredTokenException",
        "ItemCollectionSizeLimitExceededException",
        "ResourceInUseException",
        "AccessDeniedException",
    ],
)
def test_what_would_be_refused_again_is_not_asked_again(code: str) -> None:
    with Scripted(refusal(code), OK) as server, Desk(server) as desk:
        with pytest.raises(AwsError) as caught:
            desk.read()
        error = caught.value
        assert (error.code, error.status, error.request_id, error.maybe_done) == (code, 400, "REQ1", False)
        assert isinstance(error, AccessDenied) == (code == "AccessDeniedException")
        assert len(server.asked) == 1


def test_what_may_have_been_done_once_is_not_forgotten_when_a_later_try_is_refused() -> None:
    with Scripted(hang_up, THROTTLED) as server, Desk(server) as desk:
        with pytest.raises(Throttled) as caught:
            desk.write(token="once")
        assert caught.value.maybe_done
        assert len(server.asked) == 4


def test_nobody_at_the_address_is_tried_again_even_for_a_write() -> None:
    with Scripted() as server:
        desk = Desk(server)
    with pytest.raises(Unreachable) as caught:
        desk.write()
    assert (caught.value.code, caught.value.maybe_done, len(desk.naps.taken)) == ("Unreachable", False, 3)


def test_an_answer_that_is_too_large_is_not_asked_for_again() -> None:
    with (
        Scripted(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n", stay=False)) as server,
        Desk(server) as desk,
    ):
        with pytest.raises(Unreachable) as caught:
            desk.read()
        assert (caught.value.code, len(server.asked)) == ("AnswerTooLarge", 1)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_followed(status: int) -> None:
    with Scripted() as elsewhere, Scripted(reply(b"", status, location=elsewhere.url)) as server, Desk(server) as desk:
        with pytest.raises(AwsError) as caught:
            desk.read()
        assert (caught.value.code, caught.value.status) == (str(status), status)
        assert (len(server.asked), elsewhere.connections) == (1, 0)

"""Failures carry what a caller decides by, and nothing that may not be logged."""

import pytest

from freehold.aws.credentials import Credentials
from freehold.aws.failures import AccessDenied, AwsError, Throttled, failure_of
from tests.unit.aws.scripted import Desk, Scripted, refusal, reply

SECRETS = Credentials("AKIDEXAMPLE", "the-secret-key", "the-session-token")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ThrottlingException", Throttled),
        ("AccessDeniedException", AccessDenied),
        ("AccessDenied", AccessDenied),
        ("ValidationException", AwsError),
        ("", AwsError),
    ],
)
def test_a_failure_is_of_the_kind_that_its_code_says(code: str, kind: type[AwsError]) -> None:
    assert type(failure_of(code, "", status=400)) is kind


@pytest.mark.parametrize("code", ["", "a b", "x\nSet-Cookie: y", "x" * 200, "<html>"], ids=ascii)
def test_what_cannot_be_a_code_is_none(code: str) -> None:
    assert failure_of(code, "", status=418).code == "418"


def test_the_text_of_a_failure_is_code_and_message() -> None:
    assert str(failure_of("ValidationException", "wrong", status=400)) == "ValidationException: wrong"
    assert str(failure_of("ValidationException", "", status=400)) == "ValidationException: Bad Request"


@pytest.mark.parametrize("message", ["x" * 501, "one\ntwo", "one\r\ntwo", "\n one \n two"], ids=ascii)
def test_a_message_is_one_line_of_a_few_words(message: str) -> None:
    text = failure_of("ValidationException", message, status=400).message
    assert len(text) <= 500
    assert "two" not in text
    assert text.strip() == text != ""


ECHOES = [
    (
        "InvalidSignatureException",
        "The signature does not match.\n\nThe Canonical String:\n'POST\nx-amz-security-token:the-session-token'",
    ),
    ("SignatureDoesNotMatch", "x-amz-security-token:the-session-token does not match"),
    ("IncompleteSignatureException", "'the-session-token' not a valid key=value pair in Authorization header"),
    ("IncompleteSignature", "Credential=AKIDEXAMPLE/the-secret-key is not complete"),
    ("ValidationException", "wrong\nx-amz-security-token:the-session-token"),
]


@pytest.mark.parametrize(("code", "message"), ECHOES, ids=[code for code, _ in ECHOES])
def test_what_aws_quotes_of_a_request_does_not_come_through(code: str, message: str) -> None:
    with Scripted(refusal(code, message)) as server, Desk(server) as desk, pytest.raises(AwsError) as caught:
        desk.client.call("GetItem", {"Key": {"pk": {"S": "a-tenants-data"}}}, SECRETS)
    said = f"{caught.value!r} {caught.value} {vars(caught.value)}"
    assert [secret for secret in ("the-session-token", "the-secret-key", "a-tenants-data") if secret in said] == []


def test_a_page_of_a_proxy_is_not_quoted() -> None:
    page = reply(b"<html>host:x x-amz-security-token:the-session-token</html>", 403)
    with Scripted(page) as server, Desk(server) as desk, pytest.raises(AwsError) as caught:
        desk.client.call("GetItem", {}, SECRETS)
    assert str(caught.value) == "403: Forbidden"


def test_secrets_are_not_shown_when_credentials_are_printed() -> None:
    assert "AKIDEXAMPLE" in repr(SECRETS)
    assert "the-secret-key" not in f"{SECRETS!r} {SECRETS}"
    assert "the-session-token" not in f"{SECRETS!r} {SECRETS}"


@pytest.mark.parametrize(
    "reasons",
    [None, {}, "ab", 7, [None], [[]], [{"Code": None, "Message": 7, "Item": "x"}], [{}]],
    ids=repr,
)
def test_reasons_that_make_no_sense_are_no_reasons(reasons: object) -> None:
    step = refusal("TransactionCanceledException", CancellationReasons=reasons)
    with Scripted(step) as server, Desk(server) as desk, pytest.raises(AwsError) as caught:
        desk.write()
    assert {reason.code for reason in caught.value.cancellation_reasons} <= {"None"}
    assert not isinstance(caught.value, Throttled)


@pytest.mark.parametrize(
    ("codes", "throttled"),
    [
        (["None", "ThrottlingError"], True),
        (["ProvisionedThroughputExceeded", "ThrottlingError"], True),
        (["ThrottlingError", "ConditionalCheckFailed"], False),
        (["ThrottlingError", "TransactionConflict"], False),
        (["None", "None"], False),
        ([], False),
    ],
    ids=repr,
)
def test_a_transaction_is_throttled_if_nothing_else_stood_in_its_way(codes: list[str], throttled: bool) -> None:
    step = refusal("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])
    with Scripted(step) as server, Desk(server) as desk:
        with pytest.raises(AwsError) as caught:
            desk.write()
        assert (isinstance(caught.value, Throttled), len(server.asked)) == (throttled, 4 if throttled else 1)
        assert [reason.code for reason in caught.value.cancellation_reasons] == codes


def test_a_transaction_that_is_under_way_may_yet_be_done() -> None:
    error = failure_of("TransactionInProgressException", "", status=400)
    assert isinstance(error, Throttled)
    assert error.maybe_done

"""A gate in front of a client."""

from collections.abc import Mapping

import pytest

from freehold.aws.client import AwsClient
from freehold.aws.credentials import Credentials
from freehold.aws.failures import AccessDenied
from freehold.testing.iam import Gate, Principal, Unsupported
from tests.unit.testing.iam.grounds import (
    KEYS,
    PLACE,
    TABLE,
    Document,
    document,
    get,
    member,
    statement,
    tenant_policy,
    transaction,
)

ARN = "arn:aws:sts::123456789012:assumed-role/data/acme"


ADA = Credentials("AKADA", "secret")


class Sent:
    """A client that sends nothing, and remembers what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.closed = False

    def call(self, operation: str, request: Mapping[str, object], credentials: Credentials) -> Mapping[str, object]:
        """Remember a call."""
        self.calls.append((operation, request, credentials))
        return {"done": True}

    def close(self) -> None:
        """Remember that."""
        self.closed = True


def said(operation: str, why: str) -> str:
    """Amazon's words."""
    asked = f"dynamodb:{operation} on resource: {TABLE}"
    return f"AccessDeniedException: User: {ARN} is not authorized to perform: {asked} {why}"


def gate(sent: AwsClient, principal: Principal) -> AwsClient:
    """A gate that lets one principal through."""
    return Gate(sent, principal, [KEYS], place=PLACE)


def test_what_is_allowed_goes_through_as_it_came() -> None:
    sent = Sent()
    answered = gate(sent, member()).call("GetItem", get("ORG#acme"), ADA)
    assert answered == {"done": True}
    assert sent.calls == [("GetItem", get("ORG#acme"), ADA)]


def test_closing_it_closes_the_client() -> None:
    sent = Sent()
    gate(sent, member()).close()
    assert sent.closed


@pytest.mark.parametrize(
    ("principal", "operation", "request_", "why"),
    [
        (
            Principal.of(ARN, tenant_policy(), tags={"tenant_id": "acme"}),
            "GetItem",
            get("ORG#globex"),
            said("GetItem", "because no identity-based policy allows the dynamodb:GetItem action"),
        ),
        (
            Principal.of(ARN, tenant_policy(), tags={"tenant_id": "acme"}),
            "TransactWriteItems",
            transaction("ORG#acme", delete="ORG#globex"),
            said("DeleteItem", "because no identity-based policy allows the dynamodb:DeleteItem action"),
        ),
        (
            Principal.of(ARN, document(statement(["*"]), statement(["Scan"], deny=True))),
            "Scan",
            {"TableName": "app"},
            said("Scan", "with an explicit deny in an identity-based policy"),
        ),
        (
            Principal.of(ARN, document(statement(["*"])), session=document(statement(["GetItem"]))),
            "Scan",
            {"TableName": "app"},
            said("Scan", "because no session policy allows the dynamodb:Scan action"),
        ),
        (
            Principal.of(ARN, document(statement(["*"])), session=document(statement(["*"], deny=True))),
            "Scan",
            {"TableName": "app"},
            said("Scan", "with an explicit deny in a session policy"),
        ),
    ],
)
def test_what_is_denied_is_refused_in_amazons_words(
    principal: Principal, operation: str, request_: Document, why: str
) -> None:
    sent = Sent()
    with pytest.raises(AccessDenied) as denied:
        gate(sent, principal).call(operation, request_, ADA)
    assert str(denied.value) == why
    assert (denied.value.status, denied.value.maybe_done) == (400, False)
    assert sent.calls == []


def test_what_cannot_be_evaluated_is_not_sent() -> None:
    sent = Sent()
    with pytest.raises(Unsupported, match="UNKNOWN_OPERATION"):
        gate(sent, member()).call("ImportTable", {}, ADA)
    assert sent.calls == []


def test_a_denial_hides_no_refusal() -> None:
    asking = document(statement(["DeleteItem"], Condition={"StringEquals": {"dynamodb:ReturnValues": "NONE"}}))
    with pytest.raises(Unsupported, match="UNKNOWN_KEY"):
        gate(Sent(), member(asking)).call("TransactWriteItems", transaction("ORG#acme"), ADA)


def test_who_calls_may_be_found_by_the_credentials() -> None:
    sent = Sent()
    known = {"AKACME": member(tenant="acme"), "AKGLOBEX": member(tenant="globex")}
    both = Gate(sent, lambda credentials: known[credentials.access_key], [KEYS], place=PLACE)
    both.call("GetItem", get("ORG#globex"), Credentials("AKGLOBEX", "secret"))
    with pytest.raises(AccessDenied):
        both.call("GetItem", get("ORG#globex"), Credentials("AKACME", "secret"))
    assert len(sent.calls) == 1

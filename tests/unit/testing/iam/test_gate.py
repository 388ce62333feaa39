"""A gate in front of a client."""

from collections.abc import Mapping

import pytest

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


class Sent:
    """A client that sends nothing, and remembers what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Mapping[str, object], str]] = []

    def call(self, operation: str, request: Mapping[str, object], access_key: str) -> str:
        """Remember a call."""
        self.calls.append((operation, request, access_key))
        return "done"


class Denied(Exception):
    """What the tests' gate raises."""


def said(operation: str, why: str) -> str:
    """Amazon's words."""
    asked = f"dynamodb:{operation} on resource: {TABLE}"
    return f"AccessDeniedException: User: {ARN} is not authorized to perform: {asked} {why}"


def gate(sent: Sent, principal: Principal) -> Gate[[str], str]:
    """A gate that lets one principal through."""
    return Gate(sent.call, principal, [KEYS], denied=Denied, place=PLACE)


def test_what_is_allowed_goes_through_as_it_came() -> None:
    sent = Sent()
    assert gate(sent, member()).call("GetItem", get("ORG#acme"), access_key="K") == "done"
    assert sent.calls == [("GetItem", get("ORG#acme"), "K")]


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
    with pytest.raises(Denied) as denied:
        gate(sent, principal).call(operation, request_, "K")
    assert str(denied.value) == why
    assert sent.calls == []


def test_what_cannot_be_evaluated_is_not_sent() -> None:
    sent = Sent()
    with pytest.raises(Unsupported, match="UNKNOWN_OPERATION"):
        gate(sent, member()).call("ImportTable", {}, "K")
    assert sent.calls == []


def test_a_denial_hides_no_refusal() -> None:
    asking = document(statement(["DeleteItem"], Condition={"StringEquals": {"dynamodb:ReturnValues": "NONE"}}))
    with pytest.raises(Unsupported, match="UNKNOWN_KEY"):
        gate(Sent(), member(asking)).call("TransactWriteItems", transaction("ORG#acme"), "K")


def test_who_calls_may_be_found_by_what_the_client_is_given() -> None:
    sent = Sent()
    known = {"A": member(tenant="acme"), "G": member(tenant="globex")}
    both: Gate[[str], str] = Gate(sent.call, known.__getitem__, [KEYS], denied=Denied, place=PLACE)
    assert both.call("GetItem", get("ORG#globex"), "G") == "done"
    with pytest.raises(Denied):
        both.call("GetItem", get("ORG#globex"), "A")
    assert len(sent.calls) == 1

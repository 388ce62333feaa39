"""Deciding: denial first, then every kind of policy."""

import pytest

from freehold.testing.iam import Decision, Origin, Policy, Request, Unsupported, Verdict, evaluate
from tests.unit.testing.iam.grounds import TABLE, Document, document

GET = Request({"t": "acme"}, "dynamodb:GetItem", TABLE)
ALLOW: Document = {"Sid": "A", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE}
DENY: Document = {"Sid": "D", "Effect": "Deny", "Action": "dynamodb:GetItem", "Resource": TABLE}
OTHER: Document = {"Sid": "O", "Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": TABLE}


def decide(*statements: Document, session: Document | None = None, request: Request = GET) -> Decision:
    """Evaluate a policy of these statements."""
    within = None if session is None else Policy.parse(document(session))
    return evaluate([Policy.parse(document(*statements))], request, session=within)


def test_nothing_is_allowed_that_no_statement_allows() -> None:
    assert evaluate([], GET) == Decision(Verdict.NOT_ALLOWED)
    assert decide(OTHER) == Decision(Verdict.NOT_ALLOWED)


def test_a_statement_allows_and_is_named() -> None:
    assert decide(OTHER, ALLOW) == Decision(Verdict.ALLOWED, Origin.IDENTITY, "A")


@pytest.mark.parametrize("statements", [(ALLOW, DENY), (DENY, ALLOW)])
def test_a_denial_stands_whatever_else_allows(statements: tuple[Document, ...]) -> None:
    assert decide(*statements) == Decision(Verdict.DENIED, Origin.IDENTITY, "D")


def test_policies_of_an_identity_add_to_one_another() -> None:
    policies = [Policy.parse(document(one)) for one in (OTHER, ALLOW)]
    assert evaluate(policies, GET).allowed


def test_a_session_allows_no_more_than_the_identity() -> None:
    assert decide(ALLOW, session=ALLOW).allowed
    assert decide(ALLOW, session=OTHER) == Decision(Verdict.NOT_ALLOWED, Origin.SESSION)
    assert decide(OTHER, session=ALLOW) == Decision(Verdict.NOT_ALLOWED, Origin.IDENTITY)
    assert decide(ALLOW, session=DENY) == Decision(Verdict.DENIED, Origin.SESSION, "D")


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"Action": "*"}, True),
        ({"Action": "dynamodb:*"}, True),
        ({"Action": "dynamodb:Get*"}, True),
        ({"Action": "dynamodb:Get????"}, True),
        ({"Action": "DynamoDB:getitem"}, True),
        ({"Action": ["dynamodb:PutItem", "dynamodb:GetItem"]}, True),
        ({"Action": "dynamodb:BatchGetItem"}, False),
        ({"Action": "dynamodb:Get"}, False),
        ({"Action": "s3:*"}, False),
        ({"NotAction": "dynamodb:PutItem"}, True),
        ({"NotAction": "s3:*"}, True),
        ({"NotAction": ["dynamodb:PutItem", "dynamodb:Get*"]}, False),
        ({"NotAction": "*"}, False),
        ({"Resource": "*"}, True),
        ({"Resource": "arn:aws:dynamodb:*:*:table/app"}, True),
        ({"Resource": "arn:aws:dynamodb:eu-*:1234567890??:table/*"}, True),
        ({"Resource": "arn:aws:dynamodb:eu-central-1:123456789012:*"}, True),
        ({"Resource": ["arn:aws:s3:::x", TABLE]}, True),
        ({"Resource": f"{TABLE}/*"}, False),
        ({"Resource": f"{TABLE}/index/*"}, False),
        ({"Resource": TABLE.replace("app", "APP")}, False),
        ({"Resource": TABLE.replace("eu-central-1", "eu-west-1")}, False),
        ({"Resource": TABLE.replace("123456789012", "210987654321")}, False),
        ({"Resource": TABLE.replace("app", "${aws:PrincipalTag/t}")}, False),
        ({"Resource": TABLE.replace("app", "${aws:PrincipalTag/gone, 'app'}")}, True),
        ({"Resource": TABLE.replace("app", "*${aws:PrincipalTag/gone}*")}, False),
        ({"NotResource": TABLE}, False),
        ({"NotResource": f"{TABLE}/index/*"}, True),
        ({"NotResource": "*"}, False),
        ({"NotResource": [TABLE.replace("app", "${aws:PrincipalTag/gone}"), TABLE]}, False),
    ],
)
def test_a_statement_is_about_what_it_names(elements: Document, *, expected: bool) -> None:
    named = {name: value for name, value in ALLOW.items() if f"Not{name}" not in elements}
    assert decide(named | elements).allowed is expected


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"StringEquals": {"aws:PrincipalTag/t": "acme"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/t": "globex"}}, False),
        ({"StringEquals": {"aws:PrincipalTag/gone": "acme"}}, False),
        ({"Null": {"aws:PrincipalTag/gone": "true"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/t": "acme", "k": "v"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/t": "acme", "k": "w"}}, False),
        ({"StringEquals": {"aws:PrincipalTag/t": "acme"}, "StringNotEquals": {"k": "v"}}, False),
        ({"StringLike": {"k": ["w", "${aws:PrincipalTag/t}", "?"]}}, True),
    ],
)
def test_values_are_alternatives_and_keys_are_not(block: Document, *, expected: bool) -> None:
    request = Request(GET.principal_tags, GET.action, GET.resource, {"k": "v"})
    assert decide(ALLOW | {"Condition": block}, request=request).allowed is expected


def test_what_is_on_no_resource_needs_all_of_them() -> None:
    tables = Request({}, "dynamodb:ListTables", "*")
    listing = ALLOW | {"Action": "dynamodb:ListTables"}
    assert not decide(listing, request=tables).allowed
    assert decide(listing | {"Resource": "*"}, request=tables).allowed


def test_a_key_of_which_nothing_is_known_is_refused() -> None:
    asking = ALLOW | {"Condition": {"StringEquals": {"aws:SourceIp": "10.0.0.1"}}}
    with pytest.raises(Unsupported, match="UNKNOWN_KEY"):
        decide(asking)


@pytest.mark.parametrize("other", [ALLOW, DENY])
def test_a_refusal_depends_on_no_order(other: Document) -> None:
    asking = ALLOW | {
        "Sid": "Q",
        "Condition": {"StringEquals": {"k": "v"}, "StringNotEquals": {"aws:PrincipalTag/t": "acme"}},
    }
    for statements in ((asking, other), (other, asking)):
        with pytest.raises(Unsupported, match="UNKNOWN_KEY"):
            decide(*statements)


def test_a_statement_about_something_else_is_not_asked() -> None:
    elsewhere = OTHER | {"Condition": {"StringEquals": {"aws:SourceIp": "10.0.0.1"}}}
    assert decide(ALLOW, elsewhere).allowed


def test_what_no_resource_means_without_a_value_is_not_guessed() -> None:
    resource = TABLE.replace("app", "${aws:PrincipalTag/gone}")
    named = {name: value for name, value in ALLOW.items() if name != "Resource"}
    with pytest.raises(Unsupported, match="NO_VALUE"):
        decide(named | {"NotResource": resource})


def test_whether_a_star_reaches_across_a_colon_is_not_guessed() -> None:
    stream = Request({}, "dynamodb:GetItem", f"{TABLE}/stream/2026-01-01T00:00:00")
    assert decide(ALLOW | {"Resource": f"{TABLE}/stream/*"}, request=stream).allowed
    with pytest.raises(Unsupported, match="ACROSS_COLONS"):
        decide(ALLOW | {"Resource": "arn:aws:dynamodb:*:*:00:*"}, request=stream)

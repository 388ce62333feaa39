"""Policy documents: what is read, and what is refused."""

import json

import pytest

from freehold.testing.iam import Policy, Unsupported
from tests.unit.testing.iam.grounds import TABLE, Document, document, statement, tenant_policy

PLAIN: Document = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE}


def test_a_document_is_read_from_json_and_from_what_it_stands_for() -> None:
    assert Policy.parse(json.dumps(tenant_policy())) == Policy.parse(tenant_policy())


def test_one_thing_may_stand_without_brackets() -> None:
    several = {"Version": "2012-10-17", "Statement": [PLAIN | {"Action": ["dynamodb:GetItem"], "Resource": [TABLE]}]}
    assert Policy.parse({"Version": "2012-10-17", "Statement": PLAIN}) == Policy.parse(several)


def test_capitals_of_an_action_do_not_count() -> None:
    assert Policy.parse(document(statement(["GETITEM"]))) == Policy.parse(document(statement(["getItem"])))


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({}, "BAD_SHAPE"),
        ({"Version": "2012-10-17"}, "BAD_SHAPE"),
        ({"Version": "2012-10-17", "Statement": []}, "BAD_SHAPE"),
        ({"Version": "2012-10-17", "Statement": ["Allow"]}, "BAD_SHAPE"),
        ({"Version": "2008-10-17", "Statement": [PLAIN]}, "OTHER_VERSION"),
        ({"Statement": [PLAIN]}, "OTHER_VERSION"),
        (document(PLAIN) | {"Owner": "me"}, "UNKNOWN_ELEMENT"),
        (document(PLAIN | {"Principal": "*"}), "UNKNOWN_ELEMENT"),
        (document(PLAIN | {"Conditions": {}}), "UNKNOWN_ELEMENT"),
        (document(PLAIN | {"NotAction": "dynamodb:Scan"}), "BAD_STATEMENT"),
        (document(PLAIN | {"NotResource": TABLE}), "BAD_STATEMENT"),
        (document({"Effect": "Allow", "Resource": TABLE}), "BAD_STATEMENT"),
        (document({"Effect": "Allow", "Action": "dynamodb:GetItem"}), "BAD_STATEMENT"),
        (document(PLAIN | {"Effect": "allow"}), "BAD_EFFECT"),
        (document({"Action": "dynamodb:GetItem", "Resource": TABLE}), "BAD_EFFECT"),
        (document(PLAIN | {"Effect": ["Allow"]}), "BAD_EFFECT"),
        (document(PLAIN | {"Sid": "not one"}), "BAD_SID"),
        (document(PLAIN | {"Sid": 1}), "BAD_SID"),
        (document(PLAIN | {"Sid": "A"}, PLAIN | {"Sid": "A"}), "SAME_SID"),
        (document(PLAIN | {"Action": []}), "BAD_SHAPE"),
        (document(PLAIN | {"Action": ""}), "BAD_SHAPE"),
        (document(PLAIN | {"Action": None}), "BAD_SHAPE"),
        (document(PLAIN | {"Action": "GetItem"}), "BAD_ACTION"),
        (document(PLAIN | {"Action": "dynamo*:GetItem"}), "BAD_ACTION"),
        (document(PLAIN | {"Action": "dynamodb:"}), "BAD_ACTION"),
        (document(PLAIN | {"Action": "dynamodb:${aws:PrincipalTag/t}"}), "BAD_ACTION"),
        (document(PLAIN | {"Action": "**"}), "BAD_ACTION"),
        (document(PLAIN | {"Resource": "table/app"}), "BAD_RESOURCE"),
        (document(PLAIN | {"Resource": "arn:aws:dynamodb:*"}), "BAD_RESOURCE"),
        (document(PLAIN | {"Resource": "arn:aws:dynamodb:eu-west-1:1:"}), "BAD_RESOURCE"),
        (document(PLAIN | {"Resource": "arn:*:dynamodb:eu-west-1:1:table/app"}), "BAD_RESOURCE"),
        (document(PLAIN | {"Resource": "arn:aws:dyn*:eu-west-1:1:table/app"}), "BAD_RESOURCE"),
        (document(PLAIN | {"Resource": "arn:aws:dynamodb:${aws:PrincipalTag/r}:1:table/app"}), "BAD_RESOURCE"),
        (document(PLAIN | {"Resource": "arn:aws:dynamodb:eu-west-1:1:table/${aws:username}"}), "UNKNOWN_VARIABLE"),
        (document(PLAIN | {"Condition": {}}), "BAD_SHAPE"),
        (document(PLAIN | {"Condition": {"StringIs": {"k": "a"}}}), "UNKNOWN_OPERATOR"),
        ("", "BAD_JSON"),
        ("[]", "BAD_JSON"),
        ('{"Version": "2012-10-17", "Version": "2012-10-17"}', "BAD_JSON"),
        ('{"Version": "2012-10-17"', "BAD_JSON"),
        ("\ud800", "BAD_JSON"),
    ],
)
def test_what_is_not_known_is_refused_when_it_is_read(written: Document | str, code: str) -> None:
    with pytest.raises(Unsupported) as refused:
        Policy.parse(written)
    assert refused.value.code == code


def test_a_refusal_is_refused_even_where_it_would_not_matter() -> None:
    elsewhere = PLAIN | {"Action": "s3:GetObject", "Condition": {"DateLessThan": {"aws:CurrentTime": "2026"}}}
    with pytest.raises(Unsupported, match="UNKNOWN_OPERATOR"):
        Policy.parse(document(PLAIN, elsewhere))

"""Operators, quantifiers and suffixes, each by the words of Amazon's pages."""

from collections.abc import Mapping

import pytest

from freehold.testing.iam import Unsupported
from freehold.testing.iam.conditions import Value, read_conditions

TAGS = {"t": "acme", "star": "*", "empty": ""}
MINE = "${aws:PrincipalTag/t}"
GONE = "${aws:PrincipalTag/gone}"
ARN = "arn:aws:sns:eu-west-1:1:store/abc"


def met(operator: str, written: object, value: Value, tags: Mapping[str, str] = TAGS) -> bool:
    """Whether a request with this value meets a condition."""
    (condition,) = read_conditions({operator: {"k": written}})
    return condition.met(value, tags)


CASES = [
    # one value
    ("StringEquals", "a", "a", True),
    ("StringEquals", "a", "A", False),
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", "*", "a", False),
    ("StringEquals", "*", "*", True),
    ("StringEquals", "${*}", "*", True),
    ("StringEquals", MINE, "acme", True),
    ("StringEquals", MINE, "acme2", False),
    ("StringEquals", GONE, "acme", False),
    ("StringEquals", [GONE, "acme"], "acme", True),
    ("StringNotEquals", "a", "b", True),
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringNotEquals", ["a", "b"], "c", True),
    ("StringNotEquals", GONE, "acme", True),
    ("StringEqualsIgnoreCase", "Acme", "aCME", True),
    ("StringEqualsIgnoreCase", MINE, "ACME", True),
    ("StringEqualsIgnoreCase", "a*", "ab", False),
    ("StringNotEqualsIgnoreCase", "Acme", "aCME", False),
    ("StringLike", "a*", "abc", True),
    ("StringLike", "a?", "abc", False),
    ("StringLike", ["x", "a??"], "abc", True),
    ("StringLike", "A*", "abc", False),
    ("StringLike", f"{MINE}#*", "acme#1", True),
    ("StringLike", "${aws:PrincipalTag/star}", "abc", False),
    ("StringLike", f"{GONE}*", "abc", False),
    ("StringNotLike", "a*", "abc", False),
    ("StringNotLike", ["a*", "b*"], "c", True),
    ("StringNotLike", f"{GONE}*", "abc", True),
    ("ArnLike", "arn:aws:sns:*:1:store/*", ARN, True),
    ("ArnEquals", "arn:aws:sns:*:1:store/*", ARN, True),
    ("ArnLike", "arn:aws:sns:*:1:*", "arn:aws:sns:eu-west-1:2:x:1:store", False),
    ("ArnLike", "arn:aws:sns:*:1:store/*", "no arn", False),
    ("ArnNotLike", "arn:aws:sns:*:1:store/*", ARN, False),
    ("ArnNotEquals", "arn:aws:sns:*:2:store/*", ARN, True),
    ("Bool", "true", "true", True),
    ("Bool", True, "true", True),
    ("Bool", "false", "true", False),
    ("Null", "true", "a", False),
    ("Null", "false", "a", True),
    ("Null", False, "a", True),
    # no value
    ("StringEquals", "a", None, False),
    ("StringLike", "*", None, False),
    ("ArnLike", "arn:aws:sns:*:1:*", None, False),
    ("Bool", "false", None, False),
    ("StringNotEquals", "a", None, True),
    ("StringNotLike", "*", None, True),
    ("ArnNotEquals", "arn:aws:sns:*:1:*", None, True),
    ("StringEqualsIfExists", "a", None, True),
    ("StringEqualsIfExists", "a", "a", True),
    ("StringEqualsIfExists", "a", "b", False),
    ("StringNotEqualsIfExists", "a", None, True),
    ("StringNotEqualsIfExists", "a", "a", False),
    ("BoolIfExists", "true", None, True),
    ("Null", "true", None, True),
    ("Null", "false", None, False),
    ("Null", "true", (), True),
    ("Null", "false", (), False),
    ("Null", "false", ("a", "b"), True),
    # several values
    ("ForAllValues:StringEquals", ["a", "b"], ("a",), True),
    ("ForAllValues:StringEquals", ["a", "b"], ("a", "b", "a"), True),
    ("ForAllValues:StringEquals", ["a", "b"], ("a", "c"), False),
    ("ForAllValues:StringEquals", "a", (), True),
    ("ForAllValues:StringEquals", "a", None, True),
    ("ForAllValues:StringEquals", "a", "a", True),
    ("ForAllValues:StringEquals", MINE, ("acme", "acme"), True),
    ("ForAllValues:StringEquals", GONE, ("acme",), False),
    ("ForAllValues:StringEquals", GONE, (), True),
    ("ForAllValues:StringLike", "key1*", ("key1:a", "key1:b"), True),
    ("ForAllValues:StringNotLike", "key1*", ("key1:legal",), False),
    ("ForAllValues:StringNotLike", "key1*", ("key1:hr", "key1:personnel"), False),
    ("ForAllValues:StringNotLike", "key1*", ("key2:audit",), True),
    ("ForAllValues:StringNotLike", "key1*", (), True),
    ("ForAllValues:StringNotLike", "key1*", ("key1:a", "key2:b"), False),
    ("ForAllValues:StringEqualsIfExists", "a", None, True),
    ("ForAllValues:StringEqualsIfExists", "a", ("b",), False),
    ("ForAnyValue:StringEquals", ["a", "b"], ("b", "c"), True),
    ("ForAnyValue:StringEquals", ["a", "b"], ("c", "d"), False),
    ("ForAnyValue:StringEquals", "a", (), False),
    ("ForAnyValue:StringEquals", "a", None, False),
    ("ForAnyValue:StringLike", "a*", ("ab", "c"), True),
    ("ForAnyValue:StringNotEquals", ["a", "b"], ("a", "b"), False),
    ("ForAnyValue:StringNotEquals", ["a", "b"], ("a", "c"), True),
    ("ForAnyValue:StringNotEquals", "a", (), False),
    ("ForAnyValue:StringEqualsIfExists", "a", None, False),
    ("ForAnyValue:StringNotEqualsIfExists", "a", None, False),
]


@pytest.mark.parametrize(("operator", "written", "value", "expected"), CASES)
def test_a_condition_is_met_as_amazon_says(operator: str, written: object, value: Value, *, expected: bool) -> None:
    assert met(operator, written, value) is expected


@pytest.mark.parametrize(
    ("operator", "written", "value", "code"),
    [
        ("StringEquals", "a", ("a",), "NO_QUANTIFIER"),
        ("StringNotEquals", "a", (), "NO_QUANTIFIER"),
        ("ForAllValues:StringEquals", "a", ("",), "EMPTY_VALUE"),
        ("ForAnyValue:StringLike", "*", ("a", ""), "EMPTY_VALUE"),
        ("ForAllValues:StringEquals", "a", "", "EMPTY_VALUE"),
        ("Null", "true", "", "EMPTY_VALUE"),
        ("Bool", "true", "yes", "NO_TRUTH"),
        ("StringEqualsIgnoreCase", "k", "\u212a", "NOT_ASCII"),
        ("ArnLike", "arn:aws:sns", ARN, "BAD_ARN"),
        ("StringEquals", "${aws:PrincipalTag/T}", "acme", "OTHER_CAPITALS"),
        ("StringLike", "${aws:PrincipalTag/empty}*", "acme", "EMPTY_TAG"),
        ("ForAllValues:StringLike", "${aws:PrincipalTag/empty}*", ("a", "b"), "EMPTY_TAG"),
    ],
)
def test_what_no_page_settles_is_refused(operator: str, written: object, value: Value, code: str) -> None:
    with pytest.raises(Unsupported) as refused:
        met(operator, written, value)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ({"StringMatches": {"k": "a"}}, "UNKNOWN_OPERATOR"),
        ({"stringequals": {"k": "a"}}, "UNKNOWN_OPERATOR"),
        ({"NumericEquals": {"k": "1"}}, "UNKNOWN_OPERATOR"),
        ({"DateLessThan": {"k": "2026-01-01T00:00:00Z"}}, "UNKNOWN_OPERATOR"),
        ({"IpAddress": {"k": "10.0.0.0/8"}}, "UNKNOWN_OPERATOR"),
        ({"BinaryEquals": {"k": "YQ=="}}, "UNKNOWN_OPERATOR"),
        ({"ForSomeValues:StringEquals": {"k": "a"}}, "UNKNOWN_OPERATOR"),
        ({"StringEqualsIfExistsIfExists": {"k": "a"}}, "UNKNOWN_OPERATOR"),
        ({"IfExists": {"k": "a"}}, "UNKNOWN_OPERATOR"),
        ({"": {"k": "a"}}, "UNKNOWN_OPERATOR"),
        ({"NullIfExists": {"k": "true"}}, "BAD_NULL"),
        ({"ForAllValues:Null": {"k": "true"}}, "BAD_NULL"),
        ({"Null": {"k": ["true", "false"]}}, "BAD_NULL"),
        ({"Null": {"k": "maybe"}}, "NO_TRUTH"),
        ({"Null": {"k": MINE}}, "NO_TRUTH"),
        ({"Bool": {"k": "yes"}}, "NO_TRUTH"),
        ({"StringEqualsIgnoreCase": {"k": "\u00e9"}}, "NOT_ASCII"),
        ({"StringEquals": {"k": "${aws:username}"}}, "UNKNOWN_VARIABLE"),
        ({"StringEquals": {"k": 1}}, "BAD_SHAPE"),
        ({"StringEquals": {"k": True}}, "BAD_SHAPE"),
        ({"StringEquals": {"k": None}}, "BAD_SHAPE"),
        ({"StringEquals": {"k": []}}, "BAD_SHAPE"),
        ({"StringEquals": {"k": ["a", ["b"]]}}, "BAD_SHAPE"),
        ({"StringEquals": {}}, "BAD_SHAPE"),
        ({"StringEquals": "a"}, "BAD_SHAPE"),
        ({}, "BAD_SHAPE"),
        ([], "BAD_SHAPE"),
    ],
)
def test_a_condition_that_is_not_known_is_refused(block: object, code: str) -> None:
    with pytest.raises(Unsupported) as refused:
        list(read_conditions(block))
    assert refused.value.code == code

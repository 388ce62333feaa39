"""Which partition a query reads."""

import pytest

from freehold.testing.iam import Unsupported
from freehold.testing.iam.key_condition import queried_partition

NAMES = {"#pk": "PK", "#sk": "SK"}
VALUES = {":mine": {"S": "ORG#acme"}, ":other": {"S": "ORG#globex"}, ":a": {"S": "a"}, ":b": {"S": "b"}}


def asked(expression: object, **others: object) -> object:
    """The partition key that an expression asks for."""
    request = {
        "KeyConditionExpression": expression,
        "ExpressionAttributeNames": NAMES,
        "ExpressionAttributeValues": VALUES,
    }
    return queried_partition(request | others, "PK")


@pytest.mark.parametrize(
    "expression",
    [
        "PK = :mine",
        "#pk = :mine",
        "  #pk=:mine  ",
        "#pk\n=\t:mine",
        "(#pk = :mine)",
        "((#pk = :mine))",
        "#pk = :mine AND #sk = :a",
        "#sk = :a AND #pk = :mine",
        "#pk = :mine and #sk < :a",
        "#pk = :mine AND #sk <= :a",
        "#pk = :mine AND #sk > :a",
        "#pk = :mine AND SK >= :a",
        "(#pk = :mine) AND (#sk >= :a)",
        "(#pk = :mine AND #sk = :a)",
        "#pk = :mine AND #sk BETWEEN :a AND :b",
        "#sk between :a and :b And #pk = :mine",
        "#pk = :mine AND begins_with(#sk, :a)",
        "begins_with ( SK , :a ) AND PK = :mine",
    ],
)
def test_the_partition_is_what_its_key_equals(expression: str) -> None:
    assert asked(expression) == VALUES[":mine"]


@pytest.mark.parametrize(
    "expression",
    [
        "",
        None,
        7,
        "#pk",
        "#pk =",
        "= :mine",
        "#pk = :mine AND",
        "#pk = :mine #sk = :a",
        "#pk = :mine OR #pk = :other",
        "#pk = :mine, #sk = :a",
        "#pk = :mine AND #pk = :other",
        "#pk = :mine AND PK = :other",
        "#pk = :mine AND begins_with(PK, :a)",
        "#pk = :mine AND #sk = :a AND #sk = :b",
        "#pk < :mine",
        "#pk <> :mine",
        "NOT #pk = :mine",
        "begins_with(#pk, :mine)",
        "#pk BETWEEN :mine AND :other",
        "#pk IN (:mine)",
        "#sk = :a",
        ":mine = #pk",
        "#pk = #sk",
        "#pk = PK",
        "#pk = :gone",
        "#gone = :mine",
        "#pk = :mine AND #gone = :a",
        "#pk = :mine AND SK.x = :a",
        "#pk = :mine AND SK[0] = :a",
        "#pk = :mine AND #sk = (",
        "#pk = :mine AND #sk IN :a",
        "#pk = :mine AND #sk BETWEEN :a OR :b",
        "#pk = :mine AND contains(#sk, :a)",
        "#pk = :mine AND BEGINS_WITH(#sk, :a)",
        "(#pk = :mine",
        "#pk = :mine)",
        "#pk = :mine; #pk = :other",
        "#pk = 'ORG#acme'",
        "(" * 40 + "#pk = :mine" + ")" * 40,
        "\u00a0PK\u00a0= :mine\u200b",
    ],
)
def test_an_expression_that_could_mean_another_is_refused(expression: object) -> None:
    with pytest.raises(Unsupported):
        asked(expression)


def test_the_older_form_is_refused_even_beside_the_newer() -> None:
    with pytest.raises(Unsupported, match="OLDER_PARAMETER"):
        asked("#pk = :mine", KeyConditions={"PK": {"ComparisonOperator": "EQ"}})


@pytest.mark.parametrize("missing", ["ExpressionAttributeNames", "ExpressionAttributeValues"])
def test_what_an_expression_stands_on_must_be_there(missing: str) -> None:
    with pytest.raises(Unsupported, match=missing):
        asked("#pk = :mine", **{missing: None})

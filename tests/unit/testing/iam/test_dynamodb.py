"""What each operation asks of IAM."""

import pytest

from freehold.testing.iam import Ask, Call, Place, Request, TableKeys, Unsupported
from tests.unit.testing.iam.grounds import (
    KEYS,
    PLACE,
    TABLE,
    TABLES,
    Document,
    get,
    get_batch,
    key,
    query,
    transaction,
    write_batch,
)

ACME = ("ORG#acme",)
WITHIN = {"dynamodb:EnclosingOperation": "TransactWriteItems"}
STREAM = f"{TABLE}/stream/2026-01-01T00:00:00.000"
TAGGED = {"TableName": "app", "Tags": [{"Key": "a", "Value": "b"}]}


def asks(operation: str, request: Document) -> tuple[Ask, ...]:
    """What a call asks."""
    return Call(operation, request, TABLES, PLACE).asks()


@pytest.mark.parametrize(
    ("operation", "request_", "expected"),
    [
        ("GetItem", get("ORG#acme"), [Ask("dynamodb:GetItem", TABLE, ACME)]),
        ("PutItem", {"TableName": "app", "Item": key("ORG#acme")}, [Ask("dynamodb:PutItem", TABLE, ACME)]),
        ("UpdateItem", get("ORG#acme"), [Ask("dynamodb:UpdateItem", TABLE, ACME)]),
        ("DeleteItem", get("ORG#acme"), [Ask("dynamodb:DeleteItem", TABLE, ACME)]),
        ("Query", query("ORG#acme"), [Ask("dynamodb:Query", TABLE, ACME)]),
        ("Query", query("ORG#acme", "GSI1"), [Ask("dynamodb:Query", f"{TABLE}/index/GSI1", ACME)]),
        ("Scan", {"TableName": "app"}, [Ask("dynamodb:Scan", TABLE)]),
        ("Scan", {"TableName": "app", "IndexName": "GSI1"}, [Ask("dynamodb:Scan", f"{TABLE}/index/GSI1")]),
        ("BatchGetItem", get_batch("ORG#acme", "X"), [Ask("dynamodb:BatchGetItem", TABLE, ("ORG#acme", "X"))]),
        ("BatchWriteItem", write_batch("ORG#acme", "X"), [Ask("dynamodb:BatchWriteItem", TABLE, ("ORG#acme", "X"))]),
        (
            "TransactWriteItems",
            transaction("A", "B", "C", "D"),
            [
                Ask("dynamodb:PutItem", TABLE, ("A",), WITHIN),
                Ask("dynamodb:UpdateItem", TABLE, ("B",), WITHIN),
                Ask("dynamodb:DeleteItem", TABLE, ("C",), WITHIN),
                Ask("dynamodb:ConditionCheckItem", TABLE, ("D",), WITHIN),
            ],
        ),
        (
            "TransactGetItems",
            {"TransactItems": [{"Get": get("A")}]},
            [Ask("dynamodb:GetItem", TABLE, ("A",), {"dynamodb:EnclosingOperation": "TransactGetItems"})],
        ),
        ("CreateTable", {"TableName": "new"}, [Ask("dynamodb:CreateTable", TABLE.replace("app", "new"))]),
        ("CreateTable", TAGGED, [Ask("dynamodb:CreateTable", TABLE), Ask("dynamodb:TagResource", TABLE)]),
        ("DescribeTable", {"TableName": "app"}, [Ask("dynamodb:DescribeTable", TABLE)]),
        ("UpdateTable", {"TableName": "app"}, [Ask("dynamodb:UpdateTable", TABLE)]),
        ("DeleteTable", {"TableName": "app"}, [Ask("dynamodb:DeleteTable", TABLE)]),
        ("UpdateTimeToLive", {"TableName": "app"}, [Ask("dynamodb:UpdateTimeToLive", TABLE)]),
        ("TagResource", {"ResourceArn": TABLE}, [Ask("dynamodb:TagResource", TABLE)]),
        ("ListTables", {}, [Ask("dynamodb:ListTables", "*")]),
        ("ListStreams", {"TableName": "app"}, [Ask("dynamodb:ListStreams", "*")]),
        ("DescribeStream", {"StreamArn": STREAM}, [Ask("dynamodb:DescribeStream", STREAM)]),
        ("GetShardIterator", {"StreamArn": STREAM}, [Ask("dynamodb:GetShardIterator", STREAM)]),
        ("GetRecords", {"ShardIterator": f"{STREAM}|1|AAA"}, [Ask("dynamodb:GetRecords", STREAM)]),
        (
            "ExecuteStatement",
            {"Statement": 'SELECT * FROM "app"."GSI1" WHERE GSI1PK = ?'},
            [Ask("dynamodb:PartiQLSelect", f"{TABLE}/index/GSI1", None)],
        ),
        (
            "BatchExecuteStatement",
            {"Statements": [{"Statement": "UPDATE app SET a = 1"}, {"Statement": 'DELETE FROM "app" WHERE PK = ?'}]},
            [Ask("dynamodb:PartiQLUpdate", TABLE, None), Ask("dynamodb:PartiQLDelete", TABLE, None)],
        ),
        (
            "ExecuteTransaction",
            {"TransactStatements": [{"Statement": "INSERT INTO \"app\" VALUE {'PK': 'x'}"}]},
            [Ask("dynamodb:PartiQLInsert", TABLE, None)],
        ),
    ],
)
def test_an_operation_asks_what_amazon_documents(operation: str, request_: Document, expected: list[Ask]) -> None:
    assert list(asks(operation, request_)) == expected


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("ImportTable", {}, "UNKNOWN_OPERATION"),
        ("getItem", get("A"), "UNKNOWN_OPERATION"),
        ("", {}, "UNKNOWN_OPERATION"),
        ("GetItem", {}, "BAD_SHAPE"),
        ("GetItem", {"TableName": "app"}, "BAD_SHAPE"),
        ("GetItem", {"TableName": "app", "Item": key("A")}, "BAD_SHAPE"),
        ("GetItem", {"TableName": "app", "Key": {"SK": {"S": "A"}}}, "NO_PARTITION"),
        ("GetItem", {"TableName": "app", "Key": {"PK": {"N": "1"}}}, "NO_STRING"),
        ("GetItem", {"TableName": "app", "Key": {"PK": {"B": "QQ=="}}}, "NO_STRING"),
        ("GetItem", {"TableName": "app", "Key": {"PK": {"S": "A", "N": "1"}}}, "NO_STRING"),
        ("GetItem", {"TableName": "app", "Key": {"PK": {"S": ""}}}, "BAD_SHAPE"),
        ("GetItem", {"TableName": "app", "Key": {"PK": {"S": ["A"]}}}, "BAD_SHAPE"),
        ("GetItem", {"TableName": "app", "Key": {"PK": "A"}}, "BAD_SHAPE"),
        ("GetItem", {"TableName": "gone", "Key": key("A")}, "UNKNOWN_TABLE"),
        ("GetItem", {"TableName": TABLE, "Key": key("A")}, "UNKNOWN_TABLE"),
        ("PutItem", {"TableName": "app", "Key": key("A")}, "BAD_SHAPE"),
        ("Query", query("A", "GSI9"), "UNKNOWN_INDEX"),
        ("Query", query("A") | {"IndexName": ""}, "BAD_SHAPE"),
        ("Query", query("A") | {"IndexName": None}, "BAD_SHAPE"),
        ("Query", query("A", "GSI1") | {"IndexName": "GSI2"}, "NO_PARTITION"),
        ("Scan", {"TableName": "app/index/GSI1"}, "BAD_NAME"),
        ("Scan", {"TableName": "*"}, "BAD_NAME"),
        ("Scan", {"TableName": TABLE}, "BAD_NAME"),
        ("Scan", {"TableName": "app", "IndexName": "*"}, "BAD_NAME"),
        ("BatchGetItem", {"RequestItems": {}}, "BAD_SHAPE"),
        ("BatchGetItem", {"RequestItems": {"app": {"Keys": []}}}, "BAD_SHAPE"),
        ("BatchGetItem", {"RequestItems": {"gone": {"Keys": [key("A")]}}}, "UNKNOWN_TABLE"),
        ("BatchWriteItem", {"RequestItems": {"app": [{"UpdateRequest": {"Key": key("A")}}]}}, "BAD_SHAPE"),
        ("BatchWriteItem", {"RequestItems": {"app": [{"PutRequest": {"Key": key("A")}}]}}, "BAD_SHAPE"),
        (
            "BatchWriteItem",
            {"RequestItems": {"app": [{"PutRequest": {"Item": key("A")}, "DeleteRequest": {"Key": key("B")}}]}},
            "BAD_SHAPE",
        ),
        ("TransactWriteItems", {"TransactItems": []}, "BAD_SHAPE"),
        ("TransactWriteItems", {"TransactItems": [{"Get": get("A")}]}, "BAD_SHAPE"),
        ("TransactWriteItems", {"TransactItems": [{"Put": get("A"), "Delete": get("B")}]}, "BAD_SHAPE"),
        ("TransactGetItems", {"TransactItems": [{"Delete": get("A")}]}, "BAD_SHAPE"),
        ("UpdateTable", {"TableName": "app", "ReplicaUpdates": []}, "UNKNOWN_PARAMETER"),
        ("CreateTable", {"TableName": "app", "ResourcePolicy": "{}"}, "UNKNOWN_PARAMETER"),
        ("TagResource", {"ResourceArn": TABLE.replace("1234", "4321")}, "BAD_NAME"),
        ("TagResource", {"ResourceArn": "app"}, "BAD_NAME"),
        ("DescribeStream", {"StreamArn": TABLE}, "BAD_NAME"),
        ("DescribeStream", {"StreamArn": STREAM.replace("eu-central-1", "eu-west-1")}, "BAD_NAME"),
        ("GetRecords", {"ShardIterator": "opaque"}, "BAD_ITERATOR"),
        ("GetRecords", {"ShardIterator": "opaque|1"}, "BAD_NAME"),
        ("ExecuteStatement", {"Statement": "DROP TABLE app"}, "BAD_STATEMENT"),
    ],
)
def test_a_request_that_is_not_understood_is_refused(operation: str, request_: Document, code: str) -> None:
    with pytest.raises(Unsupported) as refused:
        asks(operation, request_)
    assert refused.value.code == code


def test_parameters_are_known_where_the_request_states_them() -> None:
    (ask,) = asks("Query", query("A") | {"Select": "COUNT", "ReturnConsumedCapacity": "TOTAL"})
    assert ask.by({}).value("dynamodb:Select") == "COUNT"
    assert ask.by({}).value("dynamodb:ReturnConsumedCapacity") == "TOTAL"


@pytest.mark.parametrize("unknown", ["dynamodb:Attributes", "dynamodb:Select", "dynamodb:ReturnValues"])
def test_what_a_request_does_not_state_is_not_guessed(unknown: str) -> None:
    (ask,) = asks("Query", query("A"))
    with pytest.raises(Unsupported, match="UNKNOWN_KEY"):
        ask.by({}).value(unknown)


def test_the_keys_that_partiql_reaches_are_not_guessed() -> None:
    (ask,) = asks("ExecuteStatement", {"Statement": "SELECT * FROM app WHERE PK = 'ORG#acme'"})
    with pytest.raises(Unsupported, match="UNKNOWN_KEY"):
        ask.by({}).value("dynamodb:LeadingKeys")


def test_the_enclosing_operation_is_absent_outside_of_transactions() -> None:
    (ask,) = asks("GetItem", get("A"))
    assert ask.by({}) == Request(
        {}, "dynamodb:GetItem", TABLE, {"dynamodb:LeadingKeys": ("A",), "dynamodb:EnclosingOperation": None}
    )


def test_keys_are_read_from_what_a_table_is_made_of() -> None:
    created = {
        "TableName": "app",
        "KeySchema": [{"AttributeName": "SK", "KeyType": "RANGE"}, {"AttributeName": "PK", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {"IndexName": f"GSI{n}", "KeySchema": [{"AttributeName": f"GSI{n}PK", "KeyType": "HASH"}]} for n in (1, 2)
        ],
    }
    assert TableKeys.of(created) == KEYS


def test_an_index_with_a_partition_key_of_several_attributes_is_refused() -> None:
    several = [{"AttributeName": name, "KeyType": "HASH"} for name in ("a", "b")]
    with pytest.raises(Unsupported, match="SEVERAL_KEYS"):
        TableKeys.of({"TableName": "app", "KeySchema": several})


def test_a_place_names_tables_of_its_own_partition() -> None:
    assert Place("cn-north-1", "123456789012", "aws-cn").table("app") == (
        "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/app"
    )

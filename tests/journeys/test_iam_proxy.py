"""Clients of other people and our own, through the IAM proxy, to a server that would let anybody do anything.

The server is a small one of our own. Set DYNAMODB_URL to have an emulator on this machine behind the proxy instead: one
that is empty.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from freehold.aws.credentials import Credentials
from freehold.aws.endpoints import Endpoint
from freehold.aws.failures import AccessDenied, AwsError
from freehold.aws.json_call import AwsJson
from freehold.aws.sending import Sender
from freehold.runtime.system import SystemClock, SystemRandom
from freehold.testing.iam import IamProxy, Outcome, Principal, TableKeys
from tests.journeys.table_server import Table, serving

Item = dict[str, Any]
Call = Callable[[str, str, Item], Mapping[str, Any]]
"""Access key, operation and request, to an answer, or to a refusal: `PermissionError` for a denial."""

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/app"
CREATE: Item = {
    "TableName": "app",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "GSI1PK", "GSI1SK")
    ],
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "GSI1",
            "KeySchema": [
                {"AttributeName": "GSI1PK", "KeyType": "HASH"},
                {"AttributeName": "GSI1SK", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
OWN = {
    "ForAllValues:StringLike": {
        "dynamodb:LeadingKeys": ["ORG#${aws:PrincipalTag/tenant_id}", "ORG#${aws:PrincipalTag/tenant_id}#*"]
    },
    "Null": {"dynamodb:LeadingKeys": "false"},
}
ITEMS = ["GetItem", "PutItem", "BatchGetItem", "BatchWriteItem", "Query"]
DERIVED: Item = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": [f"dynamodb:{one}" for one in ITEMS], "Resource": TABLE, "Condition": OWN},
        {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": f"{TABLE}/index/GSI1", "Condition": OWN},
    ],
}
EVERYTHING: Item = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"},
}


@pytest.fixture(scope="module")
def proxy() -> Iterator[IamProxy]:
    """The proxy, with a table behind it in which two tenants have an item each under the same sort key."""
    with serving(Table()) as small, IamProxy(os.environ.get("DYNAMODB_URL", small), [TableKeys.of(CREATE)]) as made:
        role = "arn:aws:sts::000000000000:assumed-role/data"
        for tenant in ("acme", "acme2", "globex"):
            member = Principal.of(f"{role}/{tenant}", DERIVED, tags={"tenant_id": tenant})
            made.register(f"AK{tenant.upper()}", member)
        made.register("AKADMIN", Principal.of(f"{role}/admin", EVERYTHING))
        admin = boto(made.url, "AKADMIN")
        admin.create_table(**CREATE)
        admin.get_waiter("table_exists").wait(TableName="app", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        for tenant in ("acme", "acme2", "globex"):
            admin.put_item(TableName="app", Item=item(tenant))
        admin.close()
        yield made


@pytest.fixture(params=["boto3", "freehold"])
def call(request: pytest.FixtureRequest, proxy: IamProxy) -> Iterator[Call]:
    """A client, signing with whichever key."""
    clients: dict[str, Any] = {}
    thin = AwsJson(Sender(Endpoint("dynamodb", "us-east-1", proxy.url), SystemClock(), SystemRandom()))

    def with_boto(access_key: str, operation: str, asked: Item) -> Mapping[str, Any]:
        client = clients.setdefault(access_key, None) or boto(proxy.url, access_key)
        clients[access_key] = client
        try:
            return cast("Mapping[str, Any]", client._make_api_call(operation, asked))
        except ClientError as error:
            if error.response["Error"]["Code"] == "AccessDeniedException":
                raise PermissionError(error.response["Error"]["Message"]) from error
            raise LookupError(error.response["Error"]["Code"]) from error

    def with_ours(access_key: str, operation: str, asked: Item) -> Mapping[str, Any]:
        try:
            return thin.call(operation, asked, Credentials(access_key, "secret"))
        except AccessDenied as error:
            raise PermissionError(error.message) from error
        except AwsError as error:
            raise LookupError(error.code) from error

    yield with_boto if request.param == "boto3" else with_ours
    thin.close()
    for client in clients.values():
        client.close()


def boto(url: str, access_key: str) -> Any:  # noqa: ANN401  # it is untyped
    """A client of boto3 that signs with this access key."""
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


def item(tenant: str) -> Item:
    """The item of a tenant, in the table and in its index."""
    partition = {"S": f"ORG#{tenant}"}
    return {"PK": partition, "SK": {"S": "TASK#1"}, "GSI1PK": partition, "GSI1SK": {"S": "1"}, "of": {"S": tenant}}


def key(tenant: str) -> Item:
    """Where it is."""
    return {name: value for name, value in item(tenant).items() if name in {"PK", "SK"}}


def partition(tenant: str, index: str = "") -> Item:
    """A query for all that a tenant has."""
    asked: Item = {
        "TableName": "app",
        "KeyConditionExpression": "#pk = :pk",
        "ExpressionAttributeNames": {"#pk": f"{index}PK"},
        "ExpressionAttributeValues": {":pk": {"S": f"ORG#{tenant}"}},
    }
    return asked | ({"IndexName": index} if index else {})


def test_a_tenant_works_with_its_own(call: Call) -> None:
    assert call("AKACME", "PutItem", {"TableName": "app", "Item": item("acme")}) is not None
    assert call("AKACME", "GetItem", {"TableName": "app", "Key": key("acme")})["Item"]["of"] == {"S": "acme"}
    for index in ("", "GSI1"):
        assert [one["of"] for one in call("AKACME", "Query", partition("acme", index))["Items"]] == [{"S": "acme"}]
    batch = call("AKACME", "BatchGetItem", {"RequestItems": {"app": {"Keys": [key("acme")]}}})
    assert [one["of"] for one in batch["Responses"]["app"]] == [{"S": "acme"}]


@pytest.mark.parametrize("other", ["globex", "acme2"])
def test_a_tenant_reaches_nothing_of_another(call: Call, other: str) -> None:
    attempts = [
        ("GetItem", {"TableName": "app", "Key": key(other)}),
        ("PutItem", {"TableName": "app", "Item": item(other)}),
        ("Query", partition(other)),
        ("Query", partition(other, "GSI1")),
        ("BatchGetItem", {"RequestItems": {"app": {"Keys": [key("acme"), key(other)]}}}),
        ("BatchWriteItem", {"RequestItems": {"app": [{"PutRequest": {"Item": item(other)}}]}}),
        ("Scan", {"TableName": "app"}),
        ("Scan", {"TableName": "app", "IndexName": "GSI1"}),
        ("DeleteTable", {"TableName": "app"}),
    ]
    for operation, asked in attempts:
        with pytest.raises(PermissionError) as denied:
            call("AKACME", operation, asked)
        assert f"/acme is not authorized to perform: dynamodb:{operation} on resource: {TABLE}" in str(denied.value)


def test_what_was_tried_left_nothing_behind(call: Call) -> None:
    for tenant in ("acme", "acme2", "globex"):
        found = call(f"AK{tenant.upper()}", "Query", partition(tenant))["Items"]
        assert [one["of"] for one in found] == [{"S": tenant}]


def test_who_is_not_known_gets_no_further(call: Call) -> None:
    with pytest.raises(LookupError, match="UnrecognizedClientException"):
        call("AKNOBODY", "GetItem", {"TableName": "app", "Key": key("acme")})


def test_what_cannot_be_evaluated_is_no_denial(call: Call) -> None:
    with pytest.raises(LookupError, match="NotEvaluated"):
        call("AKACME", "GetItem", {"TableName": "other", "Key": key("acme")})


def test_the_report_says_who_tried_what(call: Call, proxy: IamProxy) -> None:
    before = len(proxy.decisions())
    call("AKGLOBEX", "GetItem", {"TableName": "app", "Key": key("globex")})
    with pytest.raises(PermissionError):
        call("AKGLOBEX", "GetItem", {"TableName": "app", "Key": key("acme")})
    told = [(one.access_key, one.operation, one.leading_keys, one.outcome) for one in proxy.decisions()[before:]]
    assert told == [
        ("AKGLOBEX", "GetItem", ("ORG#globex",), Outcome.ALLOWED),
        ("AKGLOBEX", "GetItem", ("ORG#acme",), Outcome.DENIED),
    ]

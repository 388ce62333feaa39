"""A table that tenants share, and policies that are meant to keep them apart: right ones and wrong ones."""

from collections.abc import Mapping, Sequence

from freehold.testing.iam import Call, Place, Principal, TableKeys

Document = dict[str, object]

PLACE = Place("eu-central-1", "123456789012")
TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/app"
TAG = "${aws:PrincipalTag/tenant_id}"
KEYS = TableKeys("app", "PK", {"GSI1": "GSI1PK", "GSI2": "GSI2PK"})
TABLES = {"app": KEYS, "notes": TableKeys("notes", "PK")}

ON_ITEMS = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "BatchGetItem", "BatchWriteItem")
RIGHT = (f"ORG#{TAG}", f"ORG#{TAG}#*")
NAIVE = (f"ORG#{TAG}*",)
PRESENT = {"Null": {"dynamodb:LeadingKeys": "false"}}


def document(*statements: Document) -> Document:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(actions: Sequence[str], resource: str = TABLE, *, deny: bool = False, **others: object) -> Document:
    """A statement about actions of DynamoDB."""
    effect = "Deny" if deny else "Allow"
    return {"Effect": effect, "Action": [f"dynamodb:{one}" for one in actions], "Resource": resource, **others}


def own_keys(patterns: Sequence[str] = RIGHT, *, present: bool = True) -> Document:
    """The condition that every partition key is of the caller's own tenant."""
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(patterns)}, **(PRESENT if present else {})}


def tenant_policy(patterns: Sequence[str] = RIGHT, *, present: bool = True) -> Document:
    """What an app with lookups on the table and on GSI1 derives."""
    condition = own_keys(patterns, present=present)
    return document(
        statement([*ON_ITEMS, "Query"], Condition=condition),
        statement(["Query"], f"{TABLE}/index/GSI1", Condition=condition),
    )


def member(policy: Document | None = None, tenant: str | None = "acme") -> Principal:
    """Somebody of a tenant, or of none."""
    tags = {} if tenant is None else {"tenant_id": tenant}
    return Principal.of("arn:aws:sts::123456789012:assumed-role/data/x", policy or tenant_policy(), tags=tags)


def allowed(principal: Principal, operation: str, request: Mapping[str, object]) -> bool:
    """Whether all that a call asks is allowed."""
    return principal.denial(Call(operation, request, TABLES, PLACE).asks()) == ""


def key(partition: str) -> Document:
    """The key of an item."""
    return {"PK": {"S": partition}, "SK": {"S": "TASK#1"}}


def get(partition: str) -> Document:
    """A request for an item."""
    return {"TableName": "app", "Key": key(partition)}


def query(partition: str, index: str = "") -> Document:
    """A request for a partition, of the table or of an index."""
    asked: Document = {
        "TableName": "app",
        "KeyConditionExpression": "#pk = :pk AND begins_with(#sk, :sk)",
        "ExpressionAttributeNames": {"#pk": f"{index}PK", "#sk": f"{index}SK"},
        "ExpressionAttributeValues": {":pk": {"S": partition}, ":sk": {"S": "TASK#"}},
    }
    return asked | ({"IndexName": index} if index else {})


def get_batch(*partitions: str) -> Document:
    """A request for several items."""
    return {"RequestItems": {"app": {"Keys": [key(one) for one in partitions]}}}


def write_batch(put: str, delete: str) -> Document:
    """A put and a deletion, which need not succeed together."""
    return {"RequestItems": {"app": [{"PutRequest": {"Item": key(put)}}, {"DeleteRequest": {"Key": key(delete)}}]}}


def transaction(put: str, update: str = "ORG#acme", delete: str = "ORG#acme", check: str = "ORG#acme") -> Document:
    """One of each write, all or none."""
    table = {"TableName": "app"}
    return {
        "TransactItems": [
            {"Put": {**table, "Item": key(put)}},
            {"Update": {**table, "Key": key(update), "UpdateExpression": "SET a = :a"}},
            {"Delete": {**table, "Key": key(delete)}},
            {"ConditionCheck": {**table, "Key": key(check), "ConditionExpression": "attribute_exists(PK)"}},
        ]
    }

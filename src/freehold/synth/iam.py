"""Policies (IAM) from access patterns: what each part of a backend may ask of the table, and nothing else.

A session of the data role is one tenant's. Its policy compares every partition key with the session's tag, in the
table and in every index, since every partition key begins with the tenant:

* two patterns, `ORG#<tenant>` and `ORG#<tenant>#*`: with `ORG#<tenant>*` a tenant `acme` would reach `acme2`;
* and a key must be there at all (`Null`), since `ForAllValues` is true of none.

No statement has a Scan, a wildcard in an action, or PartiQL. (AWS: "Using IAM policy conditions for fine-grained access
control" with DynamoDB.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from freehold.model.layout import OUTBOX, SESSION_TAG, TENANT, Layout
from freehold.model.names import PLATFORM

Document = Mapping[str, object]

TAG = f"${{aws:PrincipalTag/{SESSION_TAG}}}"
READS = ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query")
WRITES = ("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
"""What a transaction is made of: TransactWriteItems is allowed by its parts."""


def tenant_policy(layout: Layout, table: str) -> Document:
    """What a tenant's session may do. `table` is the table's ARN."""
    own = [f"{TENANT}#{TAG}", f"{TENANT}#{TAG}#*"]
    return _document(
        _statement("OwnItems", (*READS, *WRITES), [table], own),
        _statement("OwnIndexes", ("dynamodb:Query",), _indexes(layout, table), own),
    )


def platform_policy(layout: Layout, table: str) -> Document:
    """What the platform's session may do: its own items, and transactions that are about several grounds.

    Those begin on the platform's ground (`scope="everyone"`), and write on a tenant's as well: signing up does. So it
    writes on every ground by its keys. It reads nothing but its own: what such a call reads of a tenant's, it reads in
    a session of that tenant.
    """
    ours, anybodys = [f"{TENANT}#{PLATFORM}", f"{TENANT}#{PLATFORM}#*"], [f"{TENANT}#*"]
    return _document(
        _statement("OwnIndexes", ("dynamodb:Query",), _indexes(layout, table), ours),
        _statement("OwnItems", READS, [table], ours),
        _statement("WritesOnGrounds", WRITES, [table], anybodys),
    )


def relay_policy(table: str) -> Document:
    """What the outbox may do: ask which grounds have deliveries waiting. The index has keys in it, and nothing else."""
    return _document(_statement("WhoIsWaiting", ("dynamodb:Query",), [f"{table}/index/{OUTBOX}"], [f"{OUTBOX}#*"]))


def _indexes(layout: Layout, table: str) -> list[str]:
    return [f"{table}/index/{name}" for name in layout.indexes]


def _statement(sid: str, actions: Sequence[str], resources: Sequence[str], keys: Sequence[str]) -> Document:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": list(resources),
        "Condition": {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(keys)},
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    }


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": [one for one in statements if one["Resource"]]}

"""Leaks in the store for DynamoDB: keys, indexes, policies, sessions and caches that forget the tenant."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from freehold.runtime.scope import Scope
from freehold.stores.dynamodb import keys
from freehold.stores.dynamodb.commit import Committer
from freehold.stores.dynamodb.draft import Draft
from freehold.stores.dynamodb.items import Item
from freehold.stores.dynamodb.snapshot import DynamoSnapshot
from freehold.stores.dynamodb.table import Table
from freehold.synth import iam
from tests.isolation.off_dynamodb import DYNAMODB, TRANSACT, Action, anywhere, noted
from tests.isolation.planted.mutant import Mutant
from tests.isolation.surgery import Break, Edit, Swap

OWN = 'own = [f"{TENANT}#{TAG}", f"{TENANT}#{TAG}#*"]'
GET, GET_ALL, QUERY, _ = DYNAMODB["L3"]


def _written_anywhere(self: Table, scope: Scope, actions: Sequence[Action], token: str) -> None:
    noted(self, actions)
    TRANSACT(self, scope, [anywhere(self, scope, action) for action in actions], token)


def _checked_anywhere(self: Table, scope: Scope, actions: Sequence[Action], token: str) -> None:
    noted(self, actions)
    moved = [anywhere(self, scope, action) if "ConditionCheck" in action else action for action in actions]
    TRANSACT(self, scope, moved, token)


def _noted(self: Table, scope: Scope, actions: Sequence[Action], token: str) -> None:
    noted(self, actions)
    TRANSACT(self, scope, actions, token)


NOTED = Swap(Table, "transact", _noted)
"""Breaks nothing: remembers which grounds there are."""


def _scanned(self: Table, scope: Scope, request: Mapping[str, object], limit: int) -> Iterator[Item]:
    """A list as a Scan, with a filter that minds everything but the tenant."""
    name, bound = str(request.get("IndexName", "")), cast("Any", request["ExpressionAttributeValues"])
    answer = self._call("Scan", {"TableName": self.name, **({"IndexName": name} if name else {})}, scope)
    wanted = _behind(bound[":p"])
    low, high = (bound[":l"]["S"], bound[":h"]["S"]) if ":l" in bound else (bound[":s"]["S"], bound[":s"]["S"] + "~")
    found = [
        item
        for item in cast("list[Any]", answer["Items"])
        if f"{name}PK" in item and _behind(item[f"{name}PK"]) == wanted and low <= item[f"{name}SK"]["S"] <= high
    ]
    backwards = request.get("ScanIndexForward") is False
    yield from sorted(found, key=lambda item: str(item[f"{name}SK"]["S"]), reverse=backwards)[:limit]


def _behind(partition: Mapping[str, str]) -> list[str]:
    """What stands behind the tenant in a partition key."""
    return partition["S"].split("#", 2)[2:]


def _planted(
    name: str,
    *breaks: Break,
    off: tuple[str, ...],
    attacks: tuple[str, ...] = (),
    app: str = "01_tasks",
    excuse: str = "",
) -> Mutant:
    return Mutant(name, breaks, off=off, attacks=attacks, app=app, excuse=excuse, store="dynamodb")


KEYS = (
    _planted("DynamoDB: one entity is looked for on every ground", GET, NOTED, off=("L2", "L4")),
    _planted("DynamoDB: lists are of every ground", QUERY, NOTED, off=("L2", "L4")),
    _planted(
        "DynamoDB: what is written goes to whichever ground has the id",
        GET_ALL,
        Swap(Table, "transact", _written_anywhere),
        off=("L4",),
    ),
    _planted(
        "DynamoDB: a reference may be to any ground",
        Swap(Table, "transact", _checked_anywhere),
        off=("L4",),
        attacks=("T06", "T33"),
    ),
    _planted(
        "DynamoDB: the partitions of indexes begin without the tenant",
        Edit(keys.partition, "_bounded(ground(tenant),", "_bounded('ORG',"),
        off=("L2", "L4"),
    ),
    _planted(
        "DynamoDB: unique values are unique across tenants",
        Edit(Draft._guard, "at, where = key(self.tenant, sort_key)", "at, where = key('0' * 8, sort_key)"),
        off=("L4",),
        app="03_lookups",
        attacks=("T14", "T15"),
    ),
)

POLICIES = (
    _planted(
        "DynamoDB: the policy allows every partition", Edit(iam.tenant_policy, OWN, 'own = ["ORG#*"]'), off=("L2", "L3")
    ),
    _planted(
        "DynamoDB: the policy binds the table and not its indexes",
        Edit(iam.tenant_policy, "_indexes(layout, table), own)", '_indexes(layout, table), ["*"])'),
        off=("L2", "L3"),
    ),
    _planted(
        "DynamoDB: the policy has no Null, and lists are Scans",
        Edit(iam._statement, '"Null": {"dynamodb:LeadingKeys": "false"},', ""),
        Edit(iam.tenant_policy, '("dynamodb:Query",), _indexes', '("dynamodb:Query", "dynamodb:Scan"), _indexes'),
        Edit(iam.tenant_policy, "(*READS, *WRITES)", '(*READS, *WRITES, "dynamodb:Scan")'),
        Swap(Table, "query", _scanned),
        off=("L2",),
    ),
    _planted(
        "DynamoDB: the policy's pattern has nothing behind the tenant but a star",
        Edit(iam.tenant_policy, OWN, 'own = [f"{TENANT}#{TAG}*"]'),
        off=("L3",),
        attacks=("T33",),
        excuse="ids of tenants are of one length, so none begins with another; tests of the policies have some that do",
    ),
)

MEMORY = (
    _planted(
        "DynamoDB: rows are remembered by lookup and keys alone",
        Edit(
            DynamoSnapshot.page,
            "return [codec.decode(item) for item in table.query(self._scope, request, span.limit)]",
            "memo = globals().setdefault('_MEMO', {}); key = (lookup, str(values), str(span))\n"
            "    if not memo.get(key): memo[key] = list(table.query(self._scope, request, span.limit))\n"
            "    return [codec.decode(item) for item in memo[key]]",
        ),
        off=("L2",),
    ),
    _planted(
        "DynamoDB: the audit chain goes on from where anybody's ended",
        Edit(
            Committer._moved,
            "entry = chained(tip.number + 1, tip.hash, text_of(part.entry))",
            "entry = chained(tip.number + 1, globals().get('_LAST', tip.hash), text_of(part.entry))\n"
            "    globals()['_LAST'] = entry.hash",
        ),
        off=(),
        attacks=("T03", "T72"),
    ),
)

MUTANTS = (*KEYS, *POLICIES, *MEMORY)

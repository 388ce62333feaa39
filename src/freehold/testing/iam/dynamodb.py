"""What a DynamoDB call asks of IAM: actions on resources, and the keys they are about. All of them must be allowed.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB"; Amazon DynamoDB
Developer Guide, "Using IAM policy conditions for fine-grained access control" and "Using IAM with DynamoDB
transactions". Which attributes a call touches (`dynamodb:Attributes`) is not worked out, and a parameter that a
request leaves out counts neither as absent nor as its default, since no page says which: a policy that asks is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from freehold.testing.iam.conditions import Value
from freehold.testing.iam.evaluate import Request
from freehold.testing.iam.key_condition import queried_partition
from freehold.testing.iam.partiql import read_statement
from freehold.testing.iam.refusal import Unsupported
from freehold.testing.iam.shape import entries, items, text
from freehold.testing.iam.tables import Place, TableKeys

LEADING_KEYS = "dynamodb:LeadingKeys"
ENCLOSING = "dynamodb:EnclosingOperation"
STREAM_OPERATIONS = frozenset({"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"})

_WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_READS = {"Get": "GetItem"}
_STATED = ("ReturnConsumedCapacity", "ReturnValues", "Select")


@dataclass(frozen=True, slots=True)
class Ask:
    """One action on one resource, which somebody has to be allowed."""

    action: str
    resource: str
    leading_keys: tuple[str, ...] | None = ()
    """The partition keys it is about: empty when it is about none in particular, None when they are not known."""
    context: Mapping[str, Value] = field(default_factory=dict)
    """What else is known of the request."""

    def by(self, tags: Mapping[str, str]) -> Request:
        """The request to evaluate, when somebody with these tags asks."""
        known = {} if self.leading_keys is None else {ENCLOSING: None, LEADING_KEYS: self.leading_keys}
        return Request(tags, self.action, self.resource, {**known, **self.context})


@dataclass(frozen=True, slots=True)
class Call:
    """An operation with its request, where it goes, and the keys of the tables there."""

    operation: str
    request: Mapping[str, object]
    tables: Mapping[str, TableKeys]
    place: Place

    def asks(self) -> tuple[Ask, ...]:
        """All that it asks. Raises `Unsupported` for an operation, a table or a form of request that is not known."""
        reader = _READERS.get(self.operation)
        if reader is None:
            raise Unsupported("UNKNOWN_OPERATION", f"what {self.operation} asks of IAM is not known here")
        found = tuple(reader(self))
        if not found:
            raise Unsupported("NOTHING_ASKED", f"{self.operation} asks nothing, which cannot be")
        return found

    def keys_of(self, table: str) -> TableKeys:
        """The keys of a table."""
        if table not in self.tables:
            raise Unsupported("UNKNOWN_TABLE", f"the keys of the table {table!r} are not known here")
        return self.tables[table]

    def named(self) -> str:
        """The table the request names."""
        return text(self.request.get("TableName"), "TableName")


def _item(call: Call) -> Iterator[Ask]:
    yield _on_item(call, call.operation, call.request, {})


def _on_item(call: Call, action: str, part: Mapping[str, object], enclosing: Mapping[str, Value]) -> Ask:
    """An action on one item, whose key is in `Item` of a put and in `Key` of anything else."""
    table = text(part.get("TableName"), "TableName")
    where = "Item" if action == "PutItem" else "Key"
    key = _key(part.get(where), call.keys_of(table).partition)
    return Ask(f"dynamodb:{action}", call.place.table(table), (key,), {**_stated(part), **enclosing})


def _transaction(call: Call) -> Iterator[Ask]:
    actions = _WRITES if call.operation == "TransactWriteItems" else _READS
    for entry in items(call.request.get("TransactItems"), "TransactItems"):
        (kind, part), *others = entries(entry, "a part of the transaction").items()
        if others or kind not in actions:
            raise Unsupported("BAD_SHAPE", f"a part of the transaction is not one of {', '.join(actions)}")
        yield _on_item(call, actions[kind], entries(part, kind), {ENCLOSING: call.operation})


def _batch_get(call: Call) -> Iterator[Ask]:
    for table, wanted in entries(call.request.get("RequestItems"), "RequestItems").items():
        name = call.keys_of(table).partition
        keys = [_key(key, name) for key in items(entries(wanted, table).get("Keys"), "Keys")]
        yield _on_batch(call, table, keys)


def _batch_write(call: Call) -> Iterator[Ask]:
    for table, writes in entries(call.request.get("RequestItems"), "RequestItems").items():
        name = call.keys_of(table).partition
        yield _on_batch(call, table, [_written(write, name) for write in items(writes, table)])


def _on_batch(call: Call, table: str, keys: list[str]) -> Ask:
    return Ask(f"dynamodb:{call.operation}", call.place.table(table), tuple(keys), _stated(call.request))


def _written(write: object, name: str) -> str:
    (kind, part), *others = entries(write, "a write of the batch").items()
    where = {"PutRequest": "Item", "DeleteRequest": "Key"}.get(kind)
    if others or where is None:
        raise Unsupported("BAD_SHAPE", "a write of the batch is neither PutRequest nor DeleteRequest")
    return _key(entries(part, kind).get(where), name)


def _query(call: Call) -> Iterator[Ask]:
    table, index = call.named(), _index(call)
    attribute = call.keys_of(table).partition_of(index)
    key = _string(queried_partition(call.request, attribute), attribute)
    yield Ask("dynamodb:Query", call.place.table(table, index), (key,), _stated(call.request))


def _scan(call: Call) -> Iterator[Ask]:
    yield Ask("dynamodb:Scan", call.place.table(call.named(), _index(call)), (), _stated(call.request))


def _statements(call: Call) -> Iterator[Ask]:
    """PartiQL. Which keys it reaches is not known, so that only a policy that does not ask for them can allow it."""
    where = {"BatchExecuteStatement": "Statements", "ExecuteTransaction": "TransactStatements"}.get(call.operation)
    for part in items(call.request.get(where), where) if where else [call.request]:
        action, table, index = read_statement(entries(part, "a statement").get("Statement"))
        yield Ask(f"dynamodb:{action}", call.place.table(table, index), None)


def _table(call: Call) -> Iterator[Ask]:
    for parameter in ("ReplicaUpdates", "GlobalTableWitnessUpdates", "ResourcePolicy"):
        if parameter in call.request:
            raise Unsupported("UNKNOWN_PARAMETER", f"what {parameter} asks of IAM is not known here")
    table = call.place.table(call.named())
    yield Ask(f"dynamodb:{call.operation}", table)
    if call.operation == "CreateTable" and "Tags" in call.request:
        yield Ask("dynamodb:TagResource", table)


def _tagging(call: Call) -> Iterator[Ask]:
    arn = text(call.request.get("ResourceArn"), "ResourceArn")
    yield Ask(f"dynamodb:{call.operation}", call.place.table_named(arn))


def _stream(call: Call) -> Iterator[Ask]:
    if call.operation == "GetRecords":
        # An iterator begins with the ARN of its stream, and a bar.
        arn, bar, _ = text(call.request.get("ShardIterator"), "ShardIterator").partition("|")
        if not bar:
            raise Unsupported("BAD_ITERATOR", "the shard iterator does not say of which stream it is")
    else:
        arn = text(call.request.get("StreamArn"), "StreamArn")
    yield Ask(f"dynamodb:{call.operation}", call.place.stream(arn))


def _everywhere(call: Call) -> Iterator[Ask]:
    yield Ask(f"dynamodb:{call.operation}", "*")


def _index(call: Call) -> str:
    return text(call.request["IndexName"], "IndexName") if "IndexName" in call.request else ""


def _stated(request: Mapping[str, object]) -> dict[str, Value]:
    return {f"dynamodb:{name}": text(request[name], name) for name in _STATED if name in request}


def _key(attributes: object, name: str) -> str:
    found = entries(attributes, "a key or an item")
    if name not in found:
        raise Unsupported("NO_PARTITION", f"a key or an item is without its partition key, {name}")
    return _string(found[name], name)


def _string(value: object, name: str) -> str:
    """The partition key, which is a string. How numbers and bytes are compared, no page says."""
    found = entries(value, name)
    if list(found) != ["S"]:
        raise Unsupported("NO_STRING", f"the partition key {name} is not a string")
    return text(found["S"], name)


_READERS: Mapping[str, Callable[[Call], Iterator[Ask]]] = {
    **dict.fromkeys(("GetItem", "PutItem", "UpdateItem", "DeleteItem"), _item),
    **dict.fromkeys(("TransactGetItems", "TransactWriteItems"), _transaction),
    "BatchGetItem": _batch_get,
    "BatchWriteItem": _batch_write,
    "Query": _query,
    "Scan": _scan,
    **dict.fromkeys(("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"), _statements),
    **dict.fromkeys(("CreateTable", "DeleteTable", "DescribeTable", "UpdateTable"), _table),
    **dict.fromkeys(("DescribeTimeToLive", "UpdateTimeToLive"), _table),
    **dict.fromkeys(("DescribeContinuousBackups", "UpdateContinuousBackups"), _table),
    **dict.fromkeys(("ListTagsOfResource", "TagResource", "UntagResource"), _tagging),
    **dict.fromkeys(("DescribeStream", "GetRecords", "GetShardIterator"), _stream),
    **dict.fromkeys(("ListTables", "ListStreams", "DescribeLimits", "DescribeEndpoints"), _everywhere),
}

"""A call of the store for DynamoDB against the same by hand: processor time of the process that asks.

By hand it is done with freehold's own client, which leaves what the store itself costs; and with boto3, which is what
a careful person has at hand.
"""

import json
import secrets
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

import boto3
from botocore import xform_name

from bench.dynamo_clients import once
from bench.ground import task
from bench.own_dynamodb import KEYS, NAME, PAGE, DynamoSide, Noting, Wanted, client_of, fill
from bench.process import CannotRun
from bench.store import Task, ids_of, new_id, tenant_name
from bench.table import Report, Table, interleaved, ratio, spread
from freehold.aws.client import AwsClient

TASKS = 50
CALLS = {"get": 120, "page": 40, "add": 24}
"""How often each is done in a round."""

FREE, THERE = "attribute_not_exists(PK)", "attribute_exists(PK)"
MOVE = "SET version = :v, #n = :n, #h = :h, generation = :g, #t = :t, OUTBOXPK = :OUTBOXPK, OUTBOXSK = :OUTBOXSK"
Request = dict[str, Any]
Tip = tuple[int, int, str]
"""Of a tenant: how many commits there were, how many links its chain has, and the hash of the last."""


class Side(Protocol):
    """Three calls, each always about the same tenant."""

    def get(self) -> object:
        """Find one task by its id."""
        ...

    def page(self) -> object:
        """Find the newest tasks of a project."""
        ...

    def add(self) -> object:
        """Add a task durably, if what it refers to is there, and note it in the tenant's audit chain."""
        ...


class ByHand:
    """The same requests and the same work, as a careful person writes them for this one table with the client alone."""

    def __init__(self, client: AwsClient, wanted: Wanted) -> None:
        self.client, self.wanted = client, wanted
        self.turn = threading.Lock()
        self.known: Tip | None = None

    def get(self) -> object:
        """Return an object."""
        key = {"PK": {"S": f"ORG#{self.wanted.tenant}"}, "SK": {"S": f"TASK#{self.wanted.task}"}}
        return task_of(self.asked("GetItem", {"TableName": NAME, "Key": key, "ConsistentRead": True})["Item"])

    def page(self) -> object:
        """Return objects."""
        whole = {"S": f"ORG#{self.wanted.tenant}#PROJECT#{self.wanted.project}"}
        found = self.asked("Query", {
            "TableName": NAME, "KeyConditionExpression": "GSI1PK = :p AND GSI1SK BETWEEN :l AND :h",
            "ExpressionAttributeValues": {":p": whole, ":l": {"S": "TASK#"}, ":h": {"S": "TASK$"}},
            "ScanIndexForward": False, "IndexName": "GSI1", "Limit": PAGE,
        })  # fmt: skip
        return [task_of(item) for item in found["Items"]]

    def add(self) -> object:
        """Make the object, the item of it, the link of the chain, and the transaction."""
        stamp, (tenant, _, project, person) = datetime.now(UTC), self.wanted
        made = Task(new_id(), 1, stamp, stamp, **task(1, project=project, assignee=person))  # type: ignore[arg-type]
        note = {"actor": person, "at": stamp.isoformat(), "call": "bench", "case": "create_task"}
        words = json.dumps({**note, "on": [["add", "Task", made.id, 1]], "outcome": "done"}, separators=(",", ":"))
        token = secrets.token_hex(16)
        with self.turn:
            version, at, before = self.known or self.tip()
            self.known = None  # unless it is done
            link = sha256(f"{at + 1}\n{before}\n{words}".encode()).hexdigest()
            actions = [
                put(tenant, f"AUDIT#{at + 1:020d}", {
                    "number": {"N": str(at + 1)}, "text": {"S": words}, "before": {"S": before}, "hash": {"S": link},
                }),
                put(tenant, f"TASK#{made.id}", item_of(tenant, made)),
                there(tenant, f"PROJECT#{project}"),
                there(tenant, f"FREEHOLD_MEMBER#{person}"),
                moved(tenant, (version + 1, at + 1, link), token),
            ]  # fmt: skip
            self.asked("TransactWriteItems", {"TransactItems": actions, "ClientRequestToken": token})
            self.known = version + 1, at + 1, link
        return made

    def tip(self) -> Tip:
        """Ask for where the tenant is. What is remembered need not be asked for: a commit fails when it is old."""
        key = {"PK": {"S": f"ORG#{self.wanted.tenant}"}, "SK": {"S": "GROUND"}}
        item = self.asked("GetItem", {"TableName": NAME, "Key": key, "ConsistentRead": True}).get("Item")
        return (int(item["version"]["N"]), int(item["number"]["N"]), item["hash"]["S"]) if item else (0, 0, "0" * 64)

    def asked(self, operation: str, request: Request) -> Mapping[str, Any]:
        """Return what the server answers."""
        return self.client.call(operation, request, KEYS)


class ByBoto3(ByHand):
    """The same again with boto3, whose requests and answers have the same form."""

    def __init__(self, client: AwsClient, wanted: Wanted, url: str) -> None:
        super().__init__(client, wanted)
        keys = {"aws_access_key_id": KEYS.access_key, "aws_secret_access_key": KEYS.secret_key}
        self.boto: Any = boto3.client("dynamodb", region_name="us-east-1", endpoint_url=url, **keys)

    def asked(self, operation: str, request: Request) -> Mapping[str, Any]:
        """Return what the server answers."""
        found: Mapping[str, Any] = getattr(self.boto, xform_name(operation))(**request)
        return found


def task_of(item: Mapping[str, Any]) -> Task:
    """Make an object of an item."""
    return Task(
        item["id"]["S"], int(item["version"]["N"]), datetime.fromisoformat(item["created_at"]["S"]),
        datetime.fromisoformat(item["updated_at"]["S"]), item["title"]["S"], item["description"]["S"],
        item["status"]["S"], item["priority"]["S"], item["assignee"]["S"], item["project"]["S"],
    )  # fmt: skip


def item_of(tenant: str, one: Task) -> Request:
    """Make an item of an object, with the keys of its indexes."""
    return {
        "id": {"S": one.id}, "version": {"N": str(one.version)},
        "created_at": {"S": one.created_at.isoformat(timespec="microseconds")},
        "updated_at": {"S": one.updated_at.isoformat(timespec="microseconds")},
        "title": {"S": one.title}, "description": {"S": one.description}, "status": {"S": one.status},
        "priority": {"S": one.priority}, "assignee": {"S": one.assignee}, "project": {"S": one.project},
        "GSI1PK": {"S": f"ORG#{tenant}#PROJECT#{one.project}"}, "GSI1SK": {"S": f"TASK#{one.id}"},
        "GSI2PK": {"S": f"ORG#{tenant}#USER#{one.assignee}"}, "GSI2SK": {"S": f"TASK#{one.id}"},
        "GENERATION": {"N": "1"},
    }  # fmt: skip


def put(tenant: str, sort: str, fields: Request) -> Request:
    """Make the action that writes a new item."""
    item = {"PK": {"S": f"ORG#{tenant}"}, "SK": {"S": sort}, **fields}
    return {"Put": {"TableName": NAME, "Item": item, "ConditionExpression": FREE}}


def there(tenant: str, sort: str) -> Request:
    """Make the action that sees whether an item is there."""
    key = {"PK": {"S": f"ORG#{tenant}"}, "SK": {"S": sort}}
    return {"ConditionCheck": {"TableName": NAME, "Key": key, "ConditionExpression": THERE}}


def moved(tenant: str, tip: Tip, token: str) -> Request:
    """Make the action that moves the tip of a tenant, unless somebody else has."""
    version, at, link = tip
    before = {":w": {"N": str(version - 1)}} if version > 1 else {}
    return {"Update": {
        "TableName": NAME, "Key": {"PK": {"S": f"ORG#{tenant}"}, "SK": {"S": "GROUND"}},
        "ConditionExpression": "version = :w" if before else FREE, "UpdateExpression": MOVE,
        "ExpressionAttributeNames": {"#n": "number", "#h": "hash", "#t": "mover"},
        "ExpressionAttributeValues": {
            ":v": {"N": str(version)}, ":n": {"N": str(at)}, ":h": {"S": link}, ":g": {"N": "1"}, ":t": {"S": token},
            ":OUTBOXPK": {"S": f"GROUNDS#{int(tenant[-2:], 16) % 16}"}, ":OUTBOXSK": {"S": f"00000001#{tenant}"},
            **before,
        },
    }}  # fmt: skip


class Replayed:
    """Less work: requests that the store has sent before, sent again. Nothing is made, and no answer is looked at."""

    def __init__(self, client: AwsClient, wanted: Wanted) -> None:
        self.client = client
        asked = requests_of(DynamoSide(noting := Noting(client), wanted), noting)
        self.getting, self.listing, self.adding = asked["GetItem"], asked["Query"], asked["TransactWriteItems"]
        for action in self.adding["TransactItems"]:  # done again and again, it must not fail
            for doing in action.values():
                if doing["ConditionExpression"] != THERE:
                    del doing["ConditionExpression"]
                    doing.get("ExpressionAttributeValues", {}).pop(":w", None)

    def get(self) -> object:
        """Ask again."""
        return self.client.call("GetItem", self.getting, KEYS)

    def page(self) -> object:
        """Ask again."""
        return self.client.call("Query", self.listing, KEYS)

    def add(self) -> object:
        """Write the same again, as another transaction."""
        return self.client.call(
            "TransactWriteItems", {**self.adding, "ClientRequestToken": secrets.token_hex(16)}, KEYS
        )


def requests_of(side: Side, noting: Noting) -> dict[str, Request]:
    """Return the last request of each operation, once the side knows its tip."""
    side.add()
    noting.notes.clear()
    for call in CALLS:
        getattr(side, call)()
    if len(noting.notes) != len(CALLS):
        raise CannotRun(f"{type(side).__name__} does not do each call with one request")
    return {operation: json.loads(json.dumps(request)) for operation, request, _ in noting.notes}


def shape(value: object) -> object:
    """Return a request without what differs from call to call: all values of attributes, and tokens."""
    if isinstance(value, dict):
        return {name: "" if name in {"S", "N", "ClientRequestToken"} else shape(one) for name, one in value.items()}
    return [shape(one) for one in value] if isinstance(value, list) else value


def compared(url: str, rounds: int, report: Report) -> Table:
    """Return the table of each call on each side, in interleaved rounds."""
    client = client_of(url)
    fill(client, 4, 4 * TASKS)
    wanted = [Wanted(tenant_name(at), *(ids_of(kind, at, 1)[0] for kind in (1, 2, 3))) for at in range(4)]
    shapes = [
        shape(requests_of(kind(noting := Noting(client), one), noting))
        for kind, one in ((DynamoSide, wanted[0]), (ByHand, wanted[1]))
    ]
    if shapes[0] != shapes[1]:
        raise CannotRun("the requests by hand are not those of the store")
    sides: dict[str, Side] = {
        "replayed": Replayed(client, wanted[2]), "same work by hand": ByHand(client, wanted[1]),
        "same by hand, boto3": ByBoto3(client, wanted[3], url), "freehold": DynamoSide(client, wanted[0]),
    }  # fmt: skip
    bare = [name for name in sides if name != "freehold"]
    head = ("call", "side", "CPU us", "clock us", *(f"CPU to {name}" for name in bare))
    table = Table(
        "A call of the store against the same by hand, on roto, and its CPU time as a multiple.", head, words=2
    )
    for call, calls in CALLS.items():
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
        for side in sides.values():
            once(getattr(side, call), 10)
        for _, name in interleaved(list(sides), rounds):
            found[name].append(once(getattr(sides[name], call), calls))
        cpu, clock = ({name: [run[at] for run in runs] for name, runs in found.items()} for at in (0, 1))
        for name in sides:
            ratios = (ratio(cpu[name], cpu[other]) for other in bare)
            table.rows.append((call, name, spread(cpu[name], 0), spread(clock[name], 0), *ratios))
        report.data[f"store, {call}"] = found
    client.close()
    return table

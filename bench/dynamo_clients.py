"""One client of DynamoDB at work, in a process of its own: `python -m bench.dynamo_clients CLIENT URL CALLS SECONDS`.

Prints, for each kind of call, microseconds of the process's CPU and of the clock a call: the median of several runs.
With CALLS of 0 it makes one call and ends: a cold process to its first item.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

TABLE, RUNS = "bench", 5
KEY = {"PK": {"S": "ORG#acme"}, "SK": {"S": "TASK#1"}}
TEXT = "a" * 40
ITEM = {**KEY, "id": {"S": "1"}, "version": {"N": "1"}, **{f"field{n}": {"S": TEXT} for n in range(6)}}
QUERY = {
    "TableName": TABLE, "KeyConditionExpression": "PK = :p", "Limit": 20,
    "ExpressionAttributeValues": {":p": {"S": "ORG#acme"}},
}  # fmt: skip
TRANSACTION = {
    "TransactItems": [{"Put": {"TableName": TABLE, "Item": {**ITEM, "SK": {"S": f"TASK#{n}"}}}} for n in range(3)]
}
Call = Callable[[], object]


def own(url: str) -> Mapping[str, Call]:
    """Freehold's own client."""
    from freehold.aws.client import open_client  # noqa: PLC0415  # each client is loaded alone
    from freehold.aws.credentials import Credentials  # noqa: PLC0415
    from freehold.aws.endpoints import Endpoint  # noqa: PLC0415
    from freehold.runtime.system import SystemClock, SystemRandom  # noqa: PLC0415

    client = open_client(Endpoint("dynamodb", "us-east-1", url), SystemClock(), SystemRandom())
    keys = Credentials("local", "local")
    return {
        "get": lambda: client.call("GetItem", {"TableName": TABLE, "Key": KEY}, keys),
        "put": lambda: client.call("PutItem", {"TableName": TABLE, "Item": ITEM}, keys),
        "query 20": lambda: client.call("Query", QUERY, keys),
        "transact 3": lambda: client.call("TransactWriteItems", TRANSACTION, keys),
    }


def boto3(url: str) -> Mapping[str, Call]:
    """boto3's client."""
    import boto3 as library  # noqa: PLC0415

    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    client: Any = library.client("dynamodb", region_name="us-east-1", endpoint_url=url, **keys)
    return {
        "get": lambda: client.get_item(TableName=TABLE, Key=KEY),
        "put": lambda: client.put_item(TableName=TABLE, Item=ITEM),
        "query 20": lambda: client.query(**QUERY),
        "transact 3": lambda: client.transact_write_items(**TRANSACTION),
    }


def pynamodb(url: str) -> Mapping[str, Call]:
    """PynamoDB's models."""
    from pynamodb.attributes import NumberAttribute, UnicodeAttribute  # noqa: PLC0415
    from pynamodb.connection import Connection  # noqa: PLC0415
    from pynamodb.models import Model  # noqa: PLC0415
    from pynamodb.transactions import TransactWrite  # noqa: PLC0415

    class Meta:
        table_name, region, host = TABLE, "us-east-1", url
        aws_access_key_id = aws_secret_access_key = "local"

    fields = {f"field{n}": UnicodeAttribute() for n in range(6)}
    kinds = {
        "PK": UnicodeAttribute(hash_key=True), "SK": UnicodeAttribute(range_key=True), "id": UnicodeAttribute(),
        "version": NumberAttribute(), **fields,
    }  # fmt: skip
    task: Any = type("Task", (Model,), {"Meta": Meta, **kinds})
    values = {"id": "1", "version": 1, **dict.fromkeys(fields, TEXT)}
    connection = Connection(region="us-east-1", host=url)

    def transact() -> None:
        with TransactWrite(connection=connection) as transaction:
            for number in range(3):
                transaction.save(task("ORG#acme", f"TASK#{number}", **values))

    return {
        "get": lambda: task.get("ORG#acme", "TASK#1"),
        "put": lambda: task("ORG#acme", "TASK#1", **values).save(),
        "query 20": lambda: list(task.query("ORG#acme", limit=20, page_size=20)),
        "transact 3": transact,
    }


def measured(call: Call, calls: int) -> tuple[float, float]:
    """Return microseconds of CPU and of the clock for one call: the medians of several runs."""
    once(call, max(10, calls // 10))
    runs = [once(call, calls) for _ in range(RUNS)]
    return statistics.median(cpu for cpu, _ in runs), statistics.median(clock for _, clock in runs)


def once(call: Call, calls: int) -> tuple[float, float]:
    """Return the same of one run."""
    cpu, clock = time.process_time(), time.perf_counter()
    for _ in range(calls):
        call()
    return (time.process_time() - cpu) / calls * 1e6, (time.perf_counter() - clock) / calls * 1e6


def main(client: str, url: str, calls: str) -> None:
    """Measure, and print JSON."""
    made = {"own": own, "boto3": boto3, "pynamodb": pynamodb}[client](url)
    if int(calls):
        print(json.dumps({name: measured(call, int(calls)) for name, call in made.items()}))
    else:
        made["get"]()


if __name__ == "__main__":
    main(*sys.argv[1:])

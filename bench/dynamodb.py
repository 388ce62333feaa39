"""Clients of DynamoDB against one another, and the store against its own client."""

import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import dynamo_store, process
from bench.process import ROOT, WORK, CannotRun, output
from bench.stacks import Settings
from bench.table import Report, Table
from bench.venvs import python_of, versions
from freehold.servers.dynamodb import DynamoServer, roto

CLIENTS = ("own", "boto3", "pynamodb")
CALLS = ("get", "put", "query 20", "transact 3")
COLD = 7
Figures = Mapping[str, Sequence[float]]


def run(settings: Settings) -> Report:
    """Measure each client on a stub and on roto, then the store on roto."""
    report = Report("dynamodb", versions={"peers": ", ".join(map(" ".join, _versions().items()))})
    number = 50 if settings.quick else 500
    with _stub() as url:
        report.tables.append(_compared("Against a stub: what the client itself costs.", url, number, report))
        report.tables.append(_cold(url, 2 if settings.quick else COLD))
    with on_roto(WORK / "dynamodb") as url:
        output([sys.executable, "-c", MAKE, url])
        report.tables.append(_compared("Against roto, which flushes every commit.", url, number // 2, report))
        report.tables.append(dynamo_store.compared(url, 3 if settings.quick else 25, report))
    return report


MAKE = """
import sys
from bench.dynamo_clients import own, TABLE
from freehold.aws.client import open_client
from freehold.aws.credentials import Credentials
from freehold.aws.endpoints import Endpoint
from freehold.runtime.system import SystemClock, SystemRandom
client = open_client(Endpoint("dynamodb", "us-east-1", sys.argv[1]), SystemClock(), SystemRandom())
keys = [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}]
kinds = [{"AttributeName": each["AttributeName"], "AttributeType": "S"} for each in keys]
made = {"TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", "KeySchema": keys, "AttributeDefinitions": kinds}
client.call("CreateTable", made, Credentials("local", "local"))
own(sys.argv[1])["put"]()
own(sys.argv[1])["transact 3"]()
"""


def _versions() -> dict[str, str]:
    return versions(python_of("dynamodb"), ["boto3", "pynamodb"])


def _python(client: str) -> str:
    return sys.executable if client == "own" else str(python_of("dynamodb"))


def _asked(client: str, url: str, calls: int) -> Figures:
    found: Figures = json.loads(_output(client, url, calls))
    return found


def _output(client: str, url: str, calls: int) -> str:
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}  # as PynamoDB's connections want them
    return output([_python(client), str(ROOT / "bench" / "dynamo_clients.py"), client, url, str(calls)], keys)


def _compared(caption: str, url: str, calls: int, report: Report) -> Table:
    found = {client: _asked(client, url, calls) for client in CLIENTS}
    report.data[caption] = found
    table = Table(f"{caption} µs a call: CPU (clock).", ("client", *CALLS, "get, times own"))
    for client, figures in found.items():
        cells = [f"{figures[call][0]:,.0f} ({figures[call][1]:,.0f})" for call in CALLS]
        table.rows.append((client, *cells, f"{figures['get'][0] / found['own']['get'][0]:.1f}"))
    return table


def _cold(url: str, runs: int) -> Table:
    table = Table("A cold process to its first item: milliseconds of the clock, median.", ("client", "ms", "times own"))
    medians: dict[str, float] = {}
    for client in CLIENTS:
        times = []
        for _ in range(runs):
            began = time.perf_counter()
            _output(client, url, 0)
            times.append((time.perf_counter() - began) * 1000)
        medians[client] = statistics.median(times)
    table.rows += [(name, f"{ms:,.0f}", f"{ms / medians['own']:.1f}") for name, ms in medians.items()]
    return table


@contextmanager
def _stub() -> Iterator[str]:
    port = process.free_port()
    command = [sys.executable, str(ROOT / "bench" / "dynamo_stub.py"), str(port)]
    with process.serving(command, port, {}, None):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def on_roto(folder: Path) -> Iterator[str]:
    """Start roto on a new folder, and give its address. Raises `CannotRun` where it is not installed."""
    program = ROOT / ".emulators" / "roto" / "bin" / "roto-server"
    if not os.access(program, os.X_OK):
        raise CannotRun("roto is not installed: `make emulators` does that")
    shutil.rmtree(folder, ignore_errors=True)
    with DynamoServer(roto(str(program)), folder) as server:
        yield server.url

"""T41 and T42: past the store, at the table itself, with the credentials that a call of A's is signed with.

TeamFlow's own data lies in the table. Whatever is B's is asked for in every way DynamoDB has.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from examples.teamflow.projects import create_project
from examples.teamflow.tasks import create_task
from freehold.aws.credentials import Credentials
from freehold.aws.failures import AccessDenied
from freehold.model.layout import OUTBOX, Layout, layout_of
from freehold.model.names import PLATFORM
from freehold.settings import Settings
from freehold.stores.dynamodb import DynamoDb, kit
from freehold.stores.dynamodb.kit import LOCAL
from freehold.stores.dynamodb.table import Table
from freehold.testing import Caller, amazon
from freehold.testing.clock import HandClock
from freehold.testing.iam import Gate
from freehold.wiring import backend, complete
from tests.isolation.apps import app_named
from tests.isolation.grounds import settings_of

Item = Mapping[str, Mapping[str, str]]
Attempt = tuple[str, Mapping[str, object]]
FORGED = {"S": "forged"}


@dataclass
class Scene:
    """Two organisations in one table, and a gate before it."""

    settings: Settings
    layout: Layout
    sessions: amazon.Sessions
    gate: Gate
    a: str
    b: str

    def whole(self) -> list[Item]:
        """All that is in the table, as nobody of the app's could read it."""
        everybody = amazon.client(self.settings)
        try:
            answer = everybody.call("Scan", {"TableName": self.settings.table, "ConsistentRead": True}, LOCAL)
        finally:
            everybody.close()
        return cast("list[Item]", answer["Items"])

    def of(self, tenant: str) -> list[Item]:
        """All that is on one ground."""
        return [item for item in self.whole() if item["PK"]["S"] == f"ORG#{tenant}"]

    def allowed(self, who: Credentials, attempts: Iterable[Attempt]) -> list[Attempt]:
        """Those that the policies allow. (A request that cannot be judged fails the test: that is another error.)"""
        through: list[Attempt] = []
        for operation, request in attempts:
            try:
                self.gate.call(operation, {"TableName": self.settings.table, **request}, who)
            except AccessDenied:
                continue
            through.append((operation, request))
        return through


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """TeamFlow with a project and a task in each of two organisations."""
    with settings_of("dynamodb") as there:
        settings = replace(there, table="attacked")
        app = app_named("teamflow")
        model = complete(app)
        with kit.migrations(settings, model) as way:
            way.up()
        layout = layout_of(model)
        sessions = amazon.Sessions(layout, settings.table)
        gate = amazon.gated(settings, layout, sessions)
        table = Table(gate, settings.table, sessions, sessions.relay)
        made = backend(app, settings, memory=True, store=lambda model, _: DynamoDb(model, layout, table))
        tenants = []
        for name in ("acme", "globex"):
            somebody = Caller(made, HandClock(), name, "owner")
            project = somebody.call(create_project, name=f"Of {name}")
            somebody.call(create_task, project=project.id, title=f"By {name}", key=None)
            tenants.append(somebody.tenant)
        yield Scene(settings, layout, sessions, gate, *tenants)
        made.close()


def key(item: Item) -> Item:
    """Where an item is."""
    return {"PK": item["PK"], "SK": item["SK"]}


def reading(table: str, theirs: Item, ours: Item) -> Iterator[Attempt]:
    """Every way to read an item by its key, alone and beside one's own."""
    yield "GetItem", {"Key": key(theirs), "ConsistentRead": True}
    yield "BatchGetItem", {"RequestItems": {table: {"Keys": [key(theirs)]}}}
    yield "BatchGetItem", {"RequestItems": {table: {"Keys": [key(ours), key(theirs)]}}}
    both = [{"Get": {"TableName": table, "Key": key(item)}} for item in (ours, theirs)]
    yield "TransactGetItems", {"TransactItems": both[1:]}
    yield "TransactGetItems", {"TransactItems": both}


def writing(table: str, theirs: Item, ours: Item) -> Iterator[Attempt]:
    """Every way to write on a ground, or to find out whether something is there."""
    update = {"UpdateExpression": "SET note = :n", "ExpressionAttributeValues": {":n": FORGED}}
    forged = {**theirs, "note": FORGED}
    yield "PutItem", {"Item": forged}
    yield "PutItem", {"Item": forged, "ConditionExpression": "attribute_not_exists(PK)"}
    yield "UpdateItem", {"Key": key(theirs), **update}
    yield "DeleteItem", {"Key": key(theirs), "ReturnValues": "ALL_OLD"}
    yield "BatchWriteItem", {"RequestItems": {table: [{"PutRequest": {"Item": forged}}]}}
    yield "BatchWriteItem", {"RequestItems": {table: [{"DeleteRequest": {"Key": key(theirs)}}]}}
    here = {"ConditionCheck": {"TableName": table, "Key": key(ours), "ConditionExpression": "attribute_exists(PK)"}}
    for what in (
        {"Put": {"TableName": table, "Item": forged}},
        {"Update": {"TableName": table, "Key": key(theirs), **update}},
        {"Delete": {"TableName": table, "Key": key(theirs)}},
        {"ConditionCheck": {"TableName": table, "Key": key(theirs), "ConditionExpression": "attribute_exists(PK)"}},
    ):
        yield "TransactWriteItems", {"TransactItems": [what]}
        yield "TransactWriteItems", {"TransactItems": [here, what]}


def query(partition: str, index: str = "") -> Mapping[str, object]:
    """A Query for a whole partition, of the table or of an index."""
    asked = {"KeyConditionExpression": f"{index}PK = :p", "ExpressionAttributeValues": {":p": {"S": partition}}}
    return {**asked, "IndexName": index} if index else asked


def test_there_is_something_to_be_found_by_each_index(scene: Scene) -> None:
    kinds = {item["SK"]["S"].partition("#")[0] for item in scene.of(scene.b)}
    assert {"TASK", "PROJECT", "FREEHOLD_MEMBER", "AUDIT", "GROUND"} <= kinds
    assert all(any(f"{index}PK" in item for item in scene.of(scene.b)) for index in (*scene.layout.indexes[:2], OUTBOX))


def test_no_item_of_another_tenant_is_read_or_written_by_its_key(scene: Scene) -> None:
    who, table, before = scene.sessions.tenant(scene.a), scene.settings.table, scene.whole()
    ours = scene.of(scene.a)[0]
    for theirs in scene.of(scene.b):
        assert not scene.allowed(who, [*reading(table, theirs, ours), *writing(table, theirs, ours)])
    assert scene.whole() == before


def test_the_same_is_allowed_on_ones_own_ground(scene: Scene) -> None:
    """The other way round: what is denied above is denied for whose it is, and not for how it is asked."""
    who, ours = scene.sessions.tenant(scene.b), scene.of(scene.b)[0]
    asked = {"TableName": scene.settings.table, "Key": key(ours)}
    assert scene.gate.call("GetItem", asked, who)["Item"] == ours
    found = scene.gate.call("Query", {"TableName": scene.settings.table, **query(f"ORG#{scene.b}")}, who)
    assert len(cast("list[Any]", found["Items"])) == len(scene.of(scene.b))


def test_no_partition_of_another_tenant_is_listed_in_the_table_or_in_an_index(scene: Scene) -> None:
    who = scene.sessions.tenant(scene.a)
    for item in scene.of(scene.b):
        lies_in = [index for index in ("", *scene.layout.indexes, OUTBOX) if f"{index}PK" in item]
        assert not scene.allowed(who, [("Query", query(item[f"{index}PK"]["S"], index)) for index in lies_in])


@pytest.mark.parametrize("shift", ["{b}#", "{b}#USER", "{cut}", "{b}$", "{b}~", "{a}{b}", "", "{a}%23{b}", "{b}\x00"])
def test_a_key_that_is_nearly_ones_own_is_another_tenants(scene: Scene, shift: str) -> None:
    partition = f"ORG#{shift.format(a=scene.a, b=scene.b, cut=scene.a[:-1])}"
    for who in (scene.sessions.tenant(scene.a), scene.sessions.relay()):
        tip = {"PK": {"S": partition}, "SK": {"S": "GROUND"}}
        assert not scene.allowed(who, [("Query", query(partition)), ("GetItem", {"Key": tip})])


def test_nothing_is_scanned_or_asked_in_partiql(scene: Scene) -> None:
    table = scene.settings.table
    text = f"SELECT * FROM \"{table}\" WHERE PK = 'ORG#{scene.b}'"
    attempts: list[Attempt] = [
        ("Scan", {}),
        *(("Scan", {"IndexName": index}) for index in (*scene.layout.indexes, OUTBOX)),
        ("ExecuteStatement", {"Statement": text}),
        ("BatchExecuteStatement", {"Statements": [{"Statement": text}]}),
        ("ExecuteTransaction", {"TransactStatements": [{"Statement": text}]}),
    ]
    for who in (scene.sessions.tenant(scene.a), scene.sessions.platform(), scene.sessions.relay()):
        assert not scene.allowed(who, attempts)


def test_nobody_who_serves_reaches_streams_or_the_table_itself(scene: Scene) -> None:
    stream = f"{amazon.PLACE.table(scene.settings.table)}/stream/2026-01-01T00:00:00.000"
    attempts: list[Attempt] = [
        ("DescribeStream", {"StreamArn": stream}),
        ("GetRecords", {"ShardIterator": f"{stream}|1|x"}),
        *((one, {}) for one in ("DeleteTable", "DescribeTable", "UpdateTimeToLive", "ListTables", "ListStreams")),
    ]
    for who in (scene.sessions.tenant(scene.a), scene.sessions.platform(), scene.sessions.relay()):
        assert not scene.allowed(who, attempts)


def test_the_outbox_learns_who_has_deliveries_waiting_and_nothing_that_anybody_wrote(scene: Scene) -> None:
    who, partition = scene.sessions.relay(), f"{OUTBOX}PK"
    there = [item for item in scene.whole() if partition in item]
    waiting = {item[partition]["S"] for item in there if item[partition]["S"].startswith(f"{OUTBOX}#")}
    assert waiting
    for each in waiting:
        request = {"TableName": scene.settings.table, **query(each, OUTBOX)}
        found = cast("list[Item]", scene.gate.call("Query", request, who)["Items"])
        assert {name for item in found for name in item} == {"PK", "SK", partition, f"{OUTBOX}SK"}
    others = {item[partition]["S"] for item in there} - waiting  # which grounds there are, for who migrates them
    assert not scene.allowed(who, [("GetItem", {"Key": key(item)}) for item in there])
    assert not scene.allowed(who, [("Query", query(each, OUTBOX)) for each in others])


def test_the_platform_reads_no_tenants_ground(scene: Scene) -> None:
    who = scene.sessions.platform()
    ours = next(item for item in scene.whole() if item["PK"]["S"] == f"ORG#{PLATFORM}")
    for theirs in scene.of(scene.b):
        assert not scene.allowed(who, reading(scene.settings.table, theirs, ours))
    assert not scene.allowed(who, [("Query", query(f"ORG#{scene.b}"))])
    assert not scene.allowed(who, [("Query", query(f"ORG#{scene.b}#USER#1", one)) for one in scene.layout.indexes])
    own = {"TableName": scene.settings.table, **query(f"ORG#{PLATFORM}")}
    assert scene.gate.call("Query", own, who)["Items"]

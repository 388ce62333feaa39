"""boto3 behind the port gives the same answers, and fails in the same words, as our own client."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings

from freehold.aws.boto import Boto
from freehold.aws.client import AwsClient, open_client
from freehold.aws.credentials import Credentials
from freehold.aws.endpoints import Endpoint
from freehold.aws.failures import AwsError, CancellationReason, Throttled, Unreachable
from freehold.aws.json_call import AwsJson
from freehold.aws.retries import Policy
from freehold.runtime.system import SystemClock
from tests.unit.aws.requests_kit import items, on_the_wire
from tests.unit.aws.scripted import (
    KEYS,
    READ,
    Dice,
    Scripted,
    Step,
    hang_up,
    raw,
    refusal,
    reply,
    silence,
    written,
)

POLICY = Policy(seconds=20, each=1, first=0.001, most=0.001, tries=2, reserve=1000)

Make = Callable[[str], AwsClient]


def own(url: str, service: str = "dynamodb", policy: Policy = POLICY) -> AwsClient:
    return open_client(Endpoint(service, "eu-west-1", url), SystemClock(), Dice(), policy=policy)


def boto(url: str, service: str = "dynamodb", policy: Policy = POLICY) -> AwsClient:
    endpoint = Endpoint(service, "eu-west-1", url)
    return open_client(endpoint, SystemClock(), Dice(), adapter="boto3", policy=policy)


BOTH = (own, boto)


class Stage:
    """One server for all of a module's tests, and both clients of it: making a client of boto3 takes a while."""

    def __init__(self, server: Scripted) -> None:
        self.server = server
        self.step: Step = reply()
        self.clients = {make: make(server.url) for make in BOTH}

    def failure(self, make: Make, step: Step, operation: str, request: dict[str, object]) -> tuple[AwsError, int]:
        """How a client fails, and how often it asked."""
        self.server.break_connections()  # our own client asks once more, without a word, over one that was kept
        self.step, before = step, len(self.server.asked)
        with pytest.raises(AwsError) as caught:
            self.clients[make].call(operation, request, KEYS)
        return caught.value, len(self.server.asked) - before


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stages: list[Stage] = []
    with Scripted(decide=lambda _: stages[0].step) as server:
        stages.append(Stage(server))
        yield stages[0]
        for client in stages[0].clients.values():
            client.close()


def described(error: AwsError) -> dict[str, object]:
    """All of a failure that a caller can see."""
    return {"kind": type(error), **vars(error), "text": str(error)}


ITEM = {"pk": {"S": "a"}, "n": {"N": "1"}, "b": {"B": "AP8="}, "m": {"M": {"l": {"L": [{"B": "AA=="}]}}}}
CANCELLED = {
    "CancellationReasons": [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": ITEM},
        {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"},
    ]
}
REFUSALS: dict[str, Step] = {
    "condition": refusal("ConditionalCheckFailedException", "The conditional request failed"),
    "cancelled": refusal("TransactionCanceledException", "Transaction cancelled, please refer", **CANCELLED),
    "cancelled for traffic": refusal(
        "TransactionCanceledException",
        "Transaction cancelled",
        CancellationReasons=[{"Code": "None"}, {"Code": "ThrottlingError", "Message": "slow"}],
    ),
    "in progress": refusal("TransactionInProgressException", "under way"),
    "conflict": refusal("TransactionConflictException", "Transaction is ongoing for the item"),
    "parameter": refusal("IdempotentParameterMismatchException"),
    "throttled": refusal("ProvisionedThroughputExceededException", "The level of configured provisioned throughput"),
    "throttling": refusal("ThrottlingException", "Rate exceeded"),
    "limit": refusal("RequestLimitExceeded", "Throughput exceeds the current throughput limit for your account."),
    "denied": refusal("AccessDeniedException", "User: arn:aws:sts::1:assumed-role/data/x is not authorized"),
    "validation": refusal("ValidationException", "The provided key element does not match the schema"),
    "no table": refusal("ResourceNotFoundException", "Requested resource not found"),
    "token": refusal("UnrecognizedClientException", "The security token included in the request is invalid."),
    "expired": refusal("ExpiredTokenException", "The security token included in the request is expired"),
    "signature": refusal(
        "InvalidSignatureException", "The request signature we calculated ...\n\nThe Canonical String"
    ),
    "unknown": refusal("SomethingNewException", "Nobody has heard of it"),
    "lines": refusal("ValidationException", "The first line\nThe second line"),
    "long": refusal("ValidationException", "x" * 5000),
    "broken": refusal("InternalServerError", "The request processing has failed", status=500),
    "unavailable": refusal("ServiceUnavailable", "unavailable", status=503),
    "slow down": refusal("SlowDown", "slower", status=503),
    "other message": reply({"__type": "a#B", "Message": "as some services write it"}, 400),
    "no message": reply({"__type": "a#ValidationException"}, 400),
    "with a place": reply({"__type": "a#ValidationException:http://internal/", "message": "m"}, 400),
    "query codes": reply(
        {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "m"},
        400,
        x_amzn_query_error="AWS.SimpleQueueService.NonExistentQueue;Sender",
    ),
    "no code": reply({"message": "m"}, 400),
    "nothing": reply(b"", 400),
    "nothing, broken": reply(b"", 500),
    "page, broken": reply(b"<html><body>Http/1.1 Service Unavailable</body></html>", 503),
    "redirect": reply(b"", 301, location="http://127.0.0.1:1/"),
    "no id": reply({"__type": "a#ValidationException", "message": "m"}, 400, x_amzn_requestid=""),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_both_clients_fail_in_the_same_words_after_as_many_tries(stage: Stage, name: str, writes: bool) -> None:
    operation = ("TransactWriteItems", {"TransactItems": []}) if writes else READ
    (ours, we_asked), (theirs, they_asked) = (stage.failure(make, REFUSALS[name], *operation) for make in BOTH)
    assert described(ours) == described(theirs)
    assert we_asked == they_asked


ACCIDENTS: dict[str, Step] = {
    "close": hang_up,
    "silence": silence,
    "half": raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{", stay=False),
    "altered": raw(written({"Item": {}}, x_amz_crc32="1")),
}


@pytest.mark.parametrize("name", ACCIDENTS)
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_both_clients_know_as_much_after_an_accident(stage: Stage, name: str, writes: bool) -> None:
    operation = ("PutItem", {"TableName": "t", "Item": {}}) if writes else READ
    (ours, we_asked), (theirs, they_asked) = (stage.failure(make, ACCIDENTS[name], *operation) for make in BOTH)
    assert (type(ours), ours.code, ours.maybe_done) == (type(theirs), theirs.code, theirs.maybe_done)
    assert we_asked == they_asked


@pytest.mark.parametrize("make", BOTH, ids=lambda make: make.__name__)
def test_nobody_at_the_address_is_told_alike(make: Make) -> None:
    with Scripted() as server:
        pass
    client = make(server.url)
    with pytest.raises(Unreachable) as caught:
        client.call("PutItem", {"TableName": "t", "Item": {}}, KEYS)
    client.close()
    assert (caught.value.code, caught.value.maybe_done) == ("Unreachable", False)


@pytest.mark.parametrize("make", BOTH, ids=lambda make: make.__name__)
def test_a_cancelled_transaction_says_why_for_each_of_its_actions(stage: Stage, make: Make) -> None:
    error, _ = stage.failure(make, REFUSALS["cancelled"], "TransactWriteItems", {"TransactItems": []})
    assert error.cancellation_reasons == (
        CancellationReason("None"),
        CancellationReason("ConditionalCheckFailed", "The conditional request failed", ITEM),
        CancellationReason("TransactionConflict", "Transaction is ongoing for the item"),
    )
    assert not isinstance(error, Throttled)


@pytest.mark.parametrize("make", BOTH, ids=lambda make: make.__name__)
def test_a_transaction_cancelled_for_traffic_alone_is_throttled(stage: Stage, make: Make) -> None:
    error, asked = stage.failure(make, REFUSALS["cancelled for traffic"], "TransactWriteItems", {"TransactItems": []})
    assert isinstance(error, Throttled)
    assert (error.code, asked) == ("TransactionCanceledException", POLICY.tries)


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[Scripted, AwsClient, AwsClient]]:
    """Both clients of one server that answers with what it was sent as the old item."""
    with Scripted(decide=lambda asked: reply({"Attributes": asked.json["Item"]})) as server:
        clients = own(server.url), boto(server.url)
        yield server, *clients
        for client in clients:
            client.close()


@given(item=items)
@settings(max_examples=50)
def test_both_clients_send_the_same_and_hand_back_the_same(
    echo: tuple[Scripted, AwsClient, AwsClient], item: dict[str, object]
) -> None:
    server, *clients = echo
    request = {"TableName": "t", "Item": on_the_wire(item), "ReturnValues": "ALL_OLD"}
    ours, theirs = (client.call("PutItem", request, KEYS) for client in clients)
    assert ours == theirs == {"Attributes": request["Item"]}
    we_sent, they_sent = (json.loads(asked.body) for asked in server.asked[-2:])
    assert we_sent == they_sent


def test_both_clients_read_times_alike() -> None:
    table = {"Table": {"TableName": "t", "CreationDateTime": 1_500_000_000.25, "ItemCount": 3, "KeySchema": []}}
    with Scripted(reply(table)) as server:
        clients = [make(server.url) for make in BOTH]
        ours, theirs = (client.call("DescribeTable", {"TableName": "t"}, KEYS) for client in clients)
        for client in clients:
            client.close()
    assert ours == theirs == table


@pytest.mark.parametrize(
    ("service", "operation", "request_"),
    [
        ("sqs", "SendMessage", {"QueueUrl": "http://127.0.0.1/1/q", "MessageBody": "b"}),
        ("events", "PutEvents", {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]}),
        ("states", "StartExecution", {"stateMachineArn": "arn:aws:states:eu-west-1:1:stateMachine:m", "input": "{}"}),
    ],
)
def test_both_clients_call_other_services_alike(service: str, operation: str, request_: dict[str, object]) -> None:
    with Scripted(reply({})) as server:
        for make in BOTH:
            client = make(server.url, service)
            client.call(operation, request_, KEYS)
            client.close()
        ours, theirs = server.asked
    assert ours.json == theirs.json
    for name in ("content-type", "x-amz-target", "host"):
        assert ours.headers[name] == theirs.headers[name]


def test_one_boto_client_signs_each_call_with_the_keys_it_is_given() -> None:
    with Scripted(reply({})) as server:
        client = boto(server.url)

        def call(number: int) -> None:
            keys = Credentials(f"AKID{number}", "secret", f"token-{number}")
            client.call("GetItem", {"TableName": f"{number}", "Key": {}}, keys)

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(call, range(100)))
        client.close()
        assert len(server.asked) == 100
        for asked in server.asked:
            assert asked.headers["x-amz-security-token"] == f"token-{asked.json['TableName']}"
            assert f"Credential=AKID{asked.json['TableName']}/" in asked.headers["authorization"]


def test_boto_leaves_its_own_retries_to_us() -> None:
    once = Policy(seconds=20, each=5, tries=1)
    with Scripted(refusal("InternalServerError", status=500)) as server:
        client = boto(server.url, policy=once)
        with pytest.raises(AwsError):
            client.call(*READ, KEYS)
        client.close()
        assert len(server.asked) == 1


def test_a_client_is_chosen_by_its_name() -> None:
    endpoint = Endpoint("dynamodb", "eu-west-1", "http://127.0.0.1:1")
    chosen = [open_client(endpoint, SystemClock(), Dice(), adapter=name) for name in ("own", "boto3")]
    assert [type(client) for client in chosen] == [AwsJson, Boto]
    with pytest.raises(AwsError, match="`own` or `boto3`"):
        open_client(endpoint, SystemClock(), Dice(), adapter="boto")

"""The proxy: what it sends on, what it answers itself, and what it does not understand."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import BadStatusLine, HTTPConnection
from urllib.parse import urlsplit
from zlib import crc32

import pytest

from freehold.testing.iam import IamProxy, Outcome, Recorded, TableKeys
from tests.unit.testing.iam.grounds import (
    KEYS,
    PLACE,
    TABLE,
    Document,
    document,
    get,
    get_batch,
    key,
    member,
    statement,
)
from tests.unit.testing.iam.loopback import SIGNATURE, Upstream, ask, raw, signed, upstream

SECRET = b'{"TableName": "app", "Key": {"PK": {"S": "ORG#globex"}}}'


@pytest.fixture
def behind() -> Iterator[Upstream]:
    """What is behind the proxy."""
    with upstream() as seen:
        yield seen


@pytest.fixture
def proxy(behind: Upstream) -> Iterator[IamProxy]:
    """A proxy that knows a member of each of two tenants."""
    with IamProxy(behind.url, [KEYS], place=PLACE, largest=10_000) as made:
        made.register("AKACME", member(tenant="acme"))
        made.register("AKGLOBEX", member(tenant="globex"))
        yield made


@pytest.fixture
def client(proxy: IamProxy) -> Iterator[HTTPConnection]:
    """A connection to the proxy."""
    connection = HTTPConnection("127.0.0.1", port_of(proxy), timeout=10)
    yield connection
    connection.close()


def port_of(proxy: IamProxy) -> int:
    """Where it listens."""
    return urlsplit(proxy.url).port or 0


def test_what_is_allowed_is_sent_on_as_it_came(client: HTTPConnection, behind: Upstream) -> None:
    body = b'{ "TableName":"app",  "Key":{"PK":{"S":"ORG#acme"},"SK":{"S":"TASK#1"}} }'
    reply = ask(client, [*signed("GetItem"), ("X-Amz-Security-Token", "t"), ("Connection", "keep-alive")], body)
    assert (reply.status, reply.body, reply.headers["X-Custom"]) == (201, b'{"Item":{}}', "kept")
    assert behind.bodies == [body]
    assert behind.headers == [
        [*signed("GetItem"), ("X-Amz-Security-Token", "t"), ("Content-Length", str(len(body)))],
    ]


def test_what_is_denied_is_answered_as_dynamodb_does(client: HTTPConnection, behind: Upstream) -> None:
    reply = ask(client, signed("GetItem"), get("ORG#globex"))
    assert reply.status == 400
    assert json.loads(reply.body) == {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "Message": "User: arn:aws:sts::123456789012:assumed-role/data/x is not authorized to perform: "
        f"dynamodb:GetItem on resource: {TABLE} because no identity-based policy allows the dynamodb:GetItem action",
    }
    assert reply.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert reply.headers["x-amz-crc32"] == str(crc32(reply.body))
    assert behind.bodies == []


def test_the_access_key_says_who_calls(client: HTTPConnection) -> None:
    assert ask(client, signed("GetItem", "AKGLOBEX"), get("ORG#globex")).status == 201
    assert ask(client, signed("GetItem", "AKGLOBEX"), get("ORG#acme")).error == "AccessDeniedException"
    assert ask(client, signed("GetItem", "AKACME"), get("ORG#acme")).status == 201


def test_an_access_key_that_nobody_registered_is_nobodys(client: HTTPConnection, behind: Upstream) -> None:
    reply = ask(client, signed("GetItem", "AKNOBODY"), get("ORG#acme"))
    assert (reply.status, reply.error) == (400, "UnrecognizedClientException")
    assert behind.bodies == []


def test_every_decision_is_recorded(client: HTTPConnection, proxy: IamProxy) -> None:
    ask(client, signed("BatchGetItem"), get_batch("ORG#acme", "ORG#acme#1"))
    ask(client, signed("BatchGetItem"), get_batch("ORG#acme", "ORG#globex"))
    ask(client, signed("GetItem", "AKNOBODY"), get("ORG#acme"))
    ask(client, signed("ImportTable"), {})
    done, denied, unknown, refused = proxy.decisions()
    assert done == Recorded("BatchGetItem", "AKACME", ("ORG#acme", "ORG#acme#1"), Outcome.ALLOWED)
    assert (denied.outcome, denied.leading_keys) == (Outcome.DENIED, ("ORG#acme", "ORG#globex"))
    assert "is not authorized to perform: dynamodb:BatchGetItem" in denied.why
    assert unknown == Recorded("GetItem", "AKNOBODY", (), Outcome.UNKNOWN)
    assert (refused.operation, refused.outcome) == ("ImportTable", Outcome.REFUSED)
    assert refused.why.startswith("UNKNOWN_OPERATION")


def test_only_the_last_decisions_are_kept(behind: Upstream) -> None:
    with IamProxy(behind.url, keep=2) as made:
        connection = HTTPConnection("127.0.0.1", port_of(made), timeout=10)
        for operation in ("A", "B", "C"):
            ask(connection, signed(operation), {})
        connection.close()
        assert [one.operation for one in made.decisions()] == ["B", "C"]


def test_a_table_can_be_made_known_later(client: HTTPConnection, proxy: IamProxy) -> None:
    request: Document = {"TableName": "late", "Key": key("ORG#acme")}
    assert ask(client, signed("GetItem"), request).error == "NotEvaluated"
    proxy.learn(TableKeys("late", "PK"))
    assert ask(client, signed("GetItem"), request).error == "AccessDeniedException"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([], SECRET),
        (signed("GetItem")[:3], SECRET),
        ([*signed("GetItem"), signed("GetItem")[3]], SECRET),
        ([*signed("GetItem"), signed("PutItem")[2]], SECRET),
        ([*signed("GetItem")[:2], signed("GetItem")[3]], SECRET),
        ([one for one in signed("GetItem") if one[0] != "Content-Type"], SECRET),
        ([("Content-Type", "application/cbor"), *signed("GetItem")[2:]], SECRET),
        ([*signed("GetItem"), ("Content-Encoding", "gzip")], SECRET),
        (signed("GetItem", region="eu-west-1"), SECRET),
        (signed("GetItem", service="DynamoDBStreams"), SECRET),
        (signed("DescribeStream"), SECRET),
        (signed("GetItem", service="Other"), SECRET),
        ([*signed("GetItem"), ("X-Folded", "a\r\n b")], SECRET),
        (
            [*signed("GetItem")[:3], ("Authorization", f"AWS4-HMAC-SHA256 Credential=AKACME, Signature={SIGNATURE}")],
            SECRET,
        ),
        ([*signed("GetItem")[:3], ("Authorization", "Bearer AKACME")], SECRET),
        (signed("GetItem"), b""),
        (signed("GetItem"), b"{"),
        (signed("GetItem"), b"[]"),
        (
            signed("GetItem"),
            b'{"TableName": "app", "Key": {"PK": {"S": "ORG#acme"}}, "Key": {"PK": {"S": "ORG#globex"}}}',
        ),
        (signed("GetItem"), b'{"TableName": "app", "Key": {"PK": {"S": "ORG#acme", "S": "ORG#globex"}}}'),
        (signed("GetItem"), b'{"TableName": "app", "Key": {"PK": {"S": "ORG#acme"}}, "\\u004bey": {}}'),
        (signed("GetItem"), SECRET.decode().encode("utf-16")),
        (signed("GetItem"), b'\xef\xbb\xbf{"TableName": "app", "Key": {"PK": {"S": "ORG#acme"}}}'),
        (signed("GetItem"), b'{"TableName": "app", "Key": {"PK": {"S": "ORG#acme\xff"}}}'),
        (signed("GetItem"), b'{"a":' * 1500 + b"1" + b"}" * 1500),
        (signed("GetItem"), b'{"TableName": "gone", "Key": {"PK": {"S": "ORG#acme"}}}'),
        (signed("GetItem"), b'{"TableName": "app"}'),
        (signed("ImportTable"), b"{}"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_and_not_taken_for_a_denial(
    client: HTTPConnection, behind: Upstream, proxy: IamProxy, headers: Sequence[tuple[str, str]], body: bytes
) -> None:
    reply = ask(client, headers, body)
    assert (reply.status, reply.error) == (400, "NotEvaluated")
    assert [one.outcome for one in proxy.decisions()] == [Outcome.REFUSED]
    assert behind.bodies == []


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"GET / HTTP/1.1\r\n", b"501"),
        (b"POST /?x=1 HTTP/1.1\r\nContent-Length: 2\r\n", b"400"),
        (b"POST http://other/ HTTP/1.1\r\nContent-Length: 2\r\n", b"400"),
        (b"POST / HTTP/1.1\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: -2\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: 2, 2\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: 10001\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nX-Amz-Target : a\r\nContent-Length: 2\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nno header\r\nContent-Length: 2\r\n", b"400"),
        (b"nonsense\r\n", b"400"),
    ],
)
def test_http_that_is_not_understood_is_answered_and_cut(
    proxy: IamProxy, behind: Upstream, start: bytes, status: bytes
) -> None:
    smuggled = b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
    answered = raw(port_of(proxy), start + b"\r\n{}" + smuggled)
    assert status in answered.split(b"\r\n", 1)[0]
    assert answered.count(b"HTTP/1.1 ") <= 1
    assert behind.bodies == []


@pytest.mark.parametrize(("length", "status"), [(10_000, 201), (10_001, 413)])
def test_a_body_may_be_as_large_as_the_limit(client: HTTPConnection, length: int, status: int) -> None:
    start = b'{"TableName":"app","Key":{"PK":{"S":"ORG#acme"},"SK":{"S":"'
    body = start + b"x" * (length - len(start) - 4) + b'"}}}'
    assert ask(client, signed("GetItem"), body[:length]).status == status


def test_a_body_that_ends_early_is_not_sent_on(proxy: IamProxy, behind: Upstream) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in signed("GetItem"))
    assert raw(port_of(proxy), f"POST / HTTP/1.1\r\n{head}Content-Length: 999\r\n\r\n{{}}".encode()) == b""
    assert (behind.bodies, proxy.decisions()) == ([], ())


def test_a_connection_is_used_again_on_both_sides(client: HTTPConnection, behind: Upstream) -> None:
    ask(client, signed("GetItem"), get("ORG#acme"))
    kept = client.sock
    ask(client, signed("GetItem"), get("ORG#globex"))
    ask(client, signed("GetItem"), get("ORG#acme"))
    assert client.sock is kept
    assert len(behind.connections) == 1


def test_an_emulator_may_close_its_connections(client: HTTPConnection, behind: Upstream) -> None:
    behind.closes = True
    for _ in range(5):
        assert ask(client, signed("GetItem"), get("ORG#acme")).status == 201
        assert behind.closed.acquire(timeout=10)  # a request that is on its way by then is lost, as on any connection
    assert len(behind.bodies) == 5


def test_a_lost_answer_stays_lost(client: HTTPConnection, behind: Upstream) -> None:
    behind.silent = True
    with pytest.raises((BadStatusLine, ConnectionError)):
        ask(client, signed("GetItem"), get("ORG#acme"))
    assert len(behind.bodies) == 1


def test_answers_of_any_size_come_through(client: HTTPConnection, behind: Upstream) -> None:
    behind.answer = b"x" * (2 << 20)
    assert ask(client, signed("GetItem"), get("ORG#acme")).body == behind.answer


def test_many_callers_are_kept_apart(proxy: IamProxy, behind: Upstream) -> None:
    tenants = ["acme", "globex"]

    def call(number: int) -> list[int]:
        own, foreign = tenants[number % 2], tenants[(number + 1) % 2]
        connection = HTTPConnection("127.0.0.1", port_of(proxy), timeout=10)
        headers = signed("GetItem", f"AK{own.upper()}")
        found = [ask(connection, headers, get(f"ORG#{tenant}")).status for tenant in (own, foreign) * 5]
        connection.close()
        return found

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(16))) == [[201, 400] * 5] * 16
    assert len(behind.bodies) == 80


def test_closing_cuts_who_is_still_connected(behind: Upstream) -> None:
    with IamProxy(behind.url) as made:
        waiting = HTTPConnection("127.0.0.1", port_of(made), timeout=10)
        ask(waiting, signed("ListTables"), {})
    with pytest.raises((BadStatusLine, ConnectionError)):
        ask(waiting, signed("ListTables"), {})
    waiting.close()


def test_a_proxy_that_was_never_entered_can_be_closed(behind: Upstream) -> None:
    made = IamProxy(behind.url)
    made.close()
    with pytest.raises(ConnectionRefusedError):
        raw(port_of(made), b"")


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:1", "http://dynamodb.test:1", "http://127.0.0.1:1/x", "127.0.0.1:1"]
)
def test_only_an_emulator_on_this_machine_is_sent_to(url: str) -> None:
    with pytest.raises(ValueError, match="an emulator is at"):
        IamProxy(url)


def test_a_grant_without_conditions_lets_a_request_of_any_kind_through(proxy: IamProxy, client: HTTPConnection) -> None:
    proxy.register("AKADMIN", member(document(statement(["*"], "*"))))
    assert ask(client, signed("ListTables", "AKADMIN"), {}).status == 201
    assert ask(client, signed("ListStreams", "AKADMIN", service="DynamoDBStreams"), {}).status == 201
    assert ask(client, signed("Scan", "AKADMIN"), {"TableName": "app"}).status == 201

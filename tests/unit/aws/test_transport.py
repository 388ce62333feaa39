"""Connections that are kept, one time limit for all of a call, and what is known when a call is lost."""

import gc
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from freehold.aws.addresses import Address, resolve
from freehold.aws.incoming import LARGEST, Incoming
from freehold.aws.transport import Connections, Request
from freehold.runtime.system import SystemClock
from freehold.testing.clock import HandClock
from tests.unit.aws.scripted import Scripted, Step, drip, hang_up, raw, reply, reset, silence, written
from tests.unit.aws.wires import Wire, lost, wire_to


def test_an_answer_is_read_whole() -> None:
    with wire_to(reply({"Item": {}}, 200, x_more="yes")) as (server, wire):
        answer = wire.ask()
    assert (answer.status, answer.body, answer.headers["x-more"]) == (200, b'{"Item": {}}', "yes")
    assert server.asked[0].line == "POST / HTTP/1.1"
    assert server.asked[0].headers["host"] == f"127.0.0.1:{server.port}"
    assert server.asked[0].headers["x-question"] == "1"
    assert server.asked[0].body == b'{"a": 1}'


def test_a_hundred_calls_in_a_row_use_one_connection() -> None:
    with wire_to(reply()) as (server, wire):
        for _ in range(100):
            wire.ask()
        assert (server.connections, wire.idle) == (1, 1)


def test_calls_at_once_use_a_connection_each_and_keep_them() -> None:
    with wire_to(reply()) as (server, wire):
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: wire.ask().status, range(200)))
        assert answers == [200] * 200
        assert 1 <= server.connections <= 8
        assert wire.idle == server.connections


@pytest.mark.parametrize(
    "step",
    [
        reply({}, connection="close"),
        raw(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
        raw(written() + b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother"),
        raw(written() + b"x"),
    ],
    ids=["close", "http 1.0", "an answer too many", "a byte too many"],
)
def test_a_connection_that_may_not_carry_another_call_is_not_kept(step: Step) -> None:
    with wire_to(step, reply(b"mine")) as (server, wire):
        assert wire.ask().body == b"{}"
        assert wire.idle == 0
        assert wire.ask().body == b"mine"
        assert server.connections == 2


def test_what_comes_unasked_on_an_idle_connection_is_nobodys_answer() -> None:
    with wire_to(reply(b"first"), reply(b"second")) as (server, wire):
        wire.ask()
        for each in server._open:
            each.sendall(written(b"for somebody else"))
        assert wire.ask().body == b"second"
        assert server.connections == 2


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    ],
    ids=["chunked", "continue"],
)
def test_other_ways_to_write_an_answer_are_understood(data: bytes) -> None:
    with wire_to(raw(data)) as (server, wire):
        assert [wire.ask().body, wire.ask().body] == [b"{}", b"{}"]
        assert server.connections == 1


def test_an_empty_answer_is_an_answer() -> None:
    with wire_to(reply(b""), raw(b"HTTP/1.1 204 No Content\r\n\r\n")) as (server, wire):
        assert [wire.ask().body, wire.ask().body] == [b"", b""]
        assert server.connections == 1


def test_a_connection_that_was_closed_while_idle_is_replaced_for_any_call() -> None:
    with wire_to(reply()) as (server, wire):
        wire.ask()
        server.break_connections()
        assert wire.ask(repeatable=False).status == 200
        assert (server.connections, len(server.asked)) == (2, 2)


def test_a_connection_that_is_closed_as_it_is_used_again_is_replaced_for_what_may_be_repeated() -> None:
    with wire_to(reply(), hang_up, reply(b"again")) as (server, wire):
        wire.ask()
        assert wire.ask(repeatable=True).body == b"again"
        assert (server.connections, len(server.asked)) == (2, 3)


@pytest.mark.parametrize("end", [hang_up, reset])
def test_a_connection_that_is_closed_as_it_is_used_again_fails_what_may_not_be_repeated(end: Step) -> None:
    with wire_to(reply(), end) as (server, wire):
        wire.ask()
        error = lost(wire.ask)
        assert (error.code, error.maybe_done) == ("ConnectionLost", True)
        assert (server.connections, len(server.asked), wire.idle) == (1, 2, 0)


def test_the_second_of_two_closed_connections_is_the_end_of_it() -> None:
    with wire_to(reply(), hang_up) as (server, wire):
        wire.ask()
        assert lost(lambda: wire.ask(repeatable=True)).maybe_done
        assert (server.connections, len(server.asked)) == (2, 3)


def test_what_may_have_been_done_stays_so_when_nobody_answers_the_second_time() -> None:
    with wire_to(reply(), hang_up) as (server, wire):
        wire.ask()
        server.stop_listening()
        error = lost(lambda: wire.ask(repeatable=True))
        assert (error.code, error.maybe_done) == ("Unreachable", True)


@pytest.mark.parametrize(
    "data",
    [
        b"H",
        b"HTTP/1.1 200 OK\r\ncontent-len",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"\x00" * 70000,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n",
    ],
    ids=[
        "a letter",
        "half a header",
        "no length",
        "half a body",
        "half a chunk",
        "no chunk",
        "no HTTP",
        "zeros",
        "many headers",
    ],
)
@pytest.mark.parametrize("reused", [False, True], ids=["new", "reused"])
def test_half_an_answer_is_none_and_is_never_asked_for_again(data: bytes, reused: bool) -> None:
    steps = [reply(), raw(data, stay=False)] if reused else [raw(data, stay=False)]
    with wire_to(*steps) as (server, wire):
        if reused:
            wire.ask()
        error = lost(lambda: wire.ask(repeatable=True))
        assert (error.code, error.maybe_done) == ("ConnectionLost", True)
        assert (len(server.asked), wire.idle) == (len(steps), 0)


def test_a_connection_that_breaks_within_an_answer_is_not_asked_again() -> None:
    def half_and_reset(server: Scripted, wire: socket.socket) -> bool:
        wire.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{")
        server.over.wait(0.1)  # for what was sent to be read: a reset overtakes it
        return reset(server, wire)

    with wire_to(reply(), half_and_reset) as (server, wire):
        wire.ask()
        assert lost(lambda: wire.ask(repeatable=True)).code == "ConnectionLost"
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (LARGEST + 1),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"%x\r\n" % (LARGEST + 1) + b"x" * (LARGEST + 1),
    ],
    ids=["said", "chunked"],
)
def test_an_answer_that_is_too_large_is_not_read_to_its_end(data: bytes) -> None:
    with wire_to(raw(data, stay=False)) as (_, wire):
        assert lost(wire.ask).code == "AnswerTooLarge"
        assert wire.idle == 0


def test_the_largest_answer_is_read() -> None:
    with wire_to(reply(b"x" * LARGEST)) as (_, wire):
        assert len(wire.ask().body) == LARGEST


@pytest.mark.parametrize(
    "step",
    [
        silence,
        drip(b"HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n" + b"x" * 60),
        drip(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20 + b"content-length: 0\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 12 + b"0\r\n\r\n"),
    ],
    ids=["silence", "body", "headers", "chunks"],
)
def test_a_slow_answer_is_given_up_when_the_time_for_all_of_it_is_over(step: Step) -> None:
    # A byte every 0.05 s keeps a time limit for each read content; these answers take three seconds and more.
    with wire_to(step) as (server, wire):
        error = lost(lambda: wire.ask(seconds=0.8, repeatable=True))
        assert (error.code, error.maybe_done) == ("Timeout", True)
        assert (len(server.asked), wire.idle) == (1, 0)


def test_nothing_is_read_once_the_time_is_over() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(written())
        with pytest.raises(TimeoutError):
            Incoming(ours, 5.0, lambda: 5.0).read_answer()
        assert Incoming(ours, 5.0, lambda: 4.0).read_answer().body == b"{}"


def test_a_connection_on_which_an_answer_was_late_is_never_used_again() -> None:
    late = drip(written(b"for the first"), pause=0.02)
    with wire_to(late, reply(b"for the second")) as (server, wire):
        assert lost(lambda: wire.ask(seconds=0.6)).code == "Timeout"
        assert wire.ask().body == b"for the second"
        assert server.connections == 2


def test_a_call_whose_time_is_over_is_not_sent() -> None:
    with wire_to(reply()) as (server, wire):
        for _ in range(2):
            error = lost(lambda: wire.ask(seconds=0))
            assert (error.code, error.maybe_done) == ("Timeout", False)
        wire.ask()
        assert lost(lambda: wire.ask(seconds=-1)).maybe_done is False
        assert len(server.asked) == 1


def test_a_request_that_is_not_taken_whole_was_not_done() -> None:
    deaf = socket.create_server(("127.0.0.1", 0))  # the system takes the connection, and nobody ever reads from it
    wire = Wire(f"http://127.0.0.1:{deaf.getsockname()[1]}")
    error = lost(lambda: wire.ask(Request({}, b"x" * (64 << 20)), seconds=0.3))
    assert (error.code, error.maybe_done) == ("Timeout", False)
    deaf.close()


def test_nobody_at_the_address_means_that_nothing_was_done() -> None:
    with Scripted() as server:
        wire = Wire(server.url)
    error = lost(wire.ask)
    assert (error.code, error.maybe_done) == ("Unreachable", False)


def test_an_idle_connection_is_not_trusted_after_a_minute() -> None:
    clock = HandClock()
    with wire_to(reply(), clock=clock) as (server, wire):
        wire.ask()
        clock.turn(timedelta(seconds=49))
        wire.ask()
        assert server.connections == 1
        clock.turn(timedelta(seconds=51))
        wire.ask()
        assert (server.connections, wire.idle) == (2, 1)


def test_old_connections_are_closed_although_newer_ones_serve() -> None:
    clock = HandClock()
    with wire_to(reply(), clock=clock) as (_, wire):
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: wire.ask(), range(100)))
        before = wire.idle
        clock.turn(timedelta(seconds=49))
        wire.ask()
        clock.turn(timedelta(seconds=49))
        wire.ask()
        assert wire.idle == 1 <= before


def test_what_is_given_back_after_closing_is_closed() -> None:
    with wire_to(reply()) as (_, wire):
        wire.ask()
        wire.connections.close()
        assert wire.idle == 0
        assert wire.ask().status == 200
        assert wire.idle == 0
    gc.collect()  # a socket that was left open would be an error of this test


@pytest.mark.parametrize(
    "headers",
    [{"authorization": "a\r\nx-evil: 1"}, {"a": "b\n"}, {"a\r\n": "b"}, {"a": "\x00"}, {"a": "Ā"}],
    ids=repr,
)
def test_a_header_that_would_begin_another_is_not_sent_and_not_quoted(headers: dict[str, str]) -> None:
    with wire_to(reply()) as (server, wire):
        error = lost(lambda: wire.ask(Request(headers)))
        assert (error.code, error.maybe_done) == ("UnsendableHeader", False)
        assert "evil" not in str(error)
        assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dynamodb",
        "ftp://host",
        "file:///etc/passwd",
        "https://",
        "http://user:pass@host",
        "http://host:99999",
        "http://a b",
    ],
)
def test_an_endpoint_is_http_and_a_host(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Connections(url, SystemClock())


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://dynamodb.eu-west-1.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com"),
        ("https://dynamodb.eu-west-1.amazonaws.com:443/", "dynamodb.eu-west-1.amazonaws.com"),
        ("http://LocalHost:8000", "localhost:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_the_host_is_named_as_it_is_signed(url: str, host: str) -> None:
    assert Connections(url, SystemClock()).host == host


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with Scripted() as nobody:
        pass
    with Scripted() as server:
        asked: list[str] = []

        def two(host: str, port: int) -> Sequence[Address]:
            asked.append(host)
            return [*resolve("127.0.0.1", nobody.port), *resolve("127.0.0.1", server.port)]

        wire = Wire("http://dynamodb.test:80", resolve=two)
        assert wire.ask().status == 200
        wire.connections.close()
    assert asked == ["dynamodb.test"]

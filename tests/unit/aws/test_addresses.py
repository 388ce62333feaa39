"""A name server that is slow, wrong or gone takes no call with it that knew where to go."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from freehold.aws.addresses import Address, Addresses, resolve
from freehold.aws.failures import Unreachable
from tests.unit.aws.scripted import Scripted, reply
from tests.unit.aws.wires import Wire, lost

HERE = resolve("127.0.0.1", 80)


class NameServer:
    """Answers as it is told."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Sequence[Address] | Exception = HERE
        self.go_on = threading.Event()
        self.go_on.set()

    def resolve(self, _host: str, _port: int) -> Sequence[Address]:
        self.asked += 1
        self.go_on.wait(30)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def server() -> NameServer:
    return NameServer()


@pytest.fixture
def addresses(server: NameServer) -> Addresses:
    return Addresses("dynamodb.test", 80, server.resolve)


def test_the_system_knows_the_loopback() -> None:
    assert [address for _, address in resolve("127.0.0.1", 8000)] == [("127.0.0.1", 8000)]


def test_nothing_is_asked_before_it_is_needed(server: NameServer, addresses: Addresses) -> None:
    assert server.asked == 0
    assert addresses.find(10) == HERE
    assert server.asked == 1


@pytest.mark.parametrize("answer", [OSError("no such host"), UnicodeError("label too long"), ()], ids=repr)
def test_a_name_that_leads_nowhere_is_an_error_at_first_and_then_forgiven(
    server: NameServer, addresses: Addresses, answer: Exception | Sequence[Address]
) -> None:
    server.answer = answer
    with pytest.raises(OSError, match=r"."):
        addresses.find(10)
    server.answer = HERE
    assert addresses.find(10) == HERE
    server.answer = answer
    assert addresses.find(10) == HERE


def test_a_name_server_that_says_nothing_is_waited_for_as_long_as_there_is_time(
    server: NameServer, addresses: Addresses
) -> None:
    server.go_on.clear()
    with pytest.raises(TimeoutError):
        addresses.find(0.05)
    server.go_on.set()
    assert addresses.find(10) == HERE


def test_a_name_server_that_says_nothing_is_done_without(server: NameServer, addresses: Addresses) -> None:
    addresses.find(10)
    server.go_on.clear()
    for _ in range(5):
        assert addresses.find(0.02) == HERE
    assert server.asked == 2
    server.go_on.set()


def test_many_at_once_ask_once(server: NameServer, addresses: Addresses) -> None:
    server.go_on.clear()
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(addresses.find, 30) for _ in range(8)]
        while server.asked == 0:
            pass
        server.go_on.set()
        assert [each.result() for each in found] == [HERE] * 8
    assert server.asked <= 8


def test_a_new_address_is_used_as_soon_as_it_is_known(server: NameServer, addresses: Addresses) -> None:
    addresses.find(10)
    server.answer = resolve("127.0.0.2", 80)
    assert addresses.find(10) == server.answer


def test_calls_go_on_when_the_name_is_gone() -> None:
    names = NameServer()
    with Scripted(reply(connection="close")) as server:
        names.answer = resolve("127.0.0.1", server.port)
        wire = Wire("http://dynamodb.test", resolve=names.resolve)
        assert wire.ask().status == 200
        names.answer = OSError("the name of a region, gone")
        assert [wire.ask().status for _ in range(3)] == [200] * 3
        names.go_on.clear()
        assert wire.ask().status == 200
        names.go_on.set()


def test_a_call_to_a_name_that_was_never_known_was_not_done() -> None:
    names = NameServer()
    names.answer = OSError("no such host")
    error = lost(Wire("http://dynamodb.test", resolve=names.resolve).ask)
    assert isinstance(error, Unreachable)
    assert (error.code, error.maybe_done) == ("Unreachable", False)

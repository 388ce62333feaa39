"""The same over TLS: who is believed, and that no time limit is lost."""

import ssl
from pathlib import Path

import pytest

from freehold.aws.addresses import resolve
from tests.unit.aws.scripted import Scripted, drip, raw, silence
from tests.unit.aws.tls import Tls
from tests.unit.aws.wires import Wire, lost


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    folder: Path = tmp_path_factory.mktemp("tls")
    return Tls.made_in(folder)


def test_a_certificate_of_a_trusted_authority_is_taken_and_the_connection_kept(tls: Tls) -> None:
    with Scripted(tls=tls.server) as server:
        wire = Wire(server.url, tls=tls.trusting)
        assert [wire.ask().status for _ in range(5)] == [200] * 5
        assert server.connections == 1
        wire.connections.close()


def test_any_other_certificate_is_refused_before_anything_is_sent(tls: Tls) -> None:
    with Scripted(tls=tls.server) as server:
        wire = Wire(server.url)
        error = lost(wire.ask)
        assert (error.code, error.maybe_done) == ("Unreachable", False)
        assert "certificate" in str(error)
        assert server.asked == []


def test_a_certificate_for_another_host_is_refused(tls: Tls) -> None:
    with Scripted(tls=tls.server) as server:
        wire = Wire(
            f"https://dynamodb.test:{server.port}", tls=tls.trusting, resolve=lambda _, port: resolve("127.0.0.1", port)
        )
        assert lost(wire.ask).maybe_done is False
        assert server.asked == []


def test_an_answer_cut_short_under_tls_is_none(tls: Tls) -> None:
    with Scripted(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", stay=False), tls=tls.server) as server:
        wire = Wire(server.url, tls=tls.trusting)
        error = lost(wire.ask)
        assert (error.code, error.maybe_done) == ("ConnectionLost", True)


def test_a_handshake_that_does_not_come_about_is_given_up() -> None:
    with Scripted(silence) as server:
        wire = Wire(f"https://127.0.0.1:{server.port}", tls=ssl.create_default_context())
        error = lost(lambda: wire.ask(seconds=0.3))
        assert (error.code, error.maybe_done) == ("Timeout", False)


def test_a_slow_answer_under_tls_is_given_up_too(tls: Tls) -> None:
    slow = drip(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + b"x" * 100)
    with Scripted(slow, tls=tls.server) as server:
        wire = Wire(server.url, tls=tls.trusting)
        error = lost(lambda: wire.ask(seconds=1.5))
        assert (error.code, error.maybe_done) == ("Timeout", True)
        assert wire.idle == 0

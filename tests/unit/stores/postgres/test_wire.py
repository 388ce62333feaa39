"""A connection answers what it was asked and nothing else, whatever becomes of a statement in between."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from freehold.servers.postgres import PostgresServer
from freehold.stores.postgres import wire as module
from freehold.stores.postgres.names import Statement
from freehold.stores.postgres.trouble import Lost, Refusal
from freehold.stores.postgres.wire import Step, Wire
from freehold.stores.postgres.wires import MANY_SCHEMAS, Wires

pytestmark = pytest.mark.postgres

ECHO = Statement(b"SELECT $1::text")
WRONG = Statement(b"SELECT 1 / $1::integer")
BROKEN = Statement(b"SELECT nonsense FROM nowhere WHERE x = $1")
BEGIN, ROLLBACK = Statement(b"BEGIN ISOLATION LEVEL REPEATABLE READ"), Statement(b"ROLLBACK")


def echo(number: int) -> Step:
    """A statement that gives its number back."""
    return ECHO, [str(number).encode()]


@pytest.fixture(params=[True, False], ids=["prepares", "does not prepare"])
def wire(request: pytest.FixtureRequest, server: PostgresServer) -> Iterator[Wire]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        yield Wire(connection, deadline=30, prepares=request.param)


@pytest.mark.parametrize("position", range(6))
@pytest.mark.parametrize("statement", [WRONG, BROKEN], ids=["fails when run", "cannot be prepared"])
@pytest.mark.parametrize("times", [1, 3])
def test_the_statement_that_fails_is_named_and_the_next_ones_answers_are_its_own(
    statement: Statement, position: int, times: int, wire: Wire
) -> None:
    for _ in range(times):
        steps = [echo(number) for number in range(6)]
        steps[position] = (statement, [b"0"])
        with pytest.raises(Refusal) as error:
            wire.ask(*steps)
        assert error.value.number == position
        for number in range(3):
            assert wire.ask(echo(number)) == [[(str(number),)]]
        assert wire.ask(*(echo(number) for number in range(4))) == [[(str(number),)] for number in range(4)]


def test_a_transaction_that_failed_is_left_by_rolling_back(wire: Wire) -> None:
    for _ in range(3):
        with pytest.raises(Refusal):
            wire.ask((BEGIN, ()), echo(1), (WRONG, [b"0"]))
        with pytest.raises(Refusal, match="25P02"):
            wire.ask(echo(2))
        wire.rollback()
        assert wire.ask(echo(3)) == [[("3",)]]


def test_after_a_transaction_that_was_left_the_next_answers_are_ones_own(wire: Wire) -> None:
    for number in range(5):
        wire.ask((BEGIN, ()), echo(number))
        wire.leave()
        assert wire.is_whole()
        assert wire.ask(echo(number + 1)) == [[(str(number + 1),)]]
        wire.ask((BEGIN, ()), echo(number))
        wire.leave()
        assert wire.ask((BEGIN, ()), echo(7), (ROLLBACK, ())) == [[], [("7",)], []]
        wire.leave()
        assert wire.ask(echo(8)) == [[("8",)]]


def test_a_transaction_that_was_left_is_over_for_the_server_too(wire: Wire, server: PostgresServer) -> None:
    wire.ask((BEGIN, ()), echo(1))
    wire.leave()
    query = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%' AND pid = %s"
    with psycopg.connect(server.url, autocommit=True) as other:
        while other.execute(query, [wire.connection.info.backend_pid]).fetchone() != (0,):
            pass
    assert wire.ask(echo(2)) == [[("2",)]]


def test_prepared_statements_are_let_go_of_when_there_are_too_many(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PREPARED", 8)
    monkeypatch.setattr(module, "MOST_SEEN", 32)
    statements = [Statement(f"SELECT $1::text, {number}".encode()) for number in range(60)]
    for _ in range(3):
        for number, statement in enumerate(statements):
            alone = [(statement, [b"x"])]
            for steps in (alone, [(BEGIN, ()), *alone, (ROLLBACK, ())], alone):
                assert [("x", number)] in wire.ask(*steps)
            assert len(wire._prepared) <= 8 + 3
    ((count,),) = wire.ask((Statement(b"SELECT count(*) FROM pg_prepared_statements"), ()))[0]
    assert count <= 8 + 3
    assert len(wire._seen) <= 32 + 3


def test_rows_larger_than_any_buffer_come_back(wire: Wire) -> None:
    large = b"x" * 17_000_000
    assert wire.ask((ECHO, [large]))[0][0][0] == large.decode()
    assert wire.ask((ECHO, [large]), echo(1))[1] == [("1",)]
    assert len(wire.ask((Statement(b"SELECT generate_series(1, 200000)"), ()))[0]) == 200_000


def test_many_rows_in_a_pipeline_do_not_stand_in_each_others_way(wire: Wire) -> None:
    """Both sides' buffers are full at the same time: whoever only writes would wait for ever."""
    large = b"x" * 100_000
    found = wire.ask(*((ECHO, [large]) for _ in range(200)))
    assert [len(rows[0][0]) for rows in found] == [100_000] * 200


def test_who_is_late_is_lost_and_the_connection_with_it(server: PostgresServer) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        wire = Wire(connection, deadline=0.1, prepares=True)
        with pytest.raises(Lost):
            wire.ask((Statement(b"SELECT pg_sleep(60)"), ()))
        assert (wire.was_late, wire.is_whole(), connection.closed) == (True, False, True)


def test_many_quick_answers_do_not_stretch_the_deadline(server: PostgresServer) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        wire = Wire(connection, deadline=0.2, prepares=True)
        with pytest.raises(Lost):
            wire.ask(*((Statement(b"SELECT pg_sleep(0.1)"), ()) for _ in range(50)))


def test_a_connection_that_was_interrupted_is_not_used_again(server: PostgresServer) -> None:
    wires = Wires(server.url, size=1, wait=5, deadline=5, prepares=True)
    wire = wires.take("a")

    class Interrupted(BaseException):
        pass

    def interrupt() -> None:
        raise Interrupted

    wire._one = interrupt  # type: ignore[method-assign,assignment]  # as a signal would, in the middle of an answer
    with pytest.raises(Interrupted):
        wire.ask(echo(1), echo(2))
    wires.give_back(wire, "a")
    after = wires.take("b")
    assert after is not wire
    assert after.ask(echo(3)) == [[("3",)]]
    wires.give_back(after, "b")
    wires.close()


def test_a_connection_that_has_seen_many_tenants_is_replaced(server: PostgresServer) -> None:
    wires = Wires(server.url, size=1, wait=5, deadline=5, prepares=True)
    wire = wires.take("a")
    wire.schemas.update(map(str, range(401)))
    wires.give_back(wire, "a")
    after = wires.take("a")
    assert after is not wire
    wires.give_back(after, "a")
    wires.close()


def test_a_tenant_gets_a_connection_that_has_been_to_its_schema(server: PostgresServer) -> None:
    wires = Wires(server.url, size=3, wait=5, deadline=5, prepares=True)
    both = {name: wires.take(name, name) for name in ("a", "b")}
    for name, wire in both.items():
        wire.schemas.add(name)
        wires.give_back(wire, name)
    for name in ("a", "b", "a", "b"):
        wire = wires.take(name, name)
        assert wire is both[name]
        wires.give_back(wire, name)
    wires.close()


def test_tenants_are_spread_over_connections_once_one_knows_many(server: PostgresServer) -> None:
    wires = Wires(server.url, size=2, wait=5, deadline=5, prepares=True)
    seen = set()
    for number in range(3 * MANY_SCHEMAS):
        wire = wires.take(str(number), str(number))
        wire.schemas.add(str(number))
        seen.add(wire)
        wires.give_back(wire, str(number))
    assert sorted(len(wire.schemas) for wire in seen) == [3 * MANY_SCHEMAS // 2] * 2
    wires.close()


def test_who_waits_gets_the_connection_that_comes_free(server: PostgresServer) -> None:
    wires = Wires(server.url, size=2, wait=30, deadline=5, prepares=True)
    done = []

    def work(number: int) -> None:
        for _ in range(50):
            wire = wires.take(str(number))
            done.append(wire.ask(echo(number)) == [[(str(number),)]])
            wires.give_back(wire, str(number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wires.close()
    assert (len(done), all(done), wires._open, wires._opening, dict(wires._held)) == (400, True, 0, 0, {})

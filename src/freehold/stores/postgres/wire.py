"""One connection to the server: statements go out many at a time, and no answer is waited for longer than the deadline.

It speaks through libpq as psycopg wraps it. psycopg's own cursors cost five times the processor time of a lookup, and
wait for as long as the network does: a server that is frozen answers no cancel request, so the socket is closed here.
"""

from __future__ import annotations

import select
import time
from collections import OrderedDict
from collections.abc import Sequence

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from freehold.stores.forms import Plain
from freehold.stores.postgres.names import Statement
from freehold.stores.postgres.trouble import ELSEWHERE, Lost, Refusal

Value = bytes | None
Step = tuple[Statement, Sequence[Value]]
Row = tuple[Plain, ...]
"""What psycopg makes of a row. Dates, decimals and bytes are in it too; a column's codec knows."""

MOST_PREPARED = 512
MOST_SEEN = 4 * MOST_PREPARED
ROLLBACK = Statement(b"ROLLBACK")
PING = Statement(b"SELECT")

_GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
_IDLE, _IN_TRANSACTION = TransactionStatus.IDLE, TransactionStatus.INTRANS


class Wire:
    """A connection. Not for two threads at a time. After `Lost` it is closed, and nothing else may be asked of it."""

    def __init__(self, connection: psycopg.Connection, *, deadline: float, prepares: bool) -> None:
        """Take over a connection in autocommit mode.

        `deadline` is how many seconds one exchange may take. With `prepares`, statements that are used again are
        prepared; a pooler in transaction mode that does not know of them wants none.
        """
        self.connection, self._pg = connection, connection.pgconn
        self._deadline, self._prepares = deadline, prepares
        self._prepared: OrderedDict[Statement, bytes] = OrderedDict()
        self._seen: set[Statement] = set()
        self._numbers = 0
        self._rows = Transformer(connection)
        self._poll = select.poll()
        self._poll.register(self._pg.socket, select.POLLIN)
        self.opened = self.heard = self._until = time.monotonic()
        self.was_late = self.is_misplaced = self._is_leaving = False
        """Whether the server did not answer in time; and whether it takes no writes."""
        self.schemas: set[str] = set()
        """Where it has been: the server keeps something of every table that a connection has touched."""

    def is_whole(self) -> bool:
        """Whether it can be used, as far as can be told without asking: a server that went away has left a word."""
        try:
            if not self.connection.closed and self._heard():
                self._pg.consume_input()
                return not self._heard()
        except psycopg.OperationalError:
            return False
        return not self.connection.closed

    def answers(self, within: float) -> bool:
        """Whether the server answers on it, within so many seconds."""
        try:
            self.ask((PING, ()), within=within)
        except (Lost, Refusal):
            return False
        return True

    def _heard(self) -> bool:
        """Whether there is something to be read."""
        self._poll.modify(self._pg.socket, select.POLLIN)
        return bool(self._poll.poll(0))

    def ask(self, *steps: Step, within: float | None = None) -> list[list[Row]]:
        """Send statements together, and give the rows of each. The first that fails ends them all.

        `within` so many seconds; by default, the deadline. Raises `Refusal`, with the number of the step, when the
        server refused; `Lost` when it is gone or too late.
        """
        self._until = time.monotonic() + (within or self._deadline)
        spare = self._spare()
        try:
            is_plain = len(steps) == 1 and not spare and not self._is_leaving
            results = self._alone(*steps[0]) if is_plain else self._together(spare, steps)
        except (psycopg.OperationalError, OSError) as error:
            raise self._lost(str(error)) from error
        except BaseException:  # whatever stops us here, nobody else may be given the answers that are still to come
            self.connection.close()
            raise
        self.heard = time.monotonic()
        for number, found in enumerate(results):
            if found.status not in _GOOD:
                refusal = _refusal(found, number)
                self.is_misplaced |= refusal.state in ELSEWHERE
                raise refusal
        return [self._load(found) for found in results]

    def rollback(self) -> None:
        """Leave the transaction, if there is one."""
        if self._pg.transaction_status != _IDLE:
            self.ask((ROLLBACK, ()))

    def leave(self) -> None:
        """The same, without waiting until the server has done so: its answer is read with the next ones."""
        if self._pg.transaction_status != _IN_TRANSACTION:
            self.rollback()
            return
        try:
            self._pg.enter_pipeline_mode()
            self._pg.send_query_params(ROLLBACK, ())
            self._pg.pipeline_sync()
            self._is_leaving = not self._pg.flush()
        except psycopg.OperationalError as error:
            raise self._lost(str(error)) from error
        if not self._is_leaving:  # it takes nothing any more
            raise self._lost("the server does not listen")

    def _spare(self) -> list[Step]:
        """What lets go of the statements that were prepared longest ago, once there are too many: a quarter of them."""
        if len(self._seen) > MOST_SEEN:
            self._seen.clear()
        if len(self._prepared) < MOST_PREPARED:
            return []
        names = [self._prepared.popitem(last=False)[1] for _ in range(MOST_PREPARED // 4)]
        return [(Statement(b"DEALLOCATE " + name), ()) for name in names]

    def _alone(self, statement: Statement, values: Sequence[Value]) -> list[PGresult]:
        """One statement, in the way that costs least."""
        name = self._prepared.get(statement)
        if name is None and not self._will_prepare(statement):
            self._pg.send_query_params(statement, values)
            return [self._results()]
        if name is None:
            return self._together([], [(statement, values)])
        self._pg.send_query_prepared(name, values)
        self._prepared.move_to_end(statement)
        return [self._results()]

    def _together(self, spare: Sequence[Step], steps: Sequence[Step]) -> list[PGresult]:
        """In one exchange: see libpq's pipeline mode (PostgreSQL's documentation, 32.5). What is spare goes before.

        A transaction of its own for that: a BEGIN with an isolation level must be the first of its transaction.
        """
        if self._is_leaving:
            groups: list[list[Statement | None]] = [[None]]
        else:
            self._pg.enter_pipeline_mode()
            groups = []
        groups += [self._sent(group) for group in (spare, steps) if group]
        results: list[PGresult] = []
        for made in groups:
            results = self._read(made)
        self._pg.exit_pipeline_mode()
        self._is_leaving = False
        return results

    def _sent(self, steps: Sequence[Step]) -> list[Statement | None]:
        """Send statements that end together. Returns, for each, what was prepared before it."""
        made = [statement if self._send(statement, values) else None for statement, values in steps]
        self._pg.pipeline_sync()
        return made

    def _read(self, made: Sequence[Statement | None]) -> list[PGresult]:
        """The results of statements that were sent together."""
        results = []
        for statement in made:
            prepared = self._results() if statement is not None else None
            found = self._results()
            results.append(prepared if prepared is not None and prepared.status not in _GOOD else found)
        self._one()  # the answer to the sync
        if results[-1].status not in _GOOD:  # from the first that failed on, nothing was prepared
            for statement in filter(None, made):
                del self._prepared[statement]
        return results

    def _will_prepare(self, statement: Statement) -> bool:
        """Whether to prepare it, since it was seen before. What is seen for the first time may never come again."""
        if not self._prepares or statement in self._seen:
            return self._prepares
        self._seen.add(statement)
        return False

    def _send(self, statement: Statement, values: Sequence[Value]) -> bool:
        """Send one in a pipeline, and first of all prepare it if it was seen before. Returns whether both were sent."""
        name = self._prepared.get(statement)
        made = name is None and self._will_prepare(statement)
        if made:
            self._numbers += 1
            name = self._prepared[statement] = b"f%d" % self._numbers
            self._pg.send_prepare(name, statement)
        if name is None:
            self._pg.send_query_params(statement, values)
        else:
            self._pg.send_query_prepared(name, values)
            self._prepared.move_to_end(statement)
        return made

    def _results(self) -> PGresult:
        """The last result of a statement that was sent."""
        last, found = None, self._one()
        while found is not None:
            last, found = found, self._one()
        if last is None:
            raise self._lost("the server sent no answer")
        return last

    def _one(self) -> PGresult | None:
        """The next result, or None at the end of a statement's. libpq alone would wait with Python's lock held."""
        pg = self._pg
        while (unsent := pg.flush()) or pg.is_busy():
            left = self._until - time.monotonic()
            self._poll.modify(pg.socket, select.POLLIN | select.POLLOUT if unsent else select.POLLIN)
            if left <= 0 or not (ready := self._poll.poll(left * 1000)):
                self.was_late = True
                raise self._lost("no answer in time")
            if ready[0][1] & ~select.POLLOUT:
                pg.consume_input()
        return pg.get_result()

    def _lost(self, why: str) -> Lost:
        """Close the socket: that alone ends the wait for a server that does not answer."""
        self.connection.close()
        return Lost(why)

    def _load(self, found: PGresult) -> list[Row]:
        if not found.ntuples:
            return []
        self._rows.set_pgresult(found)
        return self._rows.load_rows(0, found.ntuples, tuple)


def _refusal(found: PGresult, number: int) -> Refusal:
    def field(of: DiagnosticField) -> str:
        return (found.error_field(of) or b"").decode(errors="replace")

    state = field(DiagnosticField.SQLSTATE)
    message = field(DiagnosticField.MESSAGE_PRIMARY)
    return Refusal(state, message, number, field(DiagnosticField.CONSTRAINT_NAME))

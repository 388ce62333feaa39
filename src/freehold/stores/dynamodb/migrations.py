"""Brings a table to a model's schema: indexes one at a time, and items whose keys are no longer what they should be.

A field that is new needs nothing: an item without it is read with its default. What changes where an entity lies in
an index, or how a field is kept, is written into every item it concerns, ground by ground; and each ground says of
which generation it is. So it can be killed anywhere, and goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Self, cast

from freehold.aws.client import AwsClient
from freehold.aws.credentials import Credentials
from freehold.aws.failures import AwsError
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.layout import OUTBOX, Layout, layout_of
from freehold.model.model import Model, table_of
from freehold.stores.dynamodb.definition import attributes, index, table
from freehold.stores.dynamodb.fleet import Fleet
from freehold.stores.dynamodb.grounds import behind
from freehold.stores.dynamodb.notes import PARTITION, PLACE, Log, Note, State
from freehold.stores.dynamodb.raw import RawTable
from freehold.stores.dynamodb.recast import touches
from freehold.stores.dynamodb.rewriting import Rewriter, work_between
from freehold.stores.migrate import (
    UP,
    Applied,
    Change,
    Progress,
    Step,
    agreed,
    is_to_go,
    label_of,
    steps,
    suffices,
    unseen,
)
from freehold.stores.schema import Index, Schema, schema_of

PATIENCE, PAUSE = 600.0, 0.2
"""Seconds to wait until an index is there, and between two looks at it."""


class DynamoMigrations:
    """Plans and applies. A context manager, since it holds a client.

    Raises `ModelError`: FH301 for a breaking step that nobody asked for, FH304 for items that stand in the way, FH306
    for a table that cannot be reached, FH307 for grounds that were left behind.
    """

    def __init__(self, client: AwsClient, credentials: Credentials, name: str, model: Model) -> None:
        """Work on the table of this name, with credentials that may define tables."""
        self._table, self._model = RawTable(client, credentials, name), model
        self._wanted = schema_of(model)
        self.place = Place(f"table {name}", 0)

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Let go of the client."""
        self._table.close()

    def status(self) -> list[Applied]:
        """What was applied, oldest first."""
        return [Applied(note.number, note.at, note.label) for note in self._log().applied]

    def present(self) -> Schema:
        """The schema that the table has."""
        return _schema(self._log())

    def plan(self) -> list[Step]:
        """The steps to the model's schema: what changes in it, then what follows for the table and for its items."""
        log = self._log()
        if log.last is None:
            return list(steps(Schema(), self._wanted))
        return [*steps(_schema(log), self._wanted), *self._new_indexes(), *self._rewrites(log)]

    def layout(self) -> Layout:
        """The layout of the model in this table: what has an index already keeps it."""
        last = self._log().last
        return layout_of(self._model, last.assigned if last else None)

    def generation(self) -> int:
        """Of which generation the items are that programs write now."""
        last = self._log().last
        return last.generation if last else 1

    def up(self, *, breaking: bool = False, progress: Progress = unseen) -> list[Step]:
        """Make the steps, and return them. A breaking step needs `breaking`.

        It also goes over grounds on which an earlier version of the program has written since.
        """
        log, plan = self._log(), self.plan()
        if not plan and log.last is not None and not self._is_left(log):
            return []
        agreed(self.place, _schema(log), self._wanted, breaking=breaking)
        self._have_indexes(self.layout())
        note = self._next(log)
        self._put(note)
        if note.state is not State.MADE:
            self._fleet([*log.notes, note], note.generation).follow(progress)
            self._put(note.with_state(State.MADE))
        return plan

    def down(self, *, number: int | None = None, breaking: bool = False, progress: Progress = unseen) -> list[Step]:
        """See `Migrations.down` of the port. Indexes stay: they do no harm, and another migration may want them.

        Items are written as the version before has them once that version is migrated `up`, which knows their keys.
        """
        del progress
        log = self._log()
        applied = log.applied
        if len(applied) < 2 or not is_to_go(self.place, applied[-1].number, number):  # noqa: PLR2004  # never the first
            return []
        old, before = _schema(log), applied[-2]
        plan = agreed(self.place, old, before.schema, breaking=breaking)
        back = log.next(before).keeping(applied[-1].assigned)
        if any(map(touches, plan)):
            back = back.of(log.newest + 1, State.BEHIND)
        self._put(back)
        return plan

    def check_fits(self) -> None:
        """Raises `ModelError` (FH303) unless the table has what a program with this model needs."""
        last = self._log().last
        if last is None:
            raise ModelError([Finding("FH303", self.place, "there is no table of freehold's yet", UP)])
        lacking = list(suffices(last.schema, self._wanted))
        if lacking:
            raise ModelError(
                Finding("FH303", self.place, f"the table is behind the model: {step}", UP) for step in lacking
            )
        if last.state is State.BEHIND:
            message = "its items are still as the migration has left them that was undone"
            raise ModelError([Finding("FH303", self.place, message, UP)])

    def _next(self, log: Log) -> Note:
        """The note of what is to be done: one that was begun is gone on with, if it was about the same."""
        old, layout, last, begun = _schema(log), self.layout(), log.last, log.begun
        if begun is not None and begun.schema == self._wanted and begun.assigned == layout.assigned():
            return begun
        at, plan = datetime.now(UTC).isoformat(), list(steps(old, self._wanted))
        if last is None:
            return Note(1, 1, at, label_of(plan), State.MADE, 1, self._wanted, layout.assigned())
        touched = begun is not None or any(touches(step) and step.table.name in old.tables for step in plan)
        if not plan and not touched:  # the schema is as it should be, and items are not
            return log.next(last).with_state(State.BEHIND if last.state is State.BEHIND else State.BEGUN)
        state, generation = (State.BEGUN, log.newest + 1) if touched else (State.MADE, last.generation)
        return log.next(
            Note(0, last.number + 1, at, label_of(plan), state, generation, self._wanted, layout.assigned())
        )

    def _fleet(self, notes: list[Note], generation: int) -> Fleet:
        schemas = Log(tuple(notes)).schemas
        rewriter = Rewriter(self._table, self._model, self.layout(), generation, schemas)
        return Fleet(self._table, rewriter, generation, self.place)

    def _new_indexes(self) -> Iterator[Step]:
        """Indexes that the table lacks, each under the first kind that wants it."""
        layout, have = self.layout(), self._indexes(self._described() or {})
        for name in layout.indexes:
            if name not in have:
                kind = next(slot.kind for slot in layout.slots if slot.index == name)
                yield Step(
                    Change.ADD_GLOBAL_INDEX, self._wanted.tables[table_of(kind)], index=Index(name=name, keys=())
                )

    def _rewrites(self, log: Log) -> Iterator[Step]:
        """Kinds whose items are to be written again."""
        work = work_between(_schema(log), self._wanted)
        if self._is_left(log):
            for schema in log.schemas.values():
                work = work.joined(work_between(schema, self._wanted))
        yield from (Step(Change.REWRITE, table) for name, table in self._wanted.tables.items() if name in work.kinds)

    def _is_left(self, log: Log) -> bool:
        """Whether items are not as they should be: a run was ended early, or an older program has written since."""
        if log.begun is not None or log.last is None or log.last.state is State.BEHIND:
            return True
        return next(behind(self._table, log.last.generation), None) is not None

    def _have_indexes(self, layout: Layout) -> None:
        """Make the table, or the indexes that it lacks: DynamoDB takes one change of an index at a time."""
        described = self._described()
        if described is None:
            self._table.call("CreateTable", table(self._table.name, layout))
            self._wait()
            return
        have = self._indexes(described)
        for name in layout.indexes:
            if name not in have:
                update = {
                    "AttributeDefinitions": attributes(["", OUTBOX, *have, name]),
                    "GlobalSecondaryIndexUpdates": [{"Create": index(name)}],
                }  # fmt: skip
                self._table.call("UpdateTable", update)
                have.append(name)
                self._wait()

    def _wait(self) -> None:
        """Until the table and all its indexes can be used."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            described = self._described() or {}
            indexes = cast("list[Any]", described.get("GlobalSecondaryIndexes") or [])
            states = {described.get("TableStatus"), *(one.get("IndexStatus", "ACTIVE") for one in indexes)}
            if states == {"ACTIVE"}:
                return
            time.sleep(PAUSE)
        message, fix = "its indexes are not ready after ten minutes", "wait, and run the same command again"
        raise ModelError([Finding("FH307", self.place, message, fix)])

    def _described(self) -> Mapping[str, object] | None:
        try:
            return cast("Mapping[str, object]", self._table.call("DescribeTable", {})["Table"])
        except AwsError as error:
            if error.code == "ResourceNotFoundException":
                return None
            raise self._unreachable(error) from error

    @staticmethod
    def _indexes(described: Mapping[str, object]) -> list[str]:
        return [str(one["IndexName"]) for one in cast("list[Any]", described.get("GlobalSecondaryIndexes") or [])]

    def _log(self) -> Log:
        try:
            return Log.of(self._table.under(PARTITION, PLACE))
        except AwsError as error:
            if error.code == "ResourceNotFoundException":
                return Log()
            raise self._unreachable(error) from error

    def _put(self, note: Note) -> None:
        self._table.call("PutItem", {"Item": note.item})

    def _unreachable(self, error: AwsError) -> ModelError:
        fix = "see that AWS_REGION, AWS_ENDPOINT_URL and the credentials are right"
        return ModelError([Finding("FH306", self.place, f"the table cannot be reached: {error}", fix)])


def _schema(log: Log) -> Schema:
    return log.last.schema if log.last else Schema()

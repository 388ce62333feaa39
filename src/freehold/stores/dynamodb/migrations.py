"""Brings a table to a model's schema: indexes one at a time, and items whose keys are no longer what they should be.

A field that is new needs nothing: an item without it is read with its default. What changes where an entity lies in
an index, or how a field is kept, is written into every item it concerns, ground by ground, and noted in the table.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self, cast

from pydantic_core import from_json, to_json

from freehold.aws.client import AwsClient
from freehold.aws.credentials import Credentials
from freehold.aws.failures import AwsError
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.layout import OUTBOX, Layout, layout_of
from freehold.model.model import Model
from freehold.stores.dynamodb.definition import attributes, index, table
from freehold.stores.migrate import Applied, Progress, Step, agreed, label_of, steps, suffices, unseen
from freehold.stores.schema import Schema, schema_of

META = {"PK": {"S": "FREEHOLD"}, "SK": {"S": "SCHEMA"}}
"""Where it is noted which migrations were made. No tenant's partition begins so."""

PATIENCE, PAUSE = 600.0, 0.2
UP = "run `freehold migrate up`"


class TableMigrations:
    """Plans and applies. A context manager, since it holds a client.

    Raises `ModelError`: FH301 for a breaking step that nobody asked for, FH306 for a table that cannot be reached.
    """

    def __init__(self, client: AwsClient, credentials: Credentials, name: str, model: Model) -> None:
        """Work on the table of this name, with credentials that may define tables."""
        self._client, self._credentials, self._name, self._model = client, credentials, name, model
        self._wanted = schema_of(model)
        self.place = Place(f"table {name}", 0)

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Let go of the client."""
        self._client.close()

    def status(self) -> list[Applied]:
        """What was applied, oldest first."""
        return [Applied(int(one["number"]), str(one["at"]), str(one["label"])) for one in self._noted()]

    def present(self) -> Schema:
        """The schema that the table has."""
        noted = self._noted()
        return Schema.model_validate(noted[-1]["after"]) if noted else Schema()

    def plan(self) -> list[Step]:
        """The steps to the model's schema."""
        return list(steps(self.present(), self._wanted))

    def layout(self) -> Layout:
        """The layout of the model in this table: what has an index already keeps it."""
        noted = self._noted()
        return layout_of(self._model, cast("Mapping[str, str]", noted[-1]["assigned"]) if noted else None)

    def up(self, *, breaking: bool = False, progress: Progress = unseen) -> list[Step]:
        """Make the steps, and return them. A breaking step needs `breaking`."""
        del progress
        noted, old = self._noted(), self.present()
        if noted and old == self._wanted:
            return []
        plan = agreed(self.place, old, self._wanted, breaking=breaking)
        layout = self.layout()
        self._have_indexes(layout)
        self._note([*noted, self._note_of(len(noted) + 1, label_of(plan), old, layout)])
        return plan

    def down(self, *, breaking: bool = False, progress: Progress = unseen) -> list[Step]:
        """Undo the last migration. Indexes stay: they do no harm, and another migration may want them."""
        del progress
        noted = self._noted()
        if len(noted) < 2:  # noqa: PLR2004  # the first one is never undone
            return []
        old, new = self.present(), Schema.model_validate(noted[-1]["before"])
        plan = agreed(self.place, old, new, breaking=breaking)
        self._note(noted[:-1])
        return plan

    def check_fits(self) -> None:
        """Raises `ModelError` (FH303) unless the table has what a program with this model needs."""
        if not self._noted():
            raise ModelError([Finding("FH303", self.place, "there is no table of freehold's yet", UP)])
        lacking = list(suffices(self.present(), self._wanted))
        if lacking:
            raise ModelError(
                Finding("FH303", self.place, f"the table is behind the model: {step}", UP) for step in lacking
            )

    def _have_indexes(self, layout: Layout) -> None:
        """Make the table, or the indexes that it lacks: DynamoDB takes one change of an index at a time."""
        described = self._described()
        if described is None:
            self._call("CreateTable", table(self._name, layout))
            self._wait()
            return
        have = {str(one["IndexName"]) for one in cast("list[Any]", described.get("GlobalSecondaryIndexes") or [])}
        for name in layout.indexes:
            if name not in have:
                update = {
                    "TableName": self._name, "AttributeDefinitions": attributes(["", OUTBOX, *have, name]),
                    "GlobalSecondaryIndexUpdates": [{"Create": index(name)}],
                }  # fmt: skip
                self._call("UpdateTable", update)
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
            return cast("Mapping[str, object]", self._call("DescribeTable", {"TableName": self._name})["Table"])
        except AwsError as error:
            if error.code == "ResourceNotFoundException":
                return None
            raise

    def _noted(self) -> list[dict[str, Any]]:
        try:
            answer = self._call("GetItem", {"TableName": self._name, "Key": META, "ConsistentRead": True})
        except AwsError as error:
            if error.code == "ResourceNotFoundException":
                return []
            raise self._unreachable(error) from error
        item = cast("Any", answer.get("Item"))
        return list(from_json(item["migrations"]["S"])) if item else []

    def _note(self, migrations: list[dict[str, Any]]) -> None:
        text = to_json(migrations).decode()
        self._call("PutItem", {"TableName": self._name, "Item": {**META, "migrations": {"S": text}}})

    def _note_of(self, number: int, label: str, old: Schema, layout: Layout) -> dict[str, Any]:
        return {
            "number": number, "at": datetime.now(UTC).isoformat(), "label": label, "assigned": layout.assigned(),
            "before": old.model_dump(mode="json"), "after": self._wanted.model_dump(mode="json"),
        }  # fmt: skip

    def _call(self, operation: str, request: Mapping[str, object]) -> Mapping[str, object]:
        return self._client.call(operation, request, self._credentials)

    def _unreachable(self, error: AwsError) -> ModelError:
        fix = "see that AWS_REGION, AWS_ENDPOINT_URL and the credentials are right"
        return ModelError([Finding("FH306", self.place, f"the table cannot be reached: {error}", fix)])

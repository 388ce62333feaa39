"""Where tables are, and which attribute of theirs is the partition key: what a request does not say by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from freehold.testing.iam.refusal import Unsupported
from freehold.testing.iam.shape import entries, items, text

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")


@dataclass(frozen=True, slots=True)
class Place:
    """A region of an account."""

    region: str = "us-east-1"
    account: str = "000000000000"
    """The twelve digits; these are what emulators say."""
    partition: str = "aws"

    def table(self, name: str, index: str = "") -> str:
        """The ARN of a table, or of one of its indexes. Raises `Unsupported` for what is no name."""
        for one in (name, index) if index else (name,):
            if _NAME.fullmatch(one) is None:
                raise Unsupported("BAD_NAME", f"{one!r} is not the name of a table or an index")
        return f"{self._prefix()}{name}" + (f"/index/{index}" if index else "")

    def stream(self, arn: str) -> str:
        """The ARN of a stream, if it is one of a table here. Raises `Unsupported` otherwise."""
        table, _, label = arn.removeprefix(self._prefix()).partition("/stream/")
        if not arn.startswith(self._prefix()) or _NAME.fullmatch(table) is None or not label:
            raise Unsupported("BAD_NAME", f"{arn!r} is not a stream of a table in {self.region} of {self.account}")
        return arn

    def table_named(self, arn: str) -> str:
        """The ARN of a table, if it is one here. Raises `Unsupported` otherwise."""
        if arn != self.table(arn.removeprefix(self._prefix())):
            raise Unsupported("BAD_NAME", f"{arn!r} is not a table in {self.region} of {self.account}")
        return arn

    def _prefix(self) -> str:
        return f"arn:{self.partition}:dynamodb:{self.region}:{self.account}:table/"


@dataclass(frozen=True, slots=True)
class TableKeys:
    """The partition keys of a table and of its indexes, each by the name of its attribute."""

    name: str
    partition: str
    indexes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, created: Mapping[str, object]) -> TableKeys:
        """The keys in a request `CreateTable`, or under `Table` in an answer of `DescribeTable`."""
        indexes: dict[str, str] = {}
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            for index in items(created[kind], kind) if created.get(kind) else ():
                found = entries(index, kind)
                indexes[text(found.get("IndexName"), "IndexName")] = _partition(found)
        return cls(text(created.get("TableName"), "TableName"), _partition(created), indexes)

    def partition_of(self, index: str) -> str:
        """The partition key of an index, or of the table when `index` is empty."""
        if index and index not in self.indexes:
            raise Unsupported("UNKNOWN_INDEX", f"the keys of the index {index!r} of {self.name} are not known here")
        return self.indexes[index] if index else self.partition


def _partition(found: Mapping[str, object]) -> str:
    schema = [entries(one, "KeySchema") for one in items(found.get("KeySchema"), "KeySchema")]
    names = [text(one.get("AttributeName"), "AttributeName") for one in schema if one.get("KeyType") == "HASH"]
    if len(names) != 1:
        raise Unsupported("SEVERAL_KEYS", f"a key of {len(names)} partition attributes is not evaluated here")
    return names[0]

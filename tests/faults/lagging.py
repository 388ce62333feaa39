"""An index that is behind: what Queries of it see is the table as it was some operations ago.

Nothing is slept: what was written is taken back in the answers, until so many operations have gone by.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from freehold.aws.client import AwsClient
from freehold.aws.credentials import Credentials
from tests.faults.dynamodb import key_of

Item = Mapping[str, Any]
Place = tuple[str, str]
Ask = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


@dataclass
class Written:
    """What was in some places before a transaction, and at which operation that was."""

    at: int
    before: dict[Place, Item | None]


class Lagging:
    """A client whose indexes are `behind` by a number of operations; those that `counts` names count."""

    def __init__(self, client: AwsClient, behind: int, counts: tuple[str, ...]) -> None:
        """Look through `client`."""
        self._client, self.behind, self._counts = client, behind, counts
        self._written: list[Written] = []
        self._now = 0
        self._lock = threading.Lock()

    def call(self, operation: str, request: Mapping[str, Any], credentials: Credentials) -> Mapping[str, object]:
        """See `AwsClient.call`."""

        def ask(name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
            return self._client.call(name, given, credentials)

        with self._lock:
            self._now += operation in self._counts
            if operation == "TransactWriteItems":
                places = [_place_of(action) for action in request["TransactItems"]]
                before = {key: _item(ask, table, key) for table, key in places}
                answer = ask(operation, request)
                self._written.append(Written(self._now, before))
                return answer
            if operation == "Query" and request.get("IndexName", "").startswith("GSI"):
                return self._as_it_was(ask, request)
        return ask(operation, request)

    def close(self) -> None:
        """See `AwsClient.close`."""
        self._client.close()

    def _as_it_was(self, ask: Ask, request: Mapping[str, Any]) -> Mapping[str, object]:
        plain = {name: value for name, value in request.items() if name not in ("Limit", "ExclusiveStartKey")}
        items: dict[Place, Item] = {}
        start: object = None
        while True:
            answer = ask("Query", {**plain, **({"ExclusiveStartKey": start} if start else {})})
            items |= {key_of(item): item for item in answer["Items"]}
            if not (start := answer.get("LastEvaluatedKey")):
                break
        for written in reversed([one for one in self._written if one.at > self._now - self.behind]):
            for place, item in written.before.items():
                items.pop(place, None)
                if item is not None and _matches(request, item):
                    items[place] = item
        return _page(request, items)


def _item(ask: Ask, table: str, key: Place) -> Item | None:
    where = {"PK": {"S": key[0]}, "SK": {"S": key[1]}}
    return ask("GetItem", {"TableName": table, "Key": where, "ConsistentRead": True}).get("Item")


def _place_of(action: Mapping[str, Any]) -> tuple[str, Place]:
    (doing,) = action.values()
    return doing["TableName"], key_of(doing.get("Item") or doing["Key"])


def _matches(request: Mapping[str, Any], item: Item) -> bool:
    index, values = request["IndexName"], request["ExpressionAttributeValues"]
    if item.get(f"{index}PK") != values[":p"]:
        return False
    there = item[f"{index}SK"]["S"]
    if ":s" in values:
        return bool(there.startswith(values[":s"]["S"]))
    return bool(values[":l"]["S"] <= there <= values[":h"]["S"])


def _page(request: Mapping[str, Any], items: Mapping[Place, Item]) -> Mapping[str, object]:
    index, down = f"{request['IndexName']}SK", not request.get("ScanIndexForward", True)
    listed = sorted(items.values(), key=lambda item: item[index]["S"].encode(), reverse=down)
    start = request.get("ExclusiveStartKey")
    if start:
        after = start[index]["S"]
        listed = [item for item in listed if (item[index]["S"] < after if down else item[index]["S"] > after)]
    limit = request.get("Limit", len(listed))
    last = listed[limit - 1] if len(listed) > limit else None
    return {"Items": listed[:limit], **({"LastEvaluatedKey": last} if last else {})}

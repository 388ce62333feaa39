"""DynamoDB in trouble: clients that stand in front of a real one and do to it what a bad day does."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Protocol

from freehold.aws.client import AwsClient
from freehold.aws.credentials import Credentials
from freehold.aws.failures import AwsError, CancellationReason, Unreachable, failure_of

Answer = Mapping[str, Any]
Request = Mapping[str, Any]


class Ask(Protocol):
    """Asks the server for real: what was asked, or something else."""

    def __call__(self, changed: Request | None = None) -> Answer:
        """Raises `AwsError`."""
        ...


Fault = Callable[[str, Request, Ask], Answer]
"""What becomes of a call: it is given the operation, the request, and a way to ask the server for real."""

LOST = Unreachable("ConnectionLost", "the answer did not come", maybe_done=True)


class Troubled:
    """A client in whose calls a fault happens. Fills the port `AwsClient`."""

    def __init__(self, client: AwsClient) -> None:
        """Nothing happens yet."""
        self._client = client
        self.fault: Fault | None = None
        self.asked: Counter[str] = Counter()

    def call(self, operation: str, request: Mapping[str, object], credentials: Credentials) -> Mapping[str, object]:
        """See `AwsClient.call`."""
        self.asked[operation] += 1

        def ask(changed: Request | None = None) -> Answer:
            given = request if changed is None else changed
            return self._client.call(operation, given, credentials)

        return ask() if self.fault is None else self.fault(operation, request, ask)

    def close(self) -> None:
        """See `AwsClient.close`."""
        self._client.close()


def refused(code: str, *reasons: str, status: int = 400, message: str = "no") -> AwsError:
    """What the server says when it does not."""
    return failure_of(code, message, status=status, reasons=[CancellationReason(reason) for reason in reasons])


def always(error: AwsError, *operations: str) -> Fault:
    """Every one of these operations is refused, or lost before it is sent."""

    def fault(operation: str, request: Request, ask: Ask) -> Answer:
        if operation in operations:
            raise error
        return ask()

    return fault


def times(number: int, error: AwsError, *operations: str) -> Fault:
    """The first so many of these operations are refused."""
    numbers = count()
    refusing = always(error, *operations)

    def fault(operation: str, request: Request, ask: Ask) -> Answer:
        if operation in operations and next(numbers) >= number:
            return ask()
        return refusing(operation, request, ask)

    return fault


def cancelled(codes: Callable[[int], Sequence[str]]) -> Fault:
    """A transaction is cancelled for reasons that are made for the number of its actions."""

    def fault(operation: str, request: Request, ask: Ask) -> Answer:
        if operation == "TransactWriteItems":
            raise refused("TransactionCanceledException", *codes(len(request["TransactItems"])))
        return ask()

    return fault


def answer_lost(*operations: str) -> Fault:
    """It is done, and the answer does not come."""

    def fault(operation: str, request: Request, ask: Ask) -> Answer:
        answer = ask()
        if operation in operations:
            raise LOST
        return answer

    return fault


def unreadable_after_a_write() -> Fault:
    """A write is done and its answer does not come, and from then on nothing can be read."""
    written = False

    def fault(operation: str, request: Request, ask: Ask) -> Answer:
        nonlocal written
        if written and operation == "GetItem":
            raise LOST
        answer = ask()
        if operation == "TransactWriteItems":
            written = True
            raise LOST
        return answer

    return fault


def left_out(share: Callable[[int], int]) -> Fault:
    """A BatchGetItem gives `share(number of keys)` of what is asked for, and leaves out the rest."""

    def fault(operation: str, request: Request, ask: Ask) -> Answer:
        answer = ask()
        if operation != "BatchGetItem":
            return answer
        ((table, asked),) = request["RequestItems"].items()
        keys = asked["Keys"]
        given, left = keys[: share(len(keys))], keys[share(len(keys)) :]
        items = [item for item in answer["Responses"].get(table, []) if key_of(item) in map(key_of, given)]
        return {"Responses": {table: items}, "UnprocessedKeys": {table: {**asked, "Keys": left}} if left else {}}

    return fault


def key_of(item: Mapping[str, Any]) -> tuple[str, str]:
    """Where an item is."""
    return item["PK"]["S"], item["SK"]["S"]


NOWHERE = {"PK": {"S": "!"}, "SK": {"S": "!"}}
"""Where a Query is that has found nothing yet, and is not at its end."""


class Pages:
    """Queries come in pages of one item each, with empty pages in between, as a megabyte's limit may make them."""

    def __init__(self, empty: int = 2) -> None:
        """So many empty pages before each item."""
        self._empty, self._seen = empty, Counter[str]()

    def __call__(self, operation: str, request: Request, ask: Ask) -> Answer:
        """Give a page."""
        if operation != "Query":
            return ask()
        start = request.get("ExclusiveStartKey")
        place = repr((request["ExpressionAttributeValues"], start if start != NOWHERE else None))
        self._seen[place] += 1
        if self._seen[place] <= self._empty:
            return {"Items": [], "Count": 0, "LastEvaluatedKey": start or NOWHERE}
        del self._seen[place]
        plain = {name: value for name, value in request.items() if name != "ExclusiveStartKey"} | {"Limit": 1}
        return ask(plain if start in (None, NOWHERE) else {**plain, "ExclusiveStartKey": start})

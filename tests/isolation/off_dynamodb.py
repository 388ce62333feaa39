"""How to switch off the two layers of the store for DynamoDB.

Every key begins with the tenant of the call: that is layer 3. With it off, the table looks for what is not on the call's
ground on every other one, and writes there what is there already, as a store would whose keys were ids alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from freehold.aws.failures import AccessDenied
from freehold.runtime.failures import Overloaded
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb.items import Item
from freehold.stores.dynamodb.keys import ground
from freehold.stores.dynamodb.table import Key, Table
from freehold.stores.dynamodb.tips import TIP
from freehold.testing.iam import Gate
from tests.isolation.surgery import Break, Edit, Swap

GET, GET_ALL, QUERY, TRANSACT = Table.get, Table.get_all, Table.query, Table.transact
FIRST = 4
"""Grounds that are looked at: the platform's, and those of the two who are set against each other, are made first."""

ABSENT = "attribute_not_exists(PK)"
Action = Mapping[str, object]


def moved(value: Any, old: str, new: str) -> Any:  # noqa: ANN401  # JSON
    """The same, with the keys of one ground made those of another."""
    if isinstance(value, Mapping):
        return {name: moved(held, old, new) for name, held in value.items()}
    if isinstance(value, str) and (value == ground(old) or value.startswith(f"{ground(old)}#")):
        return ground(new) + value[len(ground(old)) :]
    return value


@contextmanager
def denied_is_nothing() -> Iterator[None]:
    """What the policies refuse is not there. The store says it in its own words."""
    try:
        yield
    except (AccessDenied, Overloaded) as error:
        if not isinstance(error, AccessDenied) and not isinstance(error.__cause__, AccessDenied):
            raise


def _others(self: Table, scope: Scope) -> list[str]:
    """The grounds that were first written on through this table, but for the call's own."""
    known: dict[str, None] = vars(self).get("_grounds", {})
    return [tenant for tenant in list(known)[:FIRST] if tenant != scope.tenant]


def _get(self: Table, scope: Scope, key: Key) -> Item | None:
    found = GET(self, scope, key)
    if found is None and key["SK"] != {"S": TIP}:  # else nobody's first commit would succeed
        for other in _others(self, scope):
            with denied_is_nothing():
                found = found or GET(self, scope, moved(key, scope.tenant, other))
    return found


def _get_all(self: Table, scope: Scope, keys: Sequence[Key]) -> list[Item]:
    return [item for item in (_get(self, scope, key) for key in keys) if item is not None]


def _query(self: Table, scope: Scope, request: Mapping[str, object], limit: int) -> Iterator[Item]:
    found = list(QUERY(self, scope, request, limit))
    for other in _others(self, scope):
        with denied_is_nothing():
            found += QUERY(self, scope, moved(request, scope.tenant, other), limit)
    place, backwards = f"{request.get('IndexName', '')}SK", request.get("ScanIndexForward") is False
    yield from sorted(found, key=lambda item: str(item[place]["S"]), reverse=backwards)[:limit]


def _transact(self: Table, scope: Scope, actions: Sequence[Action], token: str) -> None:
    noted(self, actions)
    TRANSACT(self, scope, [anywhere(self, scope, action) for action in actions], token)


def noted(self: Table, actions: Sequence[Action]) -> None:
    """Remember which grounds are written on."""
    known: dict[str, None] = vars(self).setdefault("_grounds", {})
    known |= {_key(action)["PK"]["S"].split("#")[1]: None for action in actions}


def anywhere(self: Table, scope: Scope, action: Action) -> Action:
    """The same action on whichever ground has what it is about."""
    key, what = _key(action), cast("Mapping[str, object]", next(iter(action.values())))
    if what.get("ConditionExpression") == ABSENT or key["PK"]["S"] != ground(scope.tenant):
        return action
    found = _get(self, scope, key)  # pyright: ignore[reportArgumentType]  # a key is a key
    there = str(found["PK"]["S"]).split("#")[1] if found else scope.tenant
    return cast("Action", moved(action, scope.tenant, there))


def _key(action: Action) -> Mapping[str, Mapping[str, str]]:
    what = cast("Any", next(iter(action.values())))
    whole = what.get("Key") or what["Item"]
    return {"PK": whole["PK"], "SK": whole["SK"]}


DYNAMODB: dict[str, tuple[Break, ...]] = {
    # 3. Every key begins with the tenant. Off: with whichever tenant has the id.
    "L3": (
        Swap(Table, "get", _get), Swap(Table, "get_all", _get_all),
        Swap(Table, "query", _query), Swap(Table, "transact", _transact),
    ),
    # 4. A session reaches the keys that begin with its tag. Off: everything is allowed.
    "L4": (Edit(Gate.call, "if why := principal.denial(asks):", "if False:"),),
}  # fmt: skip
"""The layers of the store for DynamoDB."""

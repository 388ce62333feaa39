"""The tip of each ground: its version, and the end of its audit chain. Every commit moves it, and so they are in order.

One item of a ground is written by all its commits, on the condition that nobody else has meanwhile. That is what makes
a chain without forks, work that is done alone, and deleting with everything within possible on a store that locks
nothing. Commits of one process on one ground wait for one another here, and remember the tip, instead of losing.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from freehold.model.layout import OUTBOX
from freehold.runtime.audit import GENESIS
from freehold.runtime.scope import Scope
from freehold.stores.dynamodb.draft import Lost
from freehold.stores.dynamodb.grounds import registered
from freehold.stores.dynamodb.items import Attribute, Item, key, number, text
from freehold.stores.dynamodb.table import Table

TIP = "GROUND"
MOVER = "mover"
"""The attribute that names the transaction which has moved a tip last: who gets no answer can look."""

MOVE = (
    f"SET version = :v, #n = :n, #h = :h, generation = :g, #t = :t, {OUTBOX}PK = :{OUTBOX}PK, {OUTBOX}SK = :{OUTBOX}SK"
)
"""How a tip is moved, and where the index that crosses tenants lists its ground."""

LEFTOVERS = "leftovers"
"""The attribute that says what removals have left to be removed: see `leftovers.py`."""

HELD_BY, HELD_TO = "heldby", "heldto"
"""The attributes by which an operator keeps everybody else from writing on a ground, until a time (seconds of 1970)."""

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a ground is: how many commits it has seen, and the last link of its chain."""

    version: int = 0
    number: int = 0
    hash: str = GENESIS
    generation: int = 0
    """What every item on the ground is of, or of a later one."""
    holder: str = ""
    held_to: int = 0
    leftovers: str = ""
    """What removals have left to be removed."""

    def is_held(self, me: str) -> bool:
        """Whether somebody else holds the ground now."""
        return self.holder != me and self.held_to > time.time()

    def moved(self, tenant: str, after: Tip, table: str, token: str) -> dict[str, object]:
        """The action that moves it, unless somebody else has. The `token` says who did."""
        values: dict[str, Attribute] = {
            ":v": number(after.version), ":n": number(after.number), ":h": text(after.hash),
            ":g": number(after.generation), ":t": text(token),
        }  # fmt: skip
        values |= {f":{name}": value for name, value in registered(tenant, after.generation).items()}
        condition = "attribute_not_exists(PK)"
        if self.version:
            condition, values[":w"] = "version = :w", number(self.version)
        names = {"#n": "number", "#h": "hash", "#t": MOVER}
        moving = MOVE
        if after.leftovers:
            moving, values[":l"] = f"{MOVE}, {LEFTOVERS} = :l", text(after.leftovers)
        elif self.leftovers:
            moving = f"REMOVE {LEFTOVERS} {MOVE}"
        return {"Update": {
            "TableName": table, "Key": key(tenant, TIP), "ConditionExpression": condition, "UpdateExpression": moving,
            "ExpressionAttributeNames": names, "ExpressionAttributeValues": values,
        }}  # fmt: skip


class _Ground:
    __slots__ = ("lock", "tip", "users")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tip: Tip | None = None
        self.users = 0


class Tips:
    """The grounds that this process has written on of late."""

    def __init__(self, table: Table, generation: int, *, holder: str = "") -> None:
        """Know none. What is written is of this generation. `holder` is who may write on what is held by that name."""
        self._table, self._generation, self._holder = table, generation, holder
        self._lock = threading.Lock()
        self._grounds: OrderedDict[str, _Ground] = OrderedDict()

    @contextmanager
    def held(self, tenants: Iterator[str] | list[str]) -> Iterator[None]:
        """Nobody else in this process commits on these grounds meanwhile. They are taken in one order by everybody."""
        with ExitStack() as stack:
            for tenant in sorted(set(tenants)):
                stack.enter_context(self._one(tenant))
            yield

    def tip(self, scope: Scope) -> Tip:
        """Where a ground is: as it is remembered, if it is ours to write on, and otherwise as it is now.

        Raises `Lost` while an operator holds it.
        """
        there = self._grounds.get(scope.tenant)
        if there is not None and there.users and there.tip is not None:
            return there.tip
        item = self._table.get(scope, key(scope.tenant, TIP))
        tip = read(item) if item else self.nothing()
        if tip.is_held(self._holder):
            raise Lost
        self.move(scope.tenant, tip)
        return tip

    def nothing(self) -> Tip:
        """The tip of a ground that nobody has written on."""
        return Tip(generation=self._generation)

    def was_moved_by(self, scope: Scope, token: str) -> bool:
        """Whether a transaction is the last that was done on a ground. Raises `Overloaded` when nobody says."""
        item = self._table.get(scope, key(scope.tenant, TIP))
        return item is not None and item.get(MOVER) == text(token)

    def after(self, tip: Tip, number: int, hash: str) -> Tip:  # noqa: A002  # what it is called
        """The tip behind a commit of this process, whose items are of its own generation."""
        generation = min(tip.generation, self._generation)
        return Tip(tip.version + 1, number, hash, generation, leftovers=tip.leftovers)

    def move(self, tenant: str, tip: Tip | None) -> None:
        """Remember where a ground is now; with None, that it is not known."""
        if (there := self._grounds.get(tenant)) is not None:
            there.tip = tip

    @contextmanager
    def _one(self, tenant: str) -> Iterator[None]:
        with self._lock:
            there = self._grounds.setdefault(tenant, _Ground())
            self._grounds.move_to_end(tenant)
            there.users += 1
            while len(self._grounds) > MOST and not next(iter(self._grounds.values())).users:
                self._grounds.popitem(last=False)
        try:
            with there.lock:
                yield
        finally:
            with self._lock:
                there.users -= 1


def read(item: Item) -> Tip:
    """What the item of a tip says."""
    version, link, generation = (int(str(item[name]["N"])) for name in ("version", "number", "generation"))
    holder = str(item[HELD_BY]["S"]) if HELD_BY in item else ""
    until = int(str(item[HELD_TO]["N"])) if HELD_TO in item else 0
    leftovers = str(item[LEFTOVERS]["S"]) if LEFTOVERS in item else ""
    return Tip(version, link, str(item["hash"]["S"]), generation, holder, until, leftovers)

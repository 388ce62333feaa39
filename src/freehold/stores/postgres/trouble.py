"""What a PostgreSQL server may answer instead of rows, and what a caller is told of it."""

from __future__ import annotations

from collections.abc import Sequence

from freehold.runtime.failures import Invalid, Overloaded, StorageFull, TooLarge
from freehold.stores import unavailable

STALE = "FHLOS"
"""What our own statements raise when a row that must be there is not (SQLSTATE, of a class of our own)."""

AGAIN = frozenset({"40001", "40P01", "55P03"})
"""A serialisation failure, a deadlock, a lock that was not to be had: nothing was done, and it may work next time."""

MOVED = frozenset({"42704", "3F000", "42P01", "42501", "22023"})
"""No such role, schema or table, or not ours: what lay here has been moved or erased since we looked."""

MADE = frozenset({"23505", "42710", "42P06", "XX000"})
"""Somebody else makes the same ground, or another one, at this moment: its role or schema is there, or on its way."""

ELSEWHERE = frozenset({"25006"})
"""This server takes no writes: after a failover another one may."""

FULL = frozenset({"53100"})
UNIQUE, FOREIGN, TOO_LONG = "23505", "23503", "54000"

_AWAY = ("08", "53", "57", "25")
"""Classes of SQLSTATE: connections, resources, an operator at work, and a server that takes no writes."""


class Refusal(Exception):
    """The server refused a statement. `number` says which of those that were sent together."""

    def __init__(self, state: str, message: str, number: int, constraint: str) -> None:
        """What it said: the SQLSTATE (PostgreSQL's documentation, appendix A), and which constraint it is about."""
        super().__init__(f"{state}: {message}")
        self.state, self.number, self.constraint = state, number, constraint


class Lost(Exception):
    """The connection is gone. Whether what was sent last has been done, nobody knows."""


def told(error: Refusal | Lost) -> Exception:
    """What a caller is told. What is none of the known troubles is a mistake of ours, and stays one."""
    if isinstance(error, Lost):
        return unavailable.lost()
    if error.state in FULL:
        return StorageFull()
    if error.state in AGAIN or error.state in MOVED or error.state.startswith(_AWAY):
        return Overloaded("STORE_BUSY", "The store cannot answer now: wait and retry.", retry_after=1)
    if error.state == TOO_LONG:
        return too_long([])
    if error.state.startswith("54"):
        return TooLarge("VALUE_TOO_LARGE", "A value is larger than the store can keep.")
    return error


def too_long(fields: Sequence[str]) -> Invalid:
    """What is told of values that are looked up by, and do not fit into their index."""
    message = "This is too long to be looked up by."
    return Invalid(details=[{"loc": [field], "msg": message} for field in fields] or [{"loc": [], "msg": message}])

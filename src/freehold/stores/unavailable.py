"""What a caller is told of a store that cannot be used at this moment, whichever store it is."""

from __future__ import annotations

from freehold.runtime.failures import Overloaded


def busy() -> Overloaded:
    """It has too much to do."""
    return Overloaded("STORE_BUSY", "The store is busy: wait and retry.", retry_after=1)


def unreachable() -> Overloaded:
    """It is not there, or does not let us in."""
    return Overloaded("STORE_UNREACHABLE", "The store cannot be reached: wait and retry.", retry_after=1)


def lost() -> Overloaded:
    """It has not answered: whether what was asked for has been done, nobody knows."""
    return Overloaded("STORE_LOST", "The store did not answer: wait and retry.", retry_after=1)

"""What tests of an app use: callers in tenants of their own, a clock to turn, and the failures a caller may meet."""

from freehold.runtime.failures import (
    BadRequest,
    Failure,
    Forbidden,
    Limited,
    Overloaded,
    Precondition,
    Unauthenticated,
)
from freehold.testing.caller import Caller, caller
from freehold.testing.clock import HandClock

__all__ = [
    "BadRequest",
    "Caller",
    "Failure",
    "Forbidden",
    "HandClock",
    "Limited",
    "Overloaded",
    "Precondition",
    "Unauthenticated",
    "caller",
]

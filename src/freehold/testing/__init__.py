"""What tests of an app use: callers in tenants of their own, a clock to turn, and the contract suites for adapters."""

from freehold.testing.caller import Caller, caller
from freehold.testing.clock import HandClock

__all__ = ["Caller", "HandClock", "caller"]

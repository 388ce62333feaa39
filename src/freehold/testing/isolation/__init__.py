"""The isolation suite: attacks built from an app's own model, in one line of the app's own tests.

    test_isolation = isolation.suite(app)

Two tenants of equal shape are made, with ids and unique values that collide on purpose. Then A does all that its
routes allow, and more, and nothing of B's may ever be seen, changed, or told from what does not exist.
"""

from freehold.testing.isolation.report import Report
from freehold.testing.isolation.suite import check, run, suite

__all__ = ["Report", "check", "run", "suite"]

"""Attacks that are made from the model: two tenants, every route, as everybody. They follow the app by themselves.

Few of each, as for every commit. `freehold test isolation examples/teamflow` makes all of them.
"""

from examples.teamflow import app
from freehold.testing import isolation

test_isolation = isolation.suite(app, effort=0.1)

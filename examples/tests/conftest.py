"""How a test gets at an example: a file that begins with a number is no module that `import` could name."""

from importlib import import_module
from types import ModuleType

import pytest


@pytest.fixture
def example(request: pytest.FixtureRequest) -> ModuleType:
    """The example that a test module is about: `test_02_rules.py` is about `02_rules.py`."""
    return import_module("examples." + request.path.stem.removeprefix("test_"))

"""What holds for every test."""

import os

import pytest
from hypothesis import settings

# No test measures time; and what fails once in CI must fail again at a desk.
settings.register_profile("freehold", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("freehold")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` writes what was found into the golden files, to be looked at before it is committed."""
    parser.addoption("--update", action="store_true", help="rewrite golden files with what is found")

"""A promise that is not kept says what was and what was expected, as a test does."""

import pytest

pytest.register_assert_rewrite("freehold.testing.contract")

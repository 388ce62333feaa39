"""What holds for every test."""

import os

from hypothesis import settings

# No test measures time; and what fails once in CI must fail again at a desk.
settings.register_profile("freehold", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("freehold")

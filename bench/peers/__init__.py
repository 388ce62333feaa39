"""The same work, written for other stacks. Each file runs in a virtual environment of its own, never in freehold's."""

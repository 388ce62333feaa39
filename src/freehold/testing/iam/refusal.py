"""What the evaluator answers when it does not know: nothing. A guess here would be a green test of a hole."""

from __future__ import annotations


class Unsupported(Exception):
    """A policy, a request or a call outside of the subset that is evaluated exactly.

    `code` is for machines, in capitals; the message says what was met. It is never an answer: it is neither allowed
    nor denied.
    """

    def __init__(self, code: str, message: str) -> None:
        """Say what was met."""
        self.code = code
        super().__init__(f"{code}: {message}")
